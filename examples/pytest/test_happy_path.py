"""Everything goes well."""

from urllib.parse import urlsplit

import connect
import pytest
from conftest import World
from kagemusha.testing import Sandbox


def test_the_config_var_leads_to_the_endpoint(world: World) -> None:
    """The URL names the endpoint's DNS name and the port of Redis, and the app has it."""
    name, url = world.connect()
    [endpoint] = world.endpoints
    assert name == f"REDIS_ENDPOINT_{endpoint['VpcEndpointId'].removeprefix('vpce-').upper()}_URL"
    assert urlsplit(url).hostname == endpoint["DnsEntries"][0]["DnsName"]
    assert urlsplit(url).port == 6379
    assert world.heroku("GET", "/apps/ferry/config-vars")[name] == url


def test_both_sides_agree(world: World) -> None:
    """Heroku shows the endpoint as a connection, EC2 as available."""
    world.connect()
    assert [each["State"] for each in world.endpoints] == ["available"]
    assert [each["status"] for each in world.shown["connections"]] == ["Available"]


def test_subnets_are_in_the_zones_of_the_service(world: World) -> None:
    """The endpoint has one subnet for each zone that the service has, and none elsewhere."""
    world.connect()
    [endpoint] = world.endpoints
    [service] = world.ec2.describe_vpc_endpoint_services(ServiceNames=[endpoint["ServiceName"]])["ServiceDetails"]
    subnets = world.ec2.describe_subnets(SubnetIds=endpoint["SubnetIds"])["Subnets"]
    assert sorted(each["AvailabilityZone"] for each in subnets) == sorted(service["AvailabilityZones"])


def test_a_second_run_makes_nothing_new(world: World) -> None:
    """Connecting again finds the link, the account and the endpoint, and says the same."""
    assert world.connect() == world.connect()
    assert len(world.endpoints) == len(world.shown["allowed_accounts"]) == 1


def test_an_existing_link_is_shared(world: World) -> None:
    """A link that another account has made is kept, and lets ours in as well."""
    world.heroku("POST", f"/private-link/v0/databases/{world.addon}", {"allowed_accounts": ["999999999999"]})
    world.connect()
    assert [each["account_id"] for each in world.shown["allowed_accounts"]] == ["999999999999", world.principal]


def test_postgres_is_connected_likewise(world: World) -> None:
    """A database of another kind has its own port, and its attachment's name."""
    world.addon = world.add("heroku-postgresql:private-4")
    name, url = world.connect()
    assert name.startswith("DATABASE_ENDPOINT_")
    assert (urlsplit(url).scheme, urlsplit(url).port) == ("postgres", 5432)


def test_the_same_seed_tells_the_same_story(world: World, kagemusha_server: str) -> None:
    """In a second sandbox everything has the same names, and the same passwords."""
    with Sandbox.create(kagemusha_server) as another:
        assert World(another).connect() == world.connect()


@pytest.mark.kagemusha(seed=7)
def test_another_seed_tells_another(world: World, kagemusha_server: str) -> None:
    """A marker chooses the seed."""
    with Sandbox.create(kagemusha_server, seed=8) as another:
        assert World(another).connect() != world.connect()


def test_the_command_prints_the_variable(
    world: World, kagemusha_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command finds everything in the environment; where it would sleep the clock is moved."""
    monkeypatch.setattr("time.sleep", world.sandbox.advance)
    monkeypatch.setattr("sys.argv", ["connect.py", world.addon, world.vpc_id])
    connect.main()
    assert capsys.readouterr().out.startswith("REDIS_ENDPOINT_")
    assert kagemusha_env["HEROKU_API_URL"] == world.sandbox.url


@pytest.mark.anyio
async def test_a_coroutine_sees_the_same_world(world: World) -> None:
    """The asynchronous client sees what the synchronous one has made."""
    name, url = world.connect()
    config = await world.sandbox.aheroku.get("/apps/ferry/config-vars")
    assert config.json()[name] == url
