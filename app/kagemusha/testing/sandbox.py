"""A sandbox as tests steer it: its clock, faults, journal and snapshots by the control API, its clients by the others.

The calls of the control API are short and local, and block: tests that are coroutines may make them as they are.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from kagemusha.testing.server import ServerProblem

if TYPE_CHECKING:
    import boto3
    import httpx

DEFAULTS = {"seed": 0, "clock": "manual", "now": "2030-01-01T00:00:00Z"}
"""What a sandbox is made with unless told otherwise: its ids and timestamps are the same every run."""
_ACCEPT = "application/vnd.heroku+json; version=3"
_PATIENCE = 60.0
"""Seconds to wait for an answer: a large world takes its time to advance."""
_KEPT = 2.0
"""Seconds that an idle connection is kept: the server ends one after 5, which must not meet a request on its way."""
_PAGE = 1_000


class Refused(Exception):
    """The control API refused a call; ``str()`` of it is the call and the server's sentence."""

    def __init__(self, call: str, status: int, id_: str, message: str) -> None:
        """`call` is the method and path, the rest is the answer's."""
        super().__init__(f"{call}: {status} {id_}: {message}")
        self.status = status
        self.id = id_
        self.message = message


class Fault:
    """A fault of a sandbox."""

    def __init__(self, sandbox: "Sandbox", document: Mapping[str, Any]) -> None:
        """`document` is the fault as the server shows it."""
        self._sandbox = sandbox
        self.id = document["id"]
        """By which the server knows it."""

    def __repr__(self) -> str:
        """Its id."""
        return f"<Fault {self.id}>"

    @property
    def hits(self) -> int:
        """How often it has struck by now."""
        hits: int = self._shown["hits"]
        return hits

    @property
    def remaining(self) -> int | None:
        """How often it will still strike; None if there is no end to it."""
        remaining: int | None = self._shown["remaining"]
        return remaining

    def remove(self) -> None:
        """Take it away: what it held goes on, with what was left of its delay."""
        self._sandbox.sim("DELETE", f"/faults/{self.id}")

    @property
    def _shown(self) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = self._sandbox.sim("GET", "/faults")
        for each in found:
            if each["id"] == self.id:
                return each
        message = (
            f"Sandbox {self._sandbox.name} has no fault {self.id} any more: it was removed, or the world restored."
        )
        raise LookupError(message)


