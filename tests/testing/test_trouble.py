"""Faults, scenarios and snapshots, by way of the plugin."""

import pytest
from kagemusha.testing import Sandbox
from kagemusha.testing.report import describe

BUSY = {"status": 503, "body": {"id": "busy", "message": "Not now."}}


def test_a_fault_tells_how_often_it_struck(kagemusha: Sandbox) -> None:
    """A handle counts hits, says what remains, and takes the fault away."""
    fault = kagemusha.fault(operation="app.list", effect=BUSY, times=2)
    assert (fault.hits, fault.remaining) == (0, 2)
    assert [kagemusha.heroku.get("/apps").status_code for _ in range(3)] == [503, 503, 200]
    assert (fault.hits, fault.remaining) == (2, 0)
    fault.remove()
    with pytest.raises(LookupError, match=f"no fault {fault.id} any more"):
        assert fault.hits
    lasting = kagemusha.fault(operation="app.list", effect=BUSY)
    assert kagemusha.heroku.get("/apps").json() == BUSY["body"]
    assert (lasting.hits, lasting.remaining) == (1, None)


def test_a_stage_is_held(kagemusha: Sandbox) -> None:
    """What a fault of a stage holds goes on when the fault is removed."""
    kagemusha.heroku.post("/spaces", json={"name": "harbor", "team": "kagemusha"})
    fault = kagemusha.fault(stage="space.allocating", effect={"hold": True})
    assert kagemusha.until_idle()["fired"] == 0
    fault.remove()
    assert kagemusha.until_idle()["fired"] == 1


@pytest.mark.kagemusha_fault(operation="app.list", effect={"rate_limit": True}, times=1)
class TestMarkers:
    """Faults that a sandbox has from the beginning."""

    @pytest.mark.kagemusha_fault(operation="space.list", effect={"status": 500}, times=1)
    @pytest.mark.kagemusha_fault(operation="space.list", effect={"status": 502}, times=1)
    def test_faults_stand_in_the_order_in_which_they_are_written(self, kagemusha: Sandbox) -> None:
        """Those of the class come first, then the test's, from top to bottom."""
        seen = [kagemusha.heroku.get(path).status_code for path in ("/apps", "/spaces", "/spaces", "/spaces")]
        assert seen == [429, 500, 502, 200]
        assert [fault.hits for fault in kagemusha.faults] == [1, 1, 1]


@pytest.mark.kagemusha(scenario={"version": 1, "seed": 7, "spaces": [{"name": "harbor"}]})
class TestScenarios:
    """Worlds that are there from the beginning."""

    def test_a_scenario_is_there(self, kagemusha: Sandbox) -> None:
        """Its things are; its seed is the sandbox's; the clock stands still as always."""
        assert kagemusha.heroku.get("/spaces/harbor").json()["state"] == "allocated"
        assert (kagemusha.seed, kagemusha.clock()["mode"]) == (7, "manual")

    @pytest.mark.kagemusha(seed=8)
    def test_a_marker_wins_over_its_scenario(self, kagemusha: Sandbox) -> None:
        """What is asked for outright counts."""
        assert kagemusha.seed == 8


def test_a_world_is_restored(kagemusha: Sandbox) -> None:
    """After a restore everything is as it was when the snapshot was taken, the time included."""
    kagemusha.heroku.post("/spaces", json={"name": "harbor", "team": "kagemusha"})
    pending = kagemusha.pending()
    taken = kagemusha.snapshot()
    kagemusha.until_idle()
    kagemusha.restore(taken)
    assert kagemusha.pending() == pending
    assert kagemusha.clock()["now"] == "2030-01-01T00:00:00.000Z"


def test_requests_and_faults_are_in_the_journal(kagemusha: Sandbox) -> None:
    """Who was answered what can be asked for."""
    kagemusha.fault(operation="app.list", effect=BUSY, times=1)
    for _ in range(2):
        kagemusha.heroku.get("/apps")
    told = [(each["operation"], each["status"]) for each in kagemusha.journal("request")]
    assert told == [("app.list", 503), ("app.list", 200)]


def test_connections_are_in_the_journal_and_in_the_report(kagemusha: Sandbox) -> None:
    """Who came whereto, what became of it and why, in one line."""
    told = {
        "kind": "connection", "at": "2030-01-01T00:00:00Z", "operation": "redis.connect", "host": "vpce-1.example",
        "addon": "redis-ferry", "source": "127.0.0.1", "outcome": "hanging", "reason": "security_group",
    }  # fmt: skip
    kagemusha.restore(kagemusha.snapshot() | {"requests": [told]})
    assert [each["reason"] for each in kagemusha.journal("connection")] == ["security_group"]
    assert describe(kagemusha).endswith(
        "connection operation=redis.connect host=vpce-1.example addon=redis-ferry source=127.0.0.1 outcome=hanging "
        "reason=security_group"
    )
