"""Clients that write while servers die. Each knows what it was answered, and takes nothing else for an answer."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from driver import ACCEPT
from gate import Gate
from ledger import Fate, Ledger, Link, Setting

PATIENCE = 60.0
"""Seconds that an answer may take, and that a server may be away."""
_LOOK_AGAIN = 0.02
"""Seconds after which a client that met nobody tries again."""
_KEPT = 2.0
"""Seconds after which an unused connection may be the server's to close."""
KEEPER = "arn:aws:iam::123456789101:user/abc.xyz"
"""Allowed by every link, for as long as it is there: the principal of all endpoints."""
OTHERS = tuple(f"arn:aws:iam::210987654321:role/r{number}" for number in range(3))
"""Allowed now and then."""
_NOTHING = "nothing was changed"
"""What a 503 says that lets its client be sure."""
_MAY_BE = "may have been done"
"""What a 503 says that doesn't."""


@dataclass
class Load:
    """What the writers to a server have in common, and the test that kills it."""

    port: int
    sandbox: str
    key: str
    gate: Gate = field(default_factory=Gate)
    changed: threading.Condition = field(default_factory=threading.Condition)
    outages: int = 0
    is_up: bool = True
    is_over: bool = False
    met: Counter[str] = field(default_factory=Counter)
    """How often anything was "asked" and "answered" with success, and each kind of answer, or of none."""
    late: int = 0
    """Refusals since the last outage was over."""

    def note(self, *what: str) -> None:
        """Count what was met."""
        with self.changed:
            self.met.update(what)
            self.changed.notify_all()

    def away(self) -> None:
        """The server, or its database, is going to be killed."""
        with self.changed:
            self.is_up = False
            self.outages += 1

    def back(self) -> None:
        """Both answer again."""
        with self.changed:
            self.is_up = True
            self.late = 0
            self.changed.notify_all()

    def end(self) -> None:
        """Nobody is to go on."""
        with self.changed:
            self.is_over = True
            self.changed.notify_all()


Exchange = tuple[int, str | None, bytes] | ConnectionError | HTTPException
"""The status, content type and body of an answer; or why there was none."""


@dataclass(frozen=True)
class Answer:
    """What came of a request: a fate, and the body of a success."""

    fate: Fate
    told: Any = None


