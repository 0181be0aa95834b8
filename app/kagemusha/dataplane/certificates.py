"""The certificate authority of a world, and the certificates of its doors."""

import ssl
from collections.abc import Sequence
from datetime import timedelta

from trustme import CA

from kagemusha.clock import system_now, to_datetime

LASTS = timedelta(days=800)
"""How long a door's certificate is good; it is made anew by every run."""


def make_authority(sandbox: str) -> str:
    """A new authority: its key and its certificate, in PEM."""
    made = CA(organization_name="kagemusha", organization_unit_name=f"Data stores of sandbox {sandbox}"[:64])
    return (made.private_key_pem.bytes() + made.cert_pem.bytes()).decode()


def certificate(authority: str) -> str:
    """What clients trust: the authority's certificate alone, in PEM."""
    pem = authority.encode()
    return CA.from_pem(pem, pem).cert_pem.bytes().decode()


def context(authority: str, names: Sequence[str], protocols: Sequence[str]) -> ssl.SSLContext:
    """What a door with these DNS names and addresses speaks TLS with; `protocols` are TLS's names of what is in it."""
    pem = authority.encode()
    now = to_datetime(system_now())
    made = CA.from_pem(pem, pem).issue_cert(
        # A day earlier, for clocks that are late.
        *names, organization_name="kagemusha", not_before=now - timedelta(days=1), not_after=now + LASTS,
    )  # fmt: skip
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    made.configure_cert(found)
    if protocols:
        found.set_alpn_protocols(protocols)
    return found
