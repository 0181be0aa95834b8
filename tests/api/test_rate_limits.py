"""Rate limits: off unless asked for, for the Platform API alone, in system time."""

from collections.abc import Iterator

import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings


class Clock:
    """The machine's clock, as the test wants it."""

    now = 1_800_000_000_000

    def __call__(self) -> int:
        """The moment in milliseconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def limited(clock: Clock) -> Iterator[TestClient]:
    """A client of a server that answers three requests an hour."""
    with TestClient(
        create_app(Settings(ephemeral=True, rate_limit=3), clock), base_url="http://127.0.0.1:8765"
    ) as found:
        yield found


def left(world: World, path: str = "/account") -> tuple[int, str]:
    """The status of a request, and what it says is left."""
    answer = world.send("GET", path)
    return answer.status_code, answer.headers["ratelimit-remaining"]


def test_without_a_limit_nothing_is_counted(lone_client: TestClient) -> None:
    """The usual number stands in every answer, and in the one about it."""
    world = World.make(lone_client)
    assert [left(world) for _ in range(3)] == [(200, "4500")] * 3
    assert world.get("/account/rate-limits") == {"remaining": 4500}


def test_a_limit_is_used_up_and_comes_back(limited: TestClient, clock: Clock) -> None:
    """Each request takes one, at none it is a 429 in Heroku's words, and every twenty minutes one is back."""
    world = World.make(limited)
    assert [left(world) for _ in range(4)] == [(200, "2"), (200, "1"), (200, "0"), (429, "0")]
    status, code, message = world.refusal("GET", "/apps")
    assert (status, code) == (429, "rate_limit")
    assert message.startswith("Your account reached the API rate limit")
    clock.now += 20 * 60_000
    assert [left(world) for _ in range(2)] == [(200, "0"), (429, "0")]
    clock.now += 24 * 3_600_000
    assert left(world) == (200, "2")


def test_a_refused_request_changes_nothing(limited: TestClient) -> None:
    """A create beyond the limit makes nothing and takes no id."""
    world = World.make(limited)
    for _ in range(3):
        world.get("/account")
    before = world.everything()
    assert world.refusal("POST", "/apps", {"name": "ferry"})[0] == 429
    assert world.everything() == before


def test_what_is_free(limited: TestClient) -> None:
    """Asking what is left, the Data API, the control API and requests that are not let in take nothing."""
    world = World.make(limited)
    for _ in range(5):
        assert world.get("/account/rate-limits") == {"remaining": 3}
        world.send("GET", "/private-link/v0/databases/none")
        world.ask_sim("GET", "/clock")
        world.send("GET", "/account", accept="*/*")
        limited.get("/account")
    assert left(world) == (200, "2")
    for _ in range(3):
        left(world)
    assert world.get("/account/rate-limits") == {"remaining": 0}
    assert world.refusal("GET", "/private-link/v0/databases/none")[0] == 404


def test_a_world_has_a_limit_of_its_own(limited: TestClient) -> None:
    """What one uses up another still has, and the world's own clock has no part in it."""
    one, two = World.make(limited), World.make(limited, "two")
    assert [left(one)[0] for _ in range(4)] == [200, 200, 200, 429]
    one.advance(7_200)
    assert left(one)[0] == 429
    assert left(two) == (200, "2")


def test_a_clock_that_goes_back_gives_nothing(limited: TestClient, clock: Clock) -> None:
    """The machine's clock may be set back: nothing is given, nothing taken."""
    world = World.make(limited)
    left(world)
    clock.now -= 3_600_000
    assert left(world) == (200, "1")