class Writer:
    """One connection, kept alive, and the add-ons whose links nobody else touches."""

    def __init__(self, load: Load, number: int, addons: list[tuple[str, str]], seed: int) -> None:
        """`addons` are names, with their apps'."""
        self.load = load
        self.number = number
        self.app_of = dict(addons)
        self.unborn = [addon for addon, _ in addons]
        self.ledger = Ledger()
        self.chance = random.Random(seed)
        self.ready: dict[str, str] = {}
        """The service of each link through which the keeper may connect."""
        self._writes = 0
        self._failures = 0
        self._connection = HTTPConnection("127.0.0.1", load.port, timeout=PATIENCE)
        self._used = 0.0

    def run(self) -> None:
        """Write until it is over."""
        try:
            while not self.load.is_over:
                with self.load.gate.passing():
                    met = self._act()
                if met is not Fate.DONE:
                    self._wait()
        finally:
            self._connection.close()
            self.load.end()

    def reconsider(self) -> None:
        """Take up again the links that were found not to have been made."""
        of_none = [thing[1] for thing in self._sure("link", Link.ABSENT)]
        self.unborn += [addon for addon in of_none if addon not in self.unborn]

    def _wait(self) -> None:
        load = self.load
        with load.changed:
            load.changed.wait_for(lambda: load.is_up or load.is_over, _LOOK_AGAIN)
        self._failures += 1
        assert self._failures < PATIENCE / _LOOK_AGAIN, "nobody answers"

    def _act(self) -> Fate:
        actions: list[tuple[Callable[[], Fate | None], int]] = [
            (self._create, 30), (self._look, 20), (self._connect, 15), (self._allow, 10), (self._disallow, 6),
            (self._disconnect, 3), (self._destroy, 2), (self._set, 14),
        ]  # fmt: skip
        (act,) = self.chance.choices([each for each, _ in actions], [weight for _, weight in actions])
        fate = act()
        # What there is nothing for is left, and something else is done.
        return self._set() if fate is None else fate

    def _create(self) -> Fate | None:
        if not self.unborn:
            return None
        addon = self.unborn.pop()
        answer = self._link("POST", addon, 201, {"allowed_accounts": [KEEPER]})
        self.ledger.note(("link", addon), Link.ALIVE, answer.fate)
        self.ledger.note(("account", addon, KEEPER), True, answer.fate)
        if answer.fate is Fate.NONE:
            self.unborn.append(addon)
        return self._seen(addon, answer)

    def _look(self) -> Fate | None:
        addon = self._one([thing[1] for thing in self._sure("link", Link.ALIVE)])
        return None if addon is None else self._seen(addon, self._link("GET", addon, 200))

    def _connect(self) -> Fate | None:
        addon = self._one([addon for addon in self.ready if self.ledger.is_sure(("link", addon), Link.ALIVE)])
        if addon is None:
            return None
        asked = {"service_name": self.ready[addon], "principal_arn": KEEPER}
        answer = self._ask("POST", self._endpoints, 201, asked)
        self.ledger.made(addon, answer.told and answer.told["endpoint_id"], answer.fate)
        return answer.fate

    def _disconnect(self) -> Fate | None:
        alive = [thing[1] for thing in self._sure("endpoint", True)]
        endpoint_id = self._one(
            [each for each in alive if self.ledger.is_sure(("link", self.ledger.addon_of[each]), Link.ALIVE)]
        )
        if endpoint_id is None:
            return None
        answer = self._ask("DELETE", f"{self._endpoints}/{endpoint_id}", 202)
        self.ledger.note(("endpoint", endpoint_id), False, answer.fate)
        return answer.fate

    def _allow(self) -> Fate | None:
        return self._change_accounts("PUT", True)

    def _disallow(self) -> Fate | None:
        return self._change_accounts("PATCH", False)

    def _change_accounts(self, method: str, allowed: bool) -> Fate | None:
        if allowed:
            addon = self._one([thing[1] for thing in self._sure("link", Link.ALIVE)])
        else:
            there = [thing for thing in self._sure("account", True) if thing[2] in OTHERS]
            addon = self._one([thing[1] for thing in there if self.ledger.is_sure(("link", thing[1]), Link.ALIVE)])
        if addon is None:
            return None
        arn = self.chance.choice(OTHERS)
        answer = self._link(method, f"{addon}/allowed_accounts", 202, {"allowed_accounts": [arn]})
        self.ledger.note(("account", addon, arn), allowed, answer.fate)
        return self._seen(addon, answer)

    def _destroy(self) -> Fate | None:
        addon = self._one([thing[1] for thing in self._sure("link", Link.ALIVE)])
        if addon is None:
            return None
        answer = self._link("DELETE", addon, 202)
        self.ledger.note(("link", addon), Link.LEAVING, answer.fate)
        return self._seen(addon, answer)

    def _set(self) -> Fate:
        self._writes += 1
        app = self.chance.choice(sorted(set(self.app_of.values())))
        name, value = f"C{self.number}_{self.chance.randrange(4)}", f"{self.number}-{self._writes}"
        answer = self._ask("PATCH", f"/apps/{app}/config-vars", 200, {name: value})
        self.ledger.put(Setting(app, name, value, answer.fate))
        assert answer.told is None or answer.told[name] == value, answer.told
        return answer.fate

    def _seen(self, addon: str, answer: Answer) -> Fate:
        """Every answer about a link shows what was answered before."""
        link = answer.told
        if link is not None:
            going = {Link.LEAVING} if link["status"].startswith("Depro") else {Link.ALIVE}
            assert self.ledger.possible(("link", addon)) == going, link
            allowed = {each["arn"]: each["status"] for each in link["allowed_accounts"]}
            for arn in (KEEPER, *OTHERS):
                assert (arn in allowed) in self.ledger.possible(("account", addon, arn)), link
            if link["status"] == "Operational" and allowed[KEEPER] == "Active":
                self.ready[addon] = link["service_name"]
        return answer.fate

    def _sure(self, kind: str, value: object) -> list[tuple[str, ...]]:
        return [thing for thing, may_be in self.ledger.may_be.items() if thing[0] == kind and may_be == {value}]

    def _one(self, of: list[str]) -> str | None:
        return self.chance.choice(of) if of else None

    @property
    def _endpoints(self) -> str:
        return f"/_sim/sandboxes/{self.load.sandbox}/endpoints"

    def _link(self, method: str, path: str, wanted: int, body: object = None) -> Answer:
        return self._ask(method, f"/private-link/v0/databases/{path}", wanted, body)

    def _ask(self, method: str, path: str, wanted: int, body: object = None) -> Answer:
        """A request that must be answered with `wanted`, or not at all, or with a 503 in Heroku's shape.

        It may have no answer, or that one, only if the server, or its database, was away meanwhile.
        """
        load = self.load
        was_up, outages = load.is_up, load.outages
        if time.monotonic() - self._used > _KEPT:
            self._connection.close()
        load.note("asked")
        answer = self._exchange(method, path, body)
        if isinstance(answer, Exception):
            self._connection.close()
            load.note(type(answer).__name__)
            assert load.outages > outages or not was_up, f"{method} {path}: {answer!r} of a server that was not killed"
            return Answer(Fate.NONE if isinstance(answer, ConnectionRefusedError) else Fate.UNKNOWN)
        self._used = time.monotonic()
        status, kind, content = answer
        load.note(str(status), *(["answered"] if status == wanted else []))
        assert kind == "application/json", (method, path, status, content)
        told = json.loads(content)
        if status == 503:
            load.late += was_up and load.outages == outages
            assert set(told) == {"id", "message"}, content
            assert told["id"] == "service_unavailable", content
            assert (_NOTHING in told["message"]) != (_MAY_BE in told["message"]), content
            return Answer(Fate.NONE if _NOTHING in told["message"] else Fate.UNKNOWN)
        assert status == wanted, (method, path, body, status, content)
        self._failures = 0
        return Answer(Fate.DONE, told)

    def _exchange(self, method: str, path: str, body: object) -> Exchange:
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {self.load.key}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer: HTTPResponse = self._connection.getresponse()
            return answer.status, answer.getheader("content-type"), answer.read()
        except (ConnectionError, HTTPException) as error:
            return error