class Sandbox:
    """A world of its own on a server, with its clients.

    ``with Sandbox.create(url) as sandbox`` makes one, and takes it away afterwards. A call that the server refuses
    raises Refused; what httpx raises when no server answers is passed on. Moments are strings, RFC 3339 in UTC.
    """

    def __init__(self, url: str, document: Mapping[str, Any]) -> None:
        """The sandbox that the server at `url` shows as `document`."""
        self.url = url
        """The server's address."""
        self.name: str = document["name"]
        self.seed: int = document["seed"]
        self.env: dict[str, str] = document["env"]
        """The environment that points a process at it: ``HEROKU_HOST``, ``AWS_ENDPOINT_URL`` and so on."""
        self.faults: list[Fault] = []
        """Those made by `fault` or by markers, oldest first."""
        import httpx

        headers = {"Accept": _ACCEPT, "Authorization": f"Bearer {self.env['HEROKU_API_KEY']}"}
        self.heroku = _client(url, headers)
        """A client of both Heroku APIs that sends the key and the Accept header: ``heroku.get("/apps").json()``."""
        self.aheroku = httpx.AsyncClient(
            **_local(url), headers=headers, limits=httpx.Limits(max_keepalive_connections=0)
        )
        """`heroku` for coroutines. It keeps no connections: it works in any event loop, and need not be closed."""
        self._control = _control(url)

    @classmethod
    def create(cls, url: str, **asked: Any) -> Self:
        """A new sandbox on the server at `url`: DEFAULTS, unless it or its scenario is `asked` to be otherwise.

        `asked` are the fields of ``POST /_sim/sandboxes``: seed, pace, clock, now, delays, scenario, name,
        aws_account_id, aws_principal. Without a name it gets one that no other has.
        """
        scenario = asked.get("scenario")
        begins = scenario if isinstance(scenario, Mapping) else {}
        body = DEFAULTS | {name: told for name, told in begins.items() if name in DEFAULTS} | asked
        with _control(url) as control:
            return cls(url, _asked(control, "POST", "/_sim/sandboxes", body))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self.delete()

    def delete(self) -> None:
        """Take it away, with all that is in it, and close its clients."""
        try:
            self.sim("DELETE", "")
        finally:
            self._control.close()
            self.heroku.close()

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """What the control API answers about this sandbox, None if without a body.

        `path` is what follows its name: ``sim("POST", "/endpoints/vpce-…/reject")``.
        """
        return _asked(self._control, method, f"/_sim/sandboxes/{self.name}{path}", body)

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock by so many seconds of the sandbox's time; everything due has happened when it returns.

        Answers ``{"now": …, "fired": N, "transitions": [the first 100, as the journal has them]}``. It does where a
        program is given a function to sleep with.
        """
        return self._moved({"seconds": seconds})

    def until_idle(self) -> dict[str, Any]:
        """Move the clock until nothing is due that isn't held, and answer as `advance` does.

        Refused (409) with what is pending after 100,000 transitions or ten years; what has happened by then stays.
        """
        return self._moved({"until": "idle"})

    def clock(self) -> dict[str, Any]:
        """``{"mode": "manual" | "auto", "now": …, "pace": 1.0, "next_due_at": … | None}``."""
        shown: dict[str, Any] = self.sim("GET", "/clock")
        return shown

    def pending(self) -> list[dict[str, Any]]:
        """What will happen, soonest first, up to 1,000 of them.

        Each is ``{"due_at": …, "machine": …, "resource": …, "name": …, "from": …, "to": …, "held": False}``.
        """
        found: list[dict[str, Any]] = self.sim("GET", f"/pending?limit={_PAGE}")["pending"]
        return found

    def fault(
        self, *, operation: str | None = None, stage: str | None = None, effect: Mapping[str, Any],
        match: Mapping[str, str] | None = None, times: int | None = None, probability: float | None = None,
    ) -> Fault:  # fmt: skip
        """Let something go wrong from now on: the next `times` times, or always.

        With an `operation` such as ``privatelink.create``, ``ec2.CreateVpcEndpoint`` or ``*`` requests meet the
        `effect`: ``{"status": 503, "body"?, "headers"?}``, ``{"latency": 2.5}`` (seconds), ``{"disconnect": True}``
        (not carried out) or ``"after"`` (carried out), ``{"rate_limit": True}``. With a `stage` such as
        ``privatelink.provisioning`` things that are in it, or will be, do: ``{"hold": True}``, ``{"slow": 10}`` (times)
        or ``{"fail": True}``. `match` narrows it down, as ``{"addon": "redis-…"}``; `probability` is from 0 to 1.
        """
        asked = {"operation": operation, "stage": stage, "effect": dict(effect), "match": match, "times": times,
                 "probability": probability}  # fmt: skip
        body = {name: value for name, value in asked.items() if value is not None}
        made = Fault(self, self.sim("POST", "/faults", body))
        self.faults.append(made)
        return made

    def journal(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What has happened, in order, of one kind (``transition``, ``request``, ``connection``, ``fault``) or of all.

        A transition is ``{"seq": N, "kind": "transition", "sandbox": …, "at": …, "machine": …, "resource": …,
        "name": …, "from": … | None, "to": … | None}``.
        """
        narrowed = f"&kind={kind}" if kind else ""
        entries: list[dict[str, Any]] = []
        after = 0
        while True:
            page = self.sim("GET", f"/journal?after={after}&limit={_PAGE}{narrowed}")
            entries += page["entries"]
            if len(page["entries"]) < _PAGE:
                return entries
            after = page["next_after"]

    def snapshot(self) -> dict[str, Any]:
        """The whole world as one document, for `restore`: of this sandbox or of any other."""
        document: dict[str, Any] = self.sim("GET", "/snapshot")
        return document

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Make the world what it was when `snapshot` was taken, its clock included; name, keys and account stay."""
        self.sim("PUT", "/snapshot", dict(snapshot))

    def boto3_session(self) -> "boto3.Session":
        """A boto3 session whose clients talk to this sandbox, whatever the environment and ``~/.aws`` say.

        Raises ModuleNotFoundError where boto3 is not installed.
        """
        from kagemusha.testing import aws

        return aws.session(self.env)

    def _moved(self, how: Mapping[str, Any]) -> dict[str, Any]:
        moved: dict[str, Any] = self.sim("POST", "/clock/advance", how)
        return moved


def check(url: str) -> str:
    """The same address, of a server that answers there. Raises ServerProblem, or Refused if it wants another token."""
    import httpx

    if not url.startswith("http://"):
        message = f"--kagemusha-url must be an address such as http://127.0.0.1:8765, without TLS, not {url}."
        raise ServerProblem(message)
    try:
        with _control(url) as control:
            shown = _asked(control, "GET", "/_sim/health")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError):
        shown = None  # nobody, or somebody who has other documents
    if not isinstance(shown, dict) or "version" not in shown:
        message = f'No kagemusha answers at {url}: start one with "kagemusha serve", or leave --kagemusha-url out.'
        raise ServerProblem(message)
    return url.rstrip("/")


def _local(url: str) -> dict[str, Any]:
    """How clients of a server without TLS are made: no proxy is asked, and no certificates are read."""
    import ssl

    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {"base_url": url, "trust_env": False, "timeout": _PATIENCE, "verify": nobody}


def _client(url: str, headers: Mapping[str, str]) -> "httpx.Client":
    import httpx

    return httpx.Client(**_local(url), headers=headers, limits=httpx.Limits(keepalive_expiry=_KEPT))


def _control(url: str) -> "httpx.Client":
    token = os.environ.get("KAGEMUSHA_ADMIN_TOKEN")
    return _client(url, {"Authorization": f"Bearer {token}"} if token else {})


def _asked(control: "httpx.Client", method: str, path: str, body: object = None) -> Any:
    """The document that the control API answers, None for none. Raises Refused, and ValueError for what is no JSON."""
    answer = control.request(method, path, json=body)
    document: Any = answer.json() if answer.content else None
    if answer.is_error:
        raise Refused(f"{method} {path}", answer.status_code, document["id"], document["message"])
    return document
