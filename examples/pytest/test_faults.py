"""Heroku and AWS have a bad day."""

import pytest
from conftest import World
from connect import PAUSES, Problem


@pytest.mark.kagemusha_fault(operation="privatelink.info", effect={"rate_limit": True}, times=2)
def test_a_429_is_waited_out(world: World) -> None:
    """Throttled requests are tried again, after pauses that grow."""
    world.connect()
    assert [fault.hits for fault in world.sandbox.faults] == [2]


@pytest.mark.kagemusha_fault(operation="privatelink.info", effect={"rate_limit": True})
def test_throttling_that_does_not_end_is_given_up(world: World) -> None:
    """The connector doesn't hammer for ever on an API that says to stop."""
    with pytest.raises(Problem, match=f"Given up after {len(PAUSES)} tries"):
        world.connect()
    assert [fault.hits for fault in world.sandbox.faults] == [len(PAUSES)]


@pytest.mark.kagemusha_fault(operation="privatelink.create", effect={"status": 503}, times=2)
def test_a_503_at_first(world: World) -> None:
    """What was refused twice is made once."""
    world.connect()
    assert [fault.hits for fault in world.sandbox.faults] == [2]
    assert len(world.shown["allowed_accounts"]) == 1


@pytest.mark.kagemusha_fault(operation="ec2.CreateVpcEndpoint", effect={"status": 503}, times=3)
def test_a_service_that_is_not_quite_there_yet(world: World) -> None:
    """New endpoint services answer 503 for a while, although they say that they are available."""
    world.connect()
    assert [fault.hits for fault in world.sandbox.faults] == [3]
    assert len(world.endpoints) == 1


@pytest.mark.parametrize("when", [True, "after"])
def test_a_disconnect_in_the_middle_of_a_create(world: World, when: object) -> None:
    """Whether or not a create without an answer was carried out, there is one link in the end."""
    lost = world.sandbox.fault(operation="privatelink.create", effect={"disconnect": when}, times=1)
    world.connect()
    assert (lost.hits, lost.remaining) == (1, 0)
    assert len(world.shown["allowed_accounts"]) == len(world.endpoints) == 1


def test_a_link_that_is_held_until_somebody_lets_go(world: World) -> None:
    """A held stage is not over when its time is; when the fault is removed it goes on."""
    hold = world.sandbox.fault(stage="privatelink.provisioning", effect={"hold": True}, match={"addon": world.addon})
    with pytest.raises(Problem, match="is still Provisioning"):
        world.connect(patience=900)
    hold.remove()
    world.connect()


@pytest.mark.kagemusha_fault(stage="privatelink.provisioning", effect={"fail": True})
def test_a_link_that_fails(world: World) -> None:
    """A link that won't become operational is not waited for, and no endpoint is made."""
    with pytest.raises(Problem, match="The privatelink is Failed"):
        world.connect()
    assert world.endpoints == []


@pytest.mark.kagemusha_fault(stage="endpoint.pending_acceptance", effect={"fail": True})
def test_an_endpoint_that_fails(world: World) -> None:
    """An endpoint that won't become available is not waited for, and leaves nothing in the config."""
    with pytest.raises(Problem, match=r"Endpoint vpce-\w+ is \w+"):
        world.connect()
    assert list(world.heroku("GET", "/apps/ferry/config-vars")) == ["REDIS_URL"]
