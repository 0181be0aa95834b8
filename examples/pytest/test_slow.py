"""Things take their time, or all time."""

import pytest
from conftest import World
from connect import Problem


@pytest.mark.kagemusha(delays={"privatelink.provisioning": 3000})
def test_a_slow_link_is_waited_for(world: World) -> None:
    """A link that takes fifty minutes is within an hour's patience."""
    world.connect()
    assert world.shown["status"] == "Operational"


@pytest.mark.kagemusha(delays={"allowed_account.provisioning": 1200})
def test_an_account_may_be_slower_than_its_link(world: World) -> None:
    """An operational link lets nobody in whose account isn't active yet."""
    world.connect()
    assert [each["status"] for each in world.shown["allowed_accounts"]] == ["Active"]


@pytest.mark.kagemusha(delays={"privatelink.provisioning": "never"})
def test_a_link_that_never_comes_is_given_up(world: World) -> None:
    """When its patience is at an end the connector says what it was waiting for."""
    with pytest.raises(Problem, match=rf"After 900 s the privatelink of {world.addon} is still Provisioning"):
        world.connect(patience=900)


@pytest.mark.kagemusha(delays={"endpoint.pending_acceptance": "never"})
def test_an_endpoint_that_nobody_accepts_is_given_up(world: World) -> None:
    """Patience counts for each side by itself, in seconds of the sandbox's time."""
    with pytest.raises(Problem, match=r"After 900 s endpoint vpce-\w+ is still pendingAcceptance"):
        world.connect(patience=900)
    assert world.sandbox.pending() == []


@pytest.mark.kagemusha(delays={"endpoint.pending_acceptance": 600, "endpoint.pending": 600})
def test_pending_is_a_state_of_its_own(world: World) -> None:
    """An endpoint is neither waiting nor available in between, and the connector goes on waiting."""
    world.connect()
    seen = [each["to"] for each in world.sandbox.journal("transition") if each["machine"] == "endpoint"]
    assert seen == ["pendingAcceptance", "pending", "available"]
