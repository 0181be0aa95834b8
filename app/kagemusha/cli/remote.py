"""A server, talked to over HTTP."""

import os
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from kagemusha.cli.talk import fail

PATIENCE = 300.0
"""Seconds to wait for an answer: a large world takes its time to advance."""


class Remote:
    """The server at `url`. Whatever it refuses ends the command with the server's own sentence."""

    def __init__(self, url: str) -> None:
        """Opens no connection yet."""
        import httpx

        self.url = url.rstrip("/")
        self.admin_token = os.environ.get("KAGEMUSHA_ADMIN_TOKEN")
        self.authority = _authority() if self.url.lower().startswith("https:") else None
        self._client = httpx.Client(
            timeout=httpx.Timeout(PATIENCE, connect=5.0), trust_env=False, verify=_trust(self.authority)
        )

    def __enter__(self) -> Self:
        """Connections are kept until the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        self._client.close()

    def sim(
        self, method: str, *path: str, body: object = None, query: Mapping[str, Any] | None = None,
        has: Collection[str] = (),
    ) -> Any:  # fmt: skip
        """What the control API answers at `/_sim/…`; `path` is percent-encoded here.

        `has` are keys that the answer, or each part of a list, must hold to be kagemusha's.
        """
        headers = {b"Authorization": f"Bearer {self.admin_token}".encode()} if self.admin_token else {}
        place = "/".join(("/_sim", *(quote(part, safe="") for part in path)))
        return self._send(method, f"{place}?{urlencode(query)}" if query else place, headers, body, has)

    def heroku(self, key: str, method: str, path: str, body: object = None) -> Any:
        """What the Heroku APIs answer to the holder of `key`."""
        headers = {b"Authorization": f"Bearer {key}".encode(), b"Accept": b"application/vnd.heroku+json; version=3"}
        return self._send(method, path, headers, body)

    @property
    def _nobody(self) -> str:
        return f'No kagemusha answers at {self.url}: start one with "kagemusha serve", or name another with --url.'

    def _send(
        self, method: str, path: str, headers: dict[bytes, bytes], body: object, has: Collection[str] = ()
    ) -> Any:
        import httpx

        try:
            answer = self._client.request(method, self.url + path, json=body, headers=headers)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            fail("--url must be an address such as http://127.0.0.1:8765.")
        except httpx.ReadTimeout:
            fail(f"{self.url} has not answered for {PATIENCE:.0f} s: look at what it is doing, then try again.")
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                fail(f"Nobody that is trusted vouches for {self.url}: set KAGEMUSHA_CA to the server's ca.pem.")
            fail(self._nobody)
        except httpx.HTTPError:
            fail(self._nobody)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return None
        document = _document(answer.content)
        if answer.is_error and isinstance(document, dict) and {"id", "message"} <= document.keys():
            fail(str(document["message"]))
        if not answer.is_success or not _all_have(document, has):
            fail(f"What answers at {self.url} is not kagemusha ({method} {path}: {answer.status_code}): name another "
                 "address with --url.")  # fmt: skip
        return document


def ask(url: str, method: str, *path: str, body: object = None, has: Collection[str] = ()) -> Any:
    """One question to the control API of the server at `url`."""
    with Remote(url) as remote:
        return remote.sim(method, *path, body=body, has=has)


def _authority() -> Path | None:
    """The certificate of the authority to trust: told, or that of the server that keeps its world in this place."""
    from platformdirs import user_data_path

    from kagemusha.certificates import authority_file

    told = os.environ.get("KAGEMUSHA_CA")
    found = Path(told) if told else authority_file(user_data_path("kagemusha") / "tls")
    return found if told or found.exists() else None


def _trust(authority: Path | None) -> ssl.SSLContext | bool:
    """The trust in `authority` beside all others. A server behind somebody else's certificate works, too."""
    import httpx

    if authority is None:
        return True
    trust = httpx.create_ssl_context(trust_env=False)
    try:
        trust.load_verify_locations(authority)
    except OSError as error:
        fail(f"KAGEMUSHA_CA={authority} can't be read ({error.strerror or error}): set it to the server's ca.pem.")
    return trust


def _document(content: bytes) -> Any:
    import json

    try:
        return json.loads(content)
    except ValueError:
        return None


def _all_have(document: object, keys: Collection[str]) -> bool:
    if document is None:
        return False
    parts = document if isinstance(document, list) else [document]
    return all(isinstance(part, dict) and set(keys) <= part.keys() for part in parts)
