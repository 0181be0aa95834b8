"""Ids, names, secrets and config vars: their forms, and that the same seed gives the same ones."""

import re
from itertools import product
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kagemusha.domain import catalog
from kagemusha.domain.config_vars import Connection, endpoint_url, endpoint_variable, of_attachment, own_url
from kagemusha.domain.names import ADJECTIVES, COLOURS, NOUNS, Names, endpoint_dns_name, service_name

MODERATE = settings(max_examples=60, deadline=None)
SEEDS, NUMBERS = st.integers(0, 2**63 - 1), st.integers(1, 10**9)
NAMES = st.builds(Names, SEEDS, NUMBERS)
HEX, SHORT = r"[0-9a-f]{17}", r"[a-z0-9]{8}"
FORMS = {
    "addon_name": r"redis-[a-z]+-[1-9][0-9]{4}",
    "app_name": r"[a-z][a-z-]{1,23}-[1-9][0-9]{4}",
    "password": r"p[0-9a-f]{64}",
    "database_user": r"u[a-z0-9]{14}",
    "database_name": r"d[a-z0-9]{14}",
    "host": r"ec2-3-\d{1,3}-\d{1,3}-\d{1,3}\.eu-west-1\.compute\.amazonaws\.com",
    "service_id": rf"vpce-svc-{HEX}",
    "endpoint_id": rf"vpce-{HEX}",
    "dns_suffix": SHORT,
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {"addon_name": ("redis",), "host": (0, "eu-west-1")}
REDIS, POSTGRES, KAFKA = (catalog.service(f"heroku-{kind}") for kind in ("redis", "postgresql", "kafka"))
ENDPOINT = Connection(
    "vpce-01c87ae3c05563935", "abcd1234", "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
    ("eu-west-1a", "eu-west-1b"),
)  # fmt: skip
REGIONAL = "vpce-01c87ae3c05563935-abcd1234.vpce-svc-0123456789abcdef0.eu-west-1.vpce.amazonaws.com"


@pytest.mark.parametrize("kind", FORMS)
@MODERATE
@given(seed=SEEDS, number=NUMBERS)
def test_each_name_has_its_form_and_is_always_the_same(kind: str, seed: int, number: int) -> None:
    """A name has the form that upstream gives it, and depends on the seed and the number alone."""
    made = [getattr(Names(seed, number), kind)(*ARGUMENTS.get(kind, ())) for _ in range(2)]
    assert re.fullmatch(FORMS[kind], made[0], re.ASCII)
    assert made[0] == made[1]


@MODERATE
@given(names=NAMES)
def test_a_uuid_is_of_version_four(names: Names) -> None:
    """Ids look like those that Heroku makes."""
    made = names.uuid()
    assert str(UUID(made)) == made
    assert (UUID(made).version, UUID(made).variant) == (4, "specified in RFC 4122")


@pytest.mark.parametrize("kind", ["uuid", "password", "service_id", "endpoint_id", "database_user", "dns_suffix"])
def test_other_things_and_other_worlds_have_other_names(kind: str) -> None:
    """A thousand things of one world, and a thousand worlds' first things, have as many names."""
    things = {getattr(Names(7, number), kind)() for number in range(1_000)}
    worlds = {getattr(Names(seed, 1), kind)() for seed in range(8, 1_008)}
    assert len(things | worlds) == 2_000


def test_one_thing_has_no_two_names_from_one_hash() -> None:
    """What is made for different purposes shares no digits."""
    names = Names(7, 3)
    made = [names.uuid().replace("-", ""), names.password()[1:], names.service_id()[10:], names.endpoint_id()[6:]]
    assert len({each[:16] for each in made}) == len(made)


def test_an_app_name_is_never_longer_than_thirty_characters() -> None:
    """The longest adjective and noun still leave room for the whole number."""
    assert max(len(f"{adjective}-{noun}-12345") for adjective, noun in product(ADJECTIVES, NOUNS)) <= 30


def test_another_attempt_gives_another_name() -> None:
    """When a name is taken, the next attempts give others."""
    names = Names(7, 3)
    assert len({names.app_name(attempt) for attempt in range(20)}) == 20
    assert len({names.addon_name("kafka", attempt) for attempt in range(20)}) == 20


@MODERATE
@given(names=NAMES)
def test_every_colour_comes_before_one_comes_again(names: Names) -> None:
    """Attempts walk through all colours, then through all of them with a number."""
    count = len(COLOURS)
    assert {names.colour(attempt) for attempt in range(count)} == set(COLOURS)
    assert len({names.colour(attempt) for attempt in range(3 * count)}) == 3 * count


@MODERATE
@given(names=NAMES)
def test_a_rotated_secret_is_another(names: Names) -> None:
    """Each version of a credential is one of its own."""
    assert len({names.password(version) for version in range(5)}) == 5
    assert len({names.database_user(version) for version in range(5)}) == 5


@MODERATE
@given(names=NAMES, count=st.integers(0, 4))
def test_outbound_addresses_are_addresses(names: Names, count: int) -> None:
    """A space has as many as asked for, each of four numbers that a host can have."""
    made = names.public_ips(count)
    assert len(made) == count
    for each in made:
        parts = [int(part) for part in each.split(".")]
        assert len(parts) == 4
        assert all(1 <= part <= 254 for part in parts)


@MODERATE
@given(names=NAMES, region=st.sampled_from(sorted(catalog.ZONES)))
def test_dns_names_are_those_of_aws(names: Names, region: str) -> None:
    """A regional name, and one of each zone, in the region of the service."""
    service = service_name(region, names.service_id())
    assert re.fullmatch(rf"com\.amazonaws\.vpce\.{region}\.vpce-svc-{HEX}", service)
    made = endpoint_dns_name(names.endpoint_id(), names.dns_suffix(), service)
    tail = rf"\.vpce-svc-{HEX}\.{region}\.vpce\.amazonaws\.com"
    assert re.fullmatch(rf"vpce-{HEX}-{SHORT}{tail}", made)
    for zone in catalog.ZONES[region].values():
        zonal = endpoint_dns_name(names.endpoint_id(), names.dns_suffix(), service, zone)
        assert re.fullmatch(rf"vpce-{HEX}-{SHORT}-{zone}{tail}", zonal)
    assert all(len(label) <= 63 for label in zonal.split("."))


def test_the_endpoints_variable_is_the_articles() -> None:
    """The id is what follows `vpce-`, in capitals."""
    assert endpoint_variable("REDIS", "vpce-01c87ae3c05563935") == "REDIS_ENDPOINT_01C87AE3C05563935_URL"


@MODERATE
@given(names=NAMES, version=st.integers(0, 3))
def test_an_endpoints_url_is_what_its_service_writes(names: Names, version: int) -> None:
    """Redis without TLS in its scheme, Postgres with a user and a database, Kafka once for each zone's broker."""
    redis = urlsplit(endpoint_url(REDIS, names, version, ENDPOINT))
    assert (redis.scheme, redis.username, redis.password) == ("redis", "h", names.password(version))
    assert (redis.hostname, redis.port, redis.path) == (REGIONAL, 6379, "")
    postgres = urlsplit(endpoint_url(POSTGRES, names, version, ENDPOINT))
    assert (postgres.scheme, postgres.username) == ("postgres", names.database_user(version))
    assert (postgres.password, postgres.path) == (names.password(version), f"/{names.database_name()}")
    assert (postgres.hostname, postgres.port) == (REGIONAL, 5432)
    brokers = [urlsplit(each) for each in endpoint_url(KAFKA, names, version, ENDPOINT).split(",")]
    zonal = [REGIONAL.replace("-abcd1234.", f"-abcd1234-{zone}.") for zone in ENDPOINT.zones]
    assert [(each.scheme, each.hostname, each.port) for each in brokers] == [
        ("kafka+ssl", host, 9096) for host in zonal
    ]


@MODERATE
@given(names=NAMES, region=st.sampled_from(sorted(catalog.ZONES)))
def test_an_add_ons_own_url_is_a_url(names: Names, region: str) -> None:
    """What a dyno uses names a machine in the region, with the same credentials as through an endpoint."""
    tail = "compute-1.amazonaws.com" if region == "us-east-1" else f"{region}.compute.amazonaws.com"
    for service, schemes in ((REDIS, ["rediss"]), (POSTGRES, ["postgres"]), (KAFKA, ["kafka+ssl"] * 3)):
        found = [urlsplit(each) for each in own_url(service, names, 0, region).split(",")]
        assert [each.scheme for each in found] == schemes
        assert all((each.hostname or "").endswith(tail) and each.port in {6379, 5432, 9096} for each in found)
        assert service is KAFKA or found[0].password == names.password(0)
        assert len({each.hostname for each in found}) == len(schemes)


def test_each_attachment_gives_its_own_variables() -> None:
    """One for the add-on itself and one for each endpoint, under each attachment's name."""
    through = [("vpce-0a", "one"), ("vpce-0b", "two")]
    assert dict(of_attachment("REDIS", "own", through)) == {
        "REDIS_URL": "own",
        "REDIS_ENDPOINT_0A_URL": "one",
        "REDIS_ENDPOINT_0B_URL": "two",
    }
    assert [name for name, _ in of_attachment("HEROKU_REDIS_RED", "own", through)] == [
        "HEROKU_REDIS_RED_URL", "HEROKU_REDIS_RED_ENDPOINT_0A_URL", "HEROKU_REDIS_RED_ENDPOINT_0B_URL"
    ]  # fmt: skip
