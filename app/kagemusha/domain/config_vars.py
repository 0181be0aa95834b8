"""Which config vars an add-on gives to the apps that it is attached to, and with which values."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kagemusha.domain import catalog
from kagemusha.domain.names import Names, endpoint_dns_name

KAFKA_BROKERS = 3


class Connection(NamedTuple):
    """An available endpoint, as its URL names it."""

    endpoint_id: str
    dns_suffix: str
    service_name: str
    zones: tuple[str, ...]

    @property
    def host(self) -> str:
        """The regional DNS name."""
        return endpoint_dns_name(self.endpoint_id, self.dns_suffix, self.service_name)

    @property
    def zonal_hosts(self) -> tuple[str, ...]:
        """The DNS name in each zone."""
        return tuple(
            endpoint_dns_name(self.endpoint_id, self.dns_suffix, self.service_name, zone) for zone in self.zones
        )


def endpoint_variable(attachment: str, endpoint_id: str) -> str:
    """``REDIS_ENDPOINT_01C87AE3C05563935_URL`` (known)."""
    return f"{attachment}_ENDPOINT_{endpoint_id.removeprefix('vpce-').upper()}_URL"


def redis_url(names: Names, version: int, host: str, scheme: str) -> str:
    """``redis://h:p<64 hex>@<host>:6379``. Through an endpoint the scheme is `redis` although it is TLS (known)."""
    return f"{scheme}://h:{names.password(version)}@{host}:6379"


def postgres_url(names: Names, version: int, host: str) -> str:
    """``postgres://user:password@<host>:5432/database``; clients insist on this scheme."""
    user, password = names.database_user(version), names.password(version)
    return f"postgres://{user}:{password}@{host}:5432/{names.database_name()}"


def kafka_url(hosts: Sequence[str]) -> str:
    """``kafka+ssl://<host>:9096``, a comma list over brokers."""
    return ",".join(f"kafka+ssl://{host}:9096" for host in hosts)


def own_url(service: catalog.Service, names: Names, version: int, aws_region: str) -> str:
    """What ``<ATTACHMENT>_URL`` holds: the store as a dyno reaches it."""
    match service.name:
        case "heroku-redis":
            return redis_url(names, version, names.host(0, aws_region), "rediss")
        case "heroku-postgresql":
            return postgres_url(names, version, names.host(0, aws_region))
        case _:
            return kafka_url([names.host(part, aws_region) for part in range(KAFKA_BROKERS)])


def endpoint_url(service: catalog.Service, names: Names, version: int, connection: Connection) -> str:
    """What ``<ATTACHMENT>_ENDPOINT_<ID>_URL`` holds: the store as the VPC of the endpoint reaches it."""
    match service.name:
        case "heroku-redis":
            return redis_url(names, version, connection.host, "redis")
        case "heroku-postgresql":
            return postgres_url(names, version, connection.host)
        case _:
            return kafka_url(connection.zonal_hosts or (connection.host,))


def of_attachment(attachment: str, own: str | None, endpoints: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The names and values that an attachment of this name gives: its own URL, if any, and one for each endpoint.

    `endpoints` are ids, each with the URL through it.
    """
    if own is not None:
        yield f"{attachment}_URL", own
    for endpoint_id, url in endpoints:
        yield endpoint_variable(attachment, endpoint_id), url
