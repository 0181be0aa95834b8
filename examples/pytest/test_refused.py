"""Somebody says no."""

from collections.abc import Callable

import pytest
from conftest import World
from connect import Problem


def meanwhile(world: World, act: Callable[[str], object]) -> Callable[[float], None]:
    """A sleep during which `act` is done to the endpoints that wait for acceptance, by their ids."""

    def sleep(seconds: float) -> None:
        world.sandbox.advance(seconds)
        for each in world.endpoints:
            if each["State"] == "pendingAcceptance":
                act(each["VpcEndpointId"])

    return sleep


def test_an_unknown_addon(world: World) -> None:
    """The person is told Heroku's own sentence."""
    world.addon = "redis-nowhere-1"
    with pytest.raises(Problem, match="Couldn't find that add-on"):
        world.connect()


def test_a_key_that_is_no_longer_valid(world: World) -> None:
    """A refused key is no reason to try again."""
    world.sandbox.heroku.headers["Authorization"] = f"Bearer HRKU-KGM-{'0' * 32}"
    with pytest.raises(Problem, match="Invalid credentials provided"):
        world.connect()
    assert world.sandbox.pending() == []


def test_an_account_that_is_not_allowed(world: World) -> None:
    """To AWS, a service that lets another account in does not exist."""
    world.principal = "arn:aws:iam::999999999999:root"
    with pytest.raises(Problem, match="InvalidServiceName"):
        world.connect()
    assert world.endpoints == []


def test_the_owner_rejects(world: World) -> None:
    """An endpoint that the service's owner rejects is not waited for."""
    reject = meanwhile(world, lambda id_: world.sandbox.sim("POST", f"/endpoints/{id_}/reject"))
    with pytest.raises(Problem, match=r"Endpoint vpce-\w+ is rejected"):
        world.connect(sleep=reject)
    assert list(world.heroku("GET", "/apps/ferry/config-vars")) == ["REDIS_URL"]


def test_the_account_is_removed_while_the_endpoint_is_pending(world: World) -> None:
    """Nobody accepts an endpoint of an account that is no longer allowed: it is given up."""
    path = f"/private-link/v0/databases/{world.addon}/allowed_accounts"
    remove = meanwhile(world, lambda _: world.heroku("PATCH", path, {"allowed_accounts": [world.principal]}))
    with pytest.raises(Problem, match=r"After 900 s endpoint vpce-\w+ is still pendingAcceptance"):
        world.connect(sleep=remove, patience=900)
    assert world.shown["allowed_accounts"] == []
