"""The certificate authority that `serve --tls` has of its own, and the server's certificates.

Kept in one folder: ``authority.pem`` (its key and certificate) and ``HOST.pem`` (a server's) are for their owner alone,
``ca.pem`` (the authority's certificate) is what clients are given. A file is there wholly or not at all.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from kagemusha.clock import system_now, to_datetime
from kagemusha.problems import StartProblem

if TYPE_CHECKING:
    from trustme import CA

LASTS = timedelta(days=800)
"""How long a server's certificate is good: clients refuse what claims more than 825 days (Apple's bound)."""
RENEWED = timedelta(days=400)
"""A certificate that is good for less is made anew when a server starts, and servers may run for long."""
_ALWAYS = ("localhost", "127.0.0.1", "::1")
_OWNER, _ALL = 0o600, 0o644


class CertificateProblem(StartProblem):
    """There can be no certificate; the message is one line and says what to do."""


def authority_file(folder: Path) -> Path:
    """What clients trust: the authority's certificate."""
    return folder / "ca.pem"


def server_file(folder: Path, host: str) -> Path:
    """The certificate, and its key, of a server that listens on `host`."""
    return folder / f"{'localhost' if host in _ALWAYS else host}.pem"


def ensure(folder: Path, host: str) -> None:
    """See that there is an authority and a certificate for `host`. Raises CertificateProblem.

    The authority stays what it is for ever; the certificate is renewed when it must be.
    """
    try:
        with _explained(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            authority = _authority(folder)
            leaf = server_file(folder, host)
            if not _is_good(leaf, authority):
                _write(leaf, _issued(authority, host), _OWNER)
    except ModuleNotFoundError:
        message = "--tls needs what makes certificates: pip install 'kagemusha[tls]'."
        raise CertificateProblem(message) from None


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"Can't keep certificates in {folder} ({error.strerror}): see that it is a folder you may write."
        raise CertificateProblem(message) from None


def _authority(folder: Path) -> "CA":
    from trustme import CA

    kept = folder / "authority.pem"
    if not kept.exists():
        made = CA(organization_name="kagemusha", organization_unit_name="Certificates of simulated services")
        _write(kept, made.private_key_pem.bytes() + made.cert_pem.bytes(), _OWNER, replace=False)
    pem = kept.read_bytes()
    try:
        found = CA.from_pem(pem, pem)
    except ValueError:
        message = f"{kept} is no certificate authority: move it away, and another is made."
        raise CertificateProblem(message) from None
    told = authority_file(folder)
    if not told.exists() or told.read_bytes() != found.cert_pem.bytes():
        _write(told, found.cert_pem.bytes(), _ALL)
    return found


def _is_good(leaf: Path, authority: "CA") -> bool:
    """Whether the certificate at `leaf` is the authority's, and will be good for long."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509 import load_pem_x509_certificate

    if not leaf.exists():
        return False
    try:
        found = load_pem_x509_certificate(leaf.read_bytes())
        found.verify_directly_issued_by(load_pem_x509_certificate(authority.cert_pem.bytes()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return found.not_valid_after_utc - to_datetime(system_now()) > RENEWED


def _issued(authority: "CA", host: str) -> bytes:
    now = to_datetime(system_now())
    names = dict.fromkeys((*_ALWAYS, *([] if _is_everywhere(host) else [host])))
    try:
        # A day earlier, for clocks that are late.
        made = authority.issue_cert(
            *names, organization_name="kagemusha", not_before=now - timedelta(days=1), not_after=now + LASTS
        )
    except ValueError:
        message = f"No certificate can name --host {host}: use a host name, or an address in full."
        raise CertificateProblem(message) from None
    return made.private_key_and_cert_chain_pem.bytes()


def _is_everywhere(host: str) -> bool:
    """Whether `host` stands for all addresses of the machine, and is none."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _write(path: Path, content: bytes, mode: int, *, replace: bool = True) -> None:
    """Write a file at once; without `replace` one that another process made meanwhile stays."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.touch(mode)
    temporary.write_bytes(content)
    if replace:
        temporary.replace(path)
        return
    with suppress(FileExistsError):
        path.hardlink_to(temporary)
    temporary.unlink()
