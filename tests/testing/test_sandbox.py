"""A sandbox as tests steer it. These tests are given theirs by the plugin."""

import asyncio
import os
from typing import Any

import pytest
from kagemusha.testing import Refused, Sandbox
from live import serving


def space(sandbox: Sandbox, name: str = "harbor") -> dict[str, Any]:
    """A space that has just been asked for."""
    made: dict[str, Any] = sandbox.heroku.post("/spaces", json={"name": name, "team": "kagemusha"}).json()
    return made


def test_a_sandbox_is_the_same_every_run(kagemusha: Sandbox, kagemusha_server: str) -> None:
    """Unless told otherwise the seed is 0, and a clock that stands still begins with 2030: ids and times repeat."""
    assert kagemusha.seed == 0
    assert kagemusha.clock() == {
        "mode": "manual", "now": "2030-01-01T00:00:00.000Z", "pace": 1.0, "next_due_at": None
    }  # fmt: skip
    with Sandbox.create(kagemusha_server) as another:
        assert another.name != kagemusha.name
        assert space(another) == space(kagemusha)


def test_time_moves_when_told(kagemusha: Sandbox) -> None:
    """What is pending happens when the clock is moved past it, at the moment it was due."""
    space(kagemusha)
    [coming] = kagemusha.pending()
    assert (coming["name"], coming["from"], coming["to"]) == ("harbor", "allocating", "allocated")
    assert kagemusha.advance(1)["fired"] == 0
    moved = kagemusha.until_idle()
    assert (moved["now"], moved["fired"]) == (coming["due_at"], 1)
    assert kagemusha.pending() == []
    assert [each["at"] for each in kagemusha.journal("transition")][1:] == [coming["due_at"]]


def test_the_journal_is_read_to_its_end(kagemusha: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it has."""
    for number in range(5):
        space(kagemusha, f"harbor-{number}")
    whole = kagemusha.journal("transition")
    assert [each["name"] for each in whole] == [f"harbor-{number}" for number in range(5)]
    for page in (1, 2, 5):
        monkeypatch.setattr("kagemusha.testing.sandbox._PAGE", page)
        assert kagemusha.journal("transition") == whole


def test_a_refusal_says_what_was_refused(kagemusha: Sandbox) -> None:
    """The call, the status, the id and the sentence are in the exception, and in what it prints."""
    with pytest.raises(Refused) as refused:
        kagemusha.advance(-1)
    assert (refused.value.status, refused.value.id) == (422, "invalid_params")
    place = f"POST /_sim/sandboxes/{kagemusha.name}/clock/advance"
    assert str(refused.value) == f"{place}: 422 invalid_params: {refused.value.message}"


def test_a_deleted_sandbox_is_gone(kagemusha_server: str, kagemusha: Sandbox) -> None:
    """At the end of its block a sandbox is taken away, and its key opens nothing."""
    with Sandbox.create(kagemusha_server) as sandbox:
        key = sandbox.env["HEROKU_API_KEY"]
        assert sandbox.heroku.get("/apps").status_code == 200
    assert kagemusha.heroku.get("/apps", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_the_asynchronous_client_works_in_any_loop(kagemusha: Sandbox) -> None:
    """One client serves one event loop after another, and leaves nothing open in them."""

    async def names() -> list[str]:
        answers = await asyncio.gather(*(kagemusha.aheroku.get("/spaces") for _ in range(3)))
        assert len({answer.text for answer in answers}) == 1
        return [each["name"] for each in answers[0].json()]

    space(kagemusha)
    assert asyncio.run(names()) == asyncio.run(names()) == ["harbor"]


@pytest.mark.anyio
async def test_coroutines_steer_as_functions_do(kagemusha: Sandbox) -> None:
    """The calls of the control API may be made as they are."""
    await kagemusha.aheroku.post("/spaces", json={"name": "harbor", "team": "kagemusha"})
    kagemusha.until_idle()
    assert (await kagemusha.aheroku.get("/spaces/harbor")).json()["state"] == "allocated"


def test_boto3_sees_this_sandbox_whatever_the_environment_says(
    kagemusha: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Profiles, endpoints, keys and proxies of the user's own lead no client elsewhere."""
    nowhere = "http://127.0.0.1:9"
    for name, value in {"AWS_PROFILE": "mine", "AWS_ENDPOINT_URL": nowhere, "AWS_ENDPOINT_URL_STS": nowhere,
                        "AWS_SESSION_TOKEN": "mine", "HTTP_PROXY": nowhere, "http_proxy": nowhere,
                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    said = kagemusha.boto3_session().client("sts").get_caller_identity()
    assert said["Account"] == kagemusha.sim("GET", "")["aws"]["account_id"]
    assert kagemusha.heroku.get("/apps").json() == []


def test_the_environment_is_the_sandboxs(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kagemusha: Sandbox
) -> None:
    """In a test that asks for it, the process has the sandbox's variables and no others of Heroku or AWS."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("HEROKU_ORGANIZATION", "mine")
    env = request.getfixturevalue("kagemusha_env")
    assert env == kagemusha.env
    assert {name: os.environ[name] for name in os.environ if name.startswith(("AWS_", "HEROKU_"))} == {
        name: value for name, value in env.items() if name.startswith(("AWS_", "HEROKU_"))
    }


@pytest.mark.kagemusha(seed=5, now="2031-01-01T00:00:00Z")
class TestMarkers:
    """What a sandbox is made with."""

    def test_a_class_is_marked(self, kagemusha: Sandbox) -> None:
        """A marker of the class counts for each of its tests."""
        assert (kagemusha.seed, kagemusha.clock()["now"]) == (5, "2031-01-01T00:00:00.000Z")

    @pytest.mark.kagemusha(seed=6, delays={"space.allocating": 10})
    def test_the_nearest_marker_counts(self, kagemusha: Sandbox) -> None:
        """A nearer marker says what it says, and leaves the rest to the others."""
        assert (kagemusha.seed, kagemusha.clock()["now"]) == (6, "2031-01-01T00:00:00.000Z")
        space(kagemusha)
        assert kagemusha.until_idle()["now"] == "2031-01-01T00:00:10.000Z"


def test_a_server_that_asks_for_a_token_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """KAGEMUSHA_ADMIN_TOKEN goes with each call of the control API, as with the commands."""
    monkeypatch.setenv("KAGEMUSHA_ADMIN_TOKEN", "hush")
    with serving("--ephemeral", "--host", "0.0.0.0") as server:
        with Sandbox.create(server.url) as sandbox:
            assert sandbox.pending() == []
        monkeypatch.delenv("KAGEMUSHA_ADMIN_TOKEN")
        with pytest.raises(Refused, match="401"):
            Sandbox.create(server.url)
