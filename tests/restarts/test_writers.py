"""Writers take nothing for an answer but a success, a 503 that can be relied on, and the silence of who was killed."""

import json
from http.client import IncompleteRead, RemoteDisconnected

import pytest
from ledger import Fate
from writers import Exchange, Load, Writer

AWAY = "The database can't be used (it is away)"
NOTHING = {"id": "service_unavailable", "message": f"{AWAY}: nothing was changed. See to it, then try again."}
PERHAPS = {"id": "service_unavailable", "message": f"{AWAY}: what was asked for may have been done. Look."}
Told = tuple[int, str, object] | ConnectionError | IncompleteRead


class Scripted(Writer):
    """Is answered as the test says."""

    told: Told
    killed = False

    def _exchange(self, _method: str, _path: str, _body: object) -> Exchange:
        if self.killed:
            self.load.away()
        if isinstance(self.told, Exception):
            return self.told
        status, kind, body = self.told
        return status, kind, json.dumps(body).encode()


def told(answer: Told, *, killed: bool) -> Fate:
    """What becomes of a config var that was answered so, by a server that was killed meanwhile, or not."""
    writer = Scripted(Load(0, "load", "key"), 0, [("redis-0", "app-0")], seed=0)
    writer.told, writer.killed = answer, killed
    return writer._set()


@pytest.mark.parametrize(
    "answer",
    [
        (500, "application/json", {"id": "internal_server_error", "message": "kagemusha has a bug."}),
        (404, "application/json", {"id": "not_found", "message": "Couldn't find that app."}),
        (409, "application/json", {"id": "conflict", "message": "It is there already."}),
        (201, "application/json", {"C0_0": "0-1"}),
        (200, "application/json", {"C0_0": "0-0", "C0_1": "0-0", "C0_2": "0-0", "C0_3": "0-0"}),
        (200, "text/plain", {"C0_0": "0-1", "C0_1": "0-1", "C0_2": "0-1", "C0_3": "0-1"}),
        (503, "application/json", {"id": "service_unavailable", "message": "Something went wrong."}),
        (503, "application/json", {"id": "unavailable", "message": NOTHING["message"]}),
        (503, "application/json", NOTHING | {"url": "http://127.0.0.1"}),
        (503, "text/html", NOTHING),
    ],
)
def test_any_other_answer_is_a_failure(answer: Told) -> None:
    """A 500, a refusal, a success that is none, and a 503 that is not in Heroku's shape, fail, whatever was killed."""
    with pytest.raises(AssertionError):
        told(answer, killed=True)


@pytest.mark.parametrize("silence", [ConnectionRefusedError(), RemoteDisconnected(""), IncompleteRead(b"")])
def test_a_server_that_was_not_killed_answers(silence: ConnectionError | IncompleteRead) -> None:
    """A connection that is refused or cut, when nothing was killed, fails."""
    with pytest.raises(AssertionError, match="was not killed"):
        told(silence, killed=False)


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ((200, "application/json", {f"C0_{number}": "0-1" for number in range(4)}), Fate.DONE),
        ((503, "application/json", NOTHING), Fate.NONE),
        ((503, "application/json", PERHAPS), Fate.UNKNOWN),
        (ConnectionRefusedError(), Fate.NONE),
        (ConnectionResetError(), Fate.UNKNOWN),
        (RemoteDisconnected(""), Fate.UNKNOWN),
        (IncompleteRead(b""), Fate.UNKNOWN),
    ],
)
def test_an_answer_settles_what_can_be_known(answer: Told, fate: Fate) -> None:
    """A success was done; what never came there, or is said to have changed nothing, was not; else nobody knows."""
    assert told(answer, killed=True) is fate
