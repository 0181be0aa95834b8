"""What only a real port shows: bytes that are no request, requests that come to no end, and many at once."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from driver import ACCEPT
from furnished import Furnished
from kagemusha.cli.serve import NO_EMULATOR
from live import Server, serving

UNREADABLE, INVALID, CONFLICT = (400, "bad_request"), (422, "invalid_params"), (409, "conflict")
NAME = b'{"name": "other"}'
INSIDE = b"0\r\n\r\nDELETE /apps/tern HTTP/1.1\r\n<head>\r\n\r\n"
NO_HTTP = "WARNING:  Invalid HTTP request received."
AT_ONCE = 12
"""Requests that are sent together, to two processes."""


class Raw(NamedTuple):
    """Bytes on a connection: what is wrong with them, and what is answered; None is nothing.

    ``<head>`` stands for the headers of an authorized client that sends JSON.
    """

    wrong: str
    sent: bytes
    answer: tuple[int, str] | None


def post(*headers: bytes, body: bytes = NAME) -> bytes:
    """A request for an app, with these headers beside the usual ones."""
    return b"\r\n".join((b"POST /apps HTTP/1.1", b"<head>", *headers, b"", body))


def get(*headers: bytes, path: bytes = b"/apps", line: bytes = b"GET %b HTTP/1.1") -> bytes:
    """A read, with these headers beside the usual ones."""
    return b"\r\n".join((line.replace(b"%b", path), b"<head>", *headers, b"", b""))


RAW = (
    Raw("a body that ends too early", post(b"Content-Length: 40"), None),
    Raw("a body that ends before it begins", post(b"Content-Length: 40", body=b""), None),
    Raw("chunks without an end", post(b"Transfer-Encoding: chunked", body=b"11\r\n" + NAME + b"\r\n"), None),
    Raw("a chunk that ends too early", post(b"Transfer-Encoding: chunked", body=b"ff\r\n" + NAME), None),
    Raw("headers without an end", b"POST /apps HTTP/1.1\r\n<head>\r\n", None),
    Raw("a chunk without a length", post(b"Transfer-Encoding: chunked", body=b"xyz\r\n" + NAME), UNREADABLE),
    Raw("two lengths", post(b"Content-Length: 17", b"Content-Length: 2"), UNREADABLE),
    Raw("a negative length", post(b"Content-Length: -1"), UNREADABLE),
    Raw("a length in base 16", post(b"Content-Length: 0x11"), UNREADABLE),
    Raw("a length of many digits", post(b"Content-Length: " + b"9" * 30), UNREADABLE),
    Raw("a length beyond the bound", post(b"Content-Length: 99999999"), (413, "content_too_large")),
    Raw("a request inside another's body", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=INSIDE),
        UNREADABLE),
    Raw("JSON cut short, its length right", post(b"Content-Length: 8", body=b'{"name":'), UNREADABLE),
    Raw("a header in another, by LF", get(b"Range: name ..z\nSet-Cookie: x=y"), UNREADABLE),
    Raw("a header in another, by CR", get(b"Range: name ..z\rSet-Cookie: x=y; max=1"), UNREADABLE),
    Raw("a header over two lines", get(b"Range: name ..z;\r\n max=1"), UNREADABLE),
    Raw("a NUL in a header", get(b"Range: name \0..; max=1"), UNREADABLE),
    Raw("a NUL in a key", get(b"Authorization: Bearer HRKU-KGM-\0"), UNREADABLE),
    Raw("a header with a space in its name", get(b"Range : name ..z"), UNREADABLE),
    Raw("a header without a name", get(b": name ..z"), UNREADABLE),
    Raw("a header in a path", get(path=b"/apps/a%0d%0aSet-Cookie:%20x=y"), (404, "not_found")),
    Raw("a header in a query", get(path=b"/apps/none?x=%0d%0aSet-Cookie:%20x=y"), (404, "not_found")),
    Raw("a second Host, of another's", get(b"Host: evil.example", path=b"/_sim/sandboxes/one"), (403, "forbidden")),
    Raw("a path of bytes", get(path=b"/apps/\xff\xfe"), UNREADABLE),
    Raw("a path with a control character", get(path=b"/apps/a\x01b"), UNREADABLE),
    Raw("a path of 200,000 characters", get(path=b"/" + b"x" * 200_000), UNREADABLE),
    Raw("a path without a slash", get(path=b"apps"), UNREADABLE),
    Raw("a path that climbs", get(path=b"/apps/../_sim/sandboxes"), (404, "not_found")),
    Raw("an escape that is none", get(path=b"/apps/%zz"), (404, "not_found")),
    Raw("a method that is none", get(line=b"get %b HTTP/1.1"), UNREADABLE),
    Raw("a version that is none", get(line=b"GET %b HTTP/9.9"), UNREADABLE),
    Raw("HTTP 2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UNREADABLE),
    Raw("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", UNREADABLE),
    Raw("a thousand NULs", b"\0" * 1_000, UNREADABLE),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two processes that share a world, and complains of nothing but that, and of what is no HTTP."""
    log = tmp_path_factory.mktemp("log") / "log"
    with serving("--database", shared_database, "--workers", "2", log=log) as made:
        yield made
    assert set(log.read_text().splitlines()) == {NO_EMULATOR, NO_HTTP}


