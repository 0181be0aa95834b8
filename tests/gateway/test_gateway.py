"""The gateway: which doors are open, who comes through them, and what is told of it."""

import select
import socket
import ssl
from contextlib import closing
from typing import Any

import pytest
from doorways import PATIENCE, Echo, Reach, a_world, place
from driver import World
from fastapi.testclient import TestClient
from kagemusha.dataplane import backends


def _is_refused(to: tuple[str, int]) -> bool:
    try:
        socket.create_connection(to, timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_the_urls_connect(reach: Reach) -> None:
    """Through the endpoint, and by the add-on's own URL, what is sent arrives and what is answered comes back."""
    own = place(reach.config["REDIS_URL"])
    assert reach.answer() == b"hello"
    assert reach.answer(to=own) == b"hello"
    assert own != reach.place


def test_bytes_are_neither_lost_nor_turned(reach: Reach) -> None:
    """Megabytes come back whole, to a client that reads only when nothing more can be sent."""
    sent = bytes(range(256)) * 4_096 * 3
    left, got = memoryview(sent), bytearray()
    with closing(reach.connect()) as client:
        client.settimeout(0)
        while len(got) < len(sent):
            try:
                while left:
                    left = left[client.send(left[: 1 << 16]) :]
            except ssl.SSLWantWriteError:
                pass
            try:
                while len(got) < len(sent) and (more := client.recv(1 << 16)):
                    got += more
            except ssl.SSLWantReadError:
                readable, writable, _ = select.select([client], [client] if left else [], [], PATIENCE)
                assert readable or writable
    assert bytes(got) == sent


def test_who_leaves_at_once_has_been_heard(reach: Reach, echo: Echo) -> None:
    """What a client says is the store's, although the client has left before the store could be had."""
    echo.there.clear()
    with closing(reach.connect()) as client:
        client.sendall(b"hello")
        socket.socket.shutdown(client, socket.SHUT_WR)
        assert client.recv(1) == b""
    echo.there.set()
    reach.until_nobody_is_there()
    assert (bytes(echo.heard), reach.reasons[-1]) == (b"hello", ("closed", "client"))


def test_who_is_cut_is_not_heard_afterwards(reach: Reach, echo: Echo) -> None:
    """What waits for a store when the password changes, or the endpoint is rejected, never comes to it."""
    for end in (
        lambda: reach.world.post(f"/redis/v0/databases/{reach.addon}/credentials_rotation", {}),
        lambda: reach.world.sim("POST", f"/endpoints/{reach.endpoint}/reject"),
    ):
        echo.there.clear()
        with closing(reach.connect()) as client:
            client.sendall(b"hello")
            end()
            assert client.recv(1) == b""
        echo.there.set()
        reach.until_nobody_is_there()
    assert bytes(echo.heard) == b""


def test_a_door_is_open_while_its_endpoint_is_available(served: TestClient) -> None:
    """Before that, and after the endpoint is rejected, the place that it has refuses connections."""
    world = a_world(served)
    reach = Reach(world)
    to = reach.place
    established = reach.connect()
    world.sim("POST", f"/endpoints/{reach.endpoint}/reject")
    assert established.recv(1) == b""
    assert _is_refused(to)
    established.close()


def test_a_pending_endpoint_has_a_place_and_no_open_door(served: TestClient) -> None:
    """What is shown of an endpoint that waits is where it will listen, and does not yet."""
    world = a_world(served)
    reach = Reach(world)
    service = world.get(f"/private-link/v0/databases/{reach.addon}")["service_name"]
    second = world.sim("POST", "/endpoints", {"service_name": service})["endpoint_id"]
    [door] = [each for each in world.sim("GET", "/data-plane")["doors"] if each["endpoint_id"] == second]
    assert not door["open"]
    assert _is_refused((door["address"], door["listens_on"]))
    world.until("idle")
    assert not _is_refused((door["address"], door["listens_on"]))


def test_rotated_credentials_cut_what_they_opened(reach: Reach) -> None:
    """Every connection to the store ends with its password, and its doors stay open."""
    own = place(reach.config["REDIS_URL"])
    through, beside = reach.connect(), reach.connect(to=own)
    reach.world.post(f"/redis/v0/databases/{reach.addon}/credentials_rotation", {})
    assert (through.recv(1), beside.recv(1)) == (b"", b"")
    through.close()
    beside.close()
    assert reach.answer() == b"hello"
    assert reach.reasons.count(("closed", "credentials_rotated")) == 2


def test_a_destroyed_addon_takes_its_doors_along(reach: Reach, echo: Echo) -> None:
    """Connections end, both places refuse, and the backend is told that the store is gone."""
    own, through = place(reach.config["REDIS_URL"]), reach.place
    established = reach.connect()
    reach.world.call("DELETE", f"/apps/ferry/addons/{reach.addon}")
    assert established.recv(1) == b""
    established.close()
    assert _is_refused(own)
    assert _is_refused(through)
    assert list(echo.agreed.values()) == [()]


def test_a_deleted_sandbox_takes_its_doors_along(reach: Reach, echo: Echo, served: TestClient) -> None:
    """Nothing of a sandbox that is gone can be reached, and its backend forgets it."""
    to, established = reach.place, reach.connect()
    assert served.delete("/_sim/sandboxes/one").status_code == 204
    assert established.recv(1) == b""
    established.close()
    assert _is_refused(to)
    assert echo.agreed == {}


def test_who_speaks_plainly_is_sent_away(reach: Reach) -> None:
    """Without TLS the connection is closed, and nothing is answered."""
    with socket.create_connection(reach.place, timeout=PATIENCE) as client:
        client.sendall(b"PING\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert reach.reasons == [("refused", "no_tls")]


def test_an_unknown_authority_is_not_trusted(reach: Reach) -> None:
    """A client that trusts others does not come to terms with a door, and the journal tells why."""
    with socket.create_connection(reach.place, timeout=PATIENCE) as client:
        context = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(client, server_hostname=reach.place[0])


def test_the_certificate_names_the_doors(reach: Reach) -> None:
    """It is good for the address, and for AWS's regional and zonal names."""
    [door] = [each for each in reach.world.sim("GET", "/data-plane")["doors"] if each["endpoint_id"]]
    authority = reach.world.sim("GET", "/data-plane/authority")["certificate"]
    for name in (door["host"], *door["aliases"], door["address"]):
        raw = socket.create_connection(reach.place, timeout=PATIENCE)
        ssl.create_default_context(cadata=authority).wrap_socket(raw, server_hostname=name).close()


def test_sandboxes_have_authorities_of_their_own(reach: Reach, served: TestClient) -> None:
    """Whoever trusts one sandbox's stores does not trust another's."""
    other = Reach(a_world(served, "two", aws_account_id="210987654321"))
    with pytest.raises(ssl.SSLCertVerificationError):
        reach.connect(to=other.place)


def test_twins_do_not_share_doors(reach: Reach, served: TestClient) -> None:
    """Two sandboxes with one seed have the same names, and each its own places."""
    other = Reach(a_world(served, "two", aws_account_id="210987654321"))
    assert other.endpoint == reach.endpoint
    assert other.place != reach.place


def test_faults_meet_connections(reach: Reach) -> None:
    """A connection that meets a fault is refused, or cut after so many bytes; the next one is not."""
    match = {"endpoint": reach.endpoint}
    for effect in ({"refuse": True}, {"cut_after": 3}):
        fault = {"operation": "redis.connect", "effect": effect, "match": match, "times": 1}
        reach.world.sim("POST", "/faults", fault)
    with socket.create_connection(reach.place, timeout=PATIENCE) as client, pytest.raises(ConnectionResetError):
        client.recv(1)
    assert reach.answer() == b"hel"
    assert reach.answer() == b"hello"
    assert [each["hits"] for each in reach.world.sim("GET", "/faults")] == [1, 1]
    assert ("refused", "fault") in reach.reasons
    assert ("closed", "fault") in reach.reasons


def test_a_store_that_cannot_be_had_is_said_to_be_so(reach: Reach, echo: Echo) -> None:
    """The client reads the reason in the store's own way of telling errors, and is sent away."""
    echo.broken = "redis-server is not there: install it."
    assert reach.answer(b"x" * 1_000) == b"-ERR redis-server is not there: install it.\r\n"
    assert reach.reasons == [("refused", "backend")]


def test_what_is_not_installed_is_among_the_problems(echo: Echo, started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control API says what Postgres stores want, as soon as there is one and not before."""
    absent = backends.Absent("install it.")
    monkeypatch.setattr(backends, "make", lambda *_: {"redis": echo, "postgres": absent})
    with started() as client:
        world = Reach(a_world(client)).world
        assert world.sim("GET", "/data-plane")["problems"] == {}
        world.addon(plan="heroku-postgresql:private-4")
        assert world.sim("GET", "/data-plane")["problems"] == {"postgres": "install it."}


def test_metrics_count_connections(reach: Reach) -> None:
    """What came through is counted, in connections and in bytes, and by door while it is open."""
    client = reach.connect()
    client.sendall(b"hello")
    assert client.recv(5) == b"hello"
    told = reach.world.sim("GET", "/data-plane")
    assert (told["on"], told["connected"], told["open"]) == (True, 1, 1)
    assert [each["connections"] for each in told["doors"]] == [0, 1]
    client.close()


def test_places_are_the_same_after_a_restart(started: Any) -> None:
    """Who saved a URL can use it after the server was started anew; the authority is the same, too."""
    with started() as client:
        before = Reach(a_world(client))
        config, authority = before.config, before.world.sim("GET", "/data-plane/authority")
    with started() as client:
        world = World(client, "one", before.world.key)
        before.world = world
        assert before.config == config
        assert world.sim("GET", "/data-plane/authority") == authority
        assert before.answer() == b"hello"


def test_a_place_that_somebody_else_has_is_left_to_them(reach: Reach, started: Any, served: TestClient) -> None:
    """A second server with the same world takes other places while the first one runs."""
    config = reach.config
    assert served.get("/_sim/health").is_success
    with started() as client:
        second = World(client, "one", reach.world.key)
        assert second.get("/apps/ferry/config-vars").keys() == config.keys()
        assert second.get("/apps/ferry/config-vars") != config


def test_dns_names_are_told_on_demand(started: Any) -> None:
    """With `--endpoint-host dns` URLs name what AWS would, and the report has the lines of a hosts file."""
    with started(endpoint_host="dns") as client:
        reach = Reach(a_world(client))
        [own, door] = reach.world.sim("GET", "/data-plane")["doors"]
        assert place(reach.config[reach.variable]) == (door["host"], 6379)
        assert place(reach.config["REDIS_URL"]) == (own["host"], 6379)
        assert reach.answer(to=(door["address"], door["listens_on"])) == b"hello"


def test_a_told_value_can_be_told_back(reach: Reach) -> None:
    """A client that sends all config vars back as it got them changes nothing; another value is refused."""
    releases = len(reach.world.get("/apps/ferry/releases"))
    reach.world.call("PATCH", "/apps/ferry/config-vars", reach.config)
    assert len(reach.world.get("/apps/ferry/releases")) == releases
    changed = {"REDIS_URL": reach.config["REDIS_URL"].replace("127.", "128.")}
    assert reach.world.refusal("PATCH", "/apps/ferry/config-vars", changed)[:2] == (422, "invalid_params")


def test_everything_tells_the_same_place(reach: Reach) -> None:
    """Config vars, the add-on's own config, the release and the Data API have one URL for the add-on."""
    url = reach.config["REDIS_URL"]
    assert url in [each["value"] for each in reach.world.get(f"/addons/{reach.addon}/config")]
    database = reach.world.get(f"/redis/v0/databases/{reach.addon}")
    assert (database["resource_url"], database["port"]) == (url, place(url)[1])
    assert reach.world.get("/apps/ferry/releases/current/config-vars") == reach.config


def test_the_world_does_not_know_of_places(reach: Reach) -> None:
    """A snapshot has AWS's names, so that the world is the same with a data plane and without."""
    assert reach.place[0] not in reach.world.ask_sim("GET", "/snapshot").text