@pytest.fixture(scope="module")
def furnished(server: Server) -> Iterator[Furnished]:
    """A furnished world behind it."""
    with server.client() as client:
        yield Furnished(client)


def exchange(server: Server, sent: bytes) -> bytes:
    """What is answered to bytes after which the client says no more."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.parametrize("raw", RAW, ids=[raw.wrong for raw in RAW])
def test_bytes_that_are_no_request_change_nothing(server: Server, furnished: Furnished, raw: Raw) -> None:
    """One answer in Heroku's shape, without a header of the client's, or none; both sandboxes are as they were."""
    head = (
        f"Host: 127.0.0.1\r\nAccept: {ACCEPT}\r\nAuthorization: Bearer {furnished.one.key}\r\n"
        "Content-Type: application/json\r\nConnection: close"
    )
    answer = exchange(server, raw.sent.replace(b"<head>", head.encode()))
    before, furnished.told = furnished.told, furnished.look()
    assert furnished.told == before
    if raw.answer is None:
        assert answer == b""
        return
    headers, _, body = answer.partition(b"\r\n\r\n")
    said = json.loads(body)
    assert (int(headers.split()[1]), said["id"]) == raw.answer, answer
    assert set(said) - {"resource"} == {"id", "message"}
    assert b"set-cookie" not in headers.lower()


class Create(NamedTuple):
    """A create that can succeed once, and how the others are refused; `table` holds what it makes."""

    path: str
    body: dict[str, Any]
    table: str
    refused: tuple[int, str]


CREATES = (
    Create("/apps", {"name": "twin"}, "apps", INVALID),
    Create("/teams/apps", {"name": "twin-in-space", "space": "harbor"}, "apps", INVALID),
    Create("/spaces", {"name": "twin", "team": "kagemusha"}, "spaces", INVALID),
    Create("/apps/ferry/addons", {"plan": "heroku-redis", "name": "twin"}, "addons", INVALID),
    Create("/apps/ferry/addons", {"plan": "heroku-redis", "attachment": {"name": "TWIN"}}, "addons",
           (423, "confirmation_required")),
    Create("/addon-attachments", {"addon": "linked", "app": "ferry", "name": "AGAIN"}, "attachments", INVALID),
    Create("/private-link/v0/databases/bare", {"allowed_accounts": ["333333333333"]}, "privatelinks", CONFLICT),
)  # fmt: skip
NUMBERLESS = {"config_vars", "journal"}
"""Tables whose rows take no number of the world's counter."""


def rows(snapshot: dict[str, Any]) -> dict[str, int]:
    """How many rows each table of a world has."""
    return {table: len(kept) for table, kept in snapshot["world"].items()}


@pytest.mark.parametrize("create", CREATES, ids=[f"{each.table} {each.body}" for each in CREATES])
def test_of_identical_creates_one_succeeds(server: Server, furnished: Furnished, create: Create) -> None:
    """One is a 201, the others are refused, make nothing and take no number; nor does the sandbox beside it change."""
    before = furnished.look()

    def call(_: int) -> tuple[int, str]:
        # Each on a connection of its own, so that both processes are asked.
        with server.client() as client:
            answer = client.post(create.path, json=create.body, headers=furnished.one.headers)
        return answer.status_code, answer.json().get("id", "") if answer.is_error else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(call, range(AT_ONCE)))
    after = furnished.told = furnished.look()
    assert sorted(answers) == sorted([(201, ""), *[create.refused] * (AT_ONCE - 1)])
    made = {table: count - rows(before[0])[table] for table, count in rows(after[0]).items()}
    assert made[create.table] == 1
    numbers = sum(count for table, count in made.items() if table not in NUMBERLESS)
    assert after[0]["counter"] - before[0]["counter"] == numbers
    assert after[1:] == before[1:]


def test_of_identical_sandboxes_one_is_made(server: Server, furnished: Furnished) -> None:
    """Whether they want one name or one AWS account, one is a 201 and the others are a 409."""
    for body in ({"name": "twin"}, {"aws_account_id": "555555555555"}):
        there = {each["name"] for each in furnished.one.client.get("/_sim/sandboxes").json()}

        def call(_: int, body: dict[str, str] = body) -> tuple[int, str]:
            with server.client() as client:
                answer = client.post("/_sim/sandboxes", json=body)
            return answer.status_code, answer.json().get("id", "")

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(call, range(AT_ONCE)))
        assert sorted(answers) == sorted([(201, ""), *[CONFLICT] * (AT_ONCE - 1)])
        [made] = {each["name"] for each in furnished.one.client.get("/_sim/sandboxes").json()} - there
        furnished.one.client.delete(f"/_sim/sandboxes/{made}")
    before, furnished.told = furnished.told, furnished.look()
    assert furnished.told == before
