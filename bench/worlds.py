"""Worlds of any size, written through the store's tables in bulk."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from kagemusha.clock import system_now
from kagemusha.domain.names import Names, service_name
from kagemusha.services.sandboxes import NewSandbox, create_sandbox
from kagemusha.services.transactions import Transactions
from kagemusha.store import models, server_models
from kagemusha.store.engine import connect, writing
from kagemusha.store.migrate import upgrade_database
from kagemusha.store.records import Sandbox
from sqlalchemy import insert, update

PLAN = "heroku-redis:private-7"
_BATCH = 10_000
_PER_LINK = 5
"""Places in the world's counter that a link's things take: app, add-on, attachment, link, account."""
_ACCOUNT = "123456789101"
_ROOT = f"arn:aws:iam::{_ACCOUNT}:root"


def fill(database: str, links: int, spare: int = 0) -> str:
    """A sandbox with `links` operational privatelinks and `spare` add-ons that have none yet; returns its key.

    Each add-on has an app of its own. Link `n` belongs to add-on ``redis-n`` of app ``app-n``, connected once.
    """
    upgrade_database(database)
    engine = connect(database)
    transactions = Transactions(engine, system_now, 1.0)
    sandbox = asyncio.run(create_sandbox(transactions, NewSandbox(f"bench-{links}", seed=1, pace=1.0)))
    with writing(engine) as connection, connection.begin():
        connection.execute(insert(models.spaces), [_space(sandbox)])
        for table, make in _TABLES.items():
            for start in range(0, links + spare, _BATCH):
                numbers = range(start, min(start + _BATCH, links + spare))
                if rows := [row for number in numbers for row in make(sandbox, number, number < links)]:
                    connection.execute(insert(table), rows)
        connection.execute(update(server_models.sandboxes).values(counter=_first(links + spare)))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    transactions.close()
    return sandbox.heroku_api_key


def _first(number: int) -> int:
    return 10 + number * _PER_LINK


def _living(state: str) -> dict[str, Any]:
    return {"state": state, "generation": 1, "due_at": None}


def _space(sandbox: Sandbox) -> dict[str, Any]:
    at = sandbox.began_at
    return {
        "sandbox_id": sandbox.id, "id": 3, "uuid": Names(1, 3).uuid(), "name": "harbor", "region": "virginia",
        "shield": False, "cidr": "10.0.0.0/16", "data_cidr": "10.1.0.0/16", "created_at": at, "updated_at": at,
        **_living("allocated"),
    }  # fmt: skip


def _apps(sandbox: Sandbox, number: int, _linked: bool) -> Iterator[dict[str, Any]]:
    at, first = sandbox.began_at, _first(number)
    yield {
        "sandbox_id": sandbox.id, "id": first, "uuid": Names(1, first).uuid(), "name": f"app-{number}",
        "region": "virginia", "space_id": 3, "in_team": True, "locked": False, "internal_routing": False,
        "stack": "heroku-24", "created_at": at, "updated_at": at, "released_at": at, "release_version": 1,
    }  # fmt: skip


def _addons(sandbox: Sandbox, number: int, _linked: bool) -> Iterator[dict[str, Any]]:
    at, place = sandbox.began_at, _first(number) + 1
    yield {
        "sandbox_id": sandbox.id, "id": place, "uuid": Names(1, place).uuid(), "name": f"redis-{number}",
        "app_id": place - 1, "plan": PLAN, "config": "{}", "credential_version": 0, "created_at": at,
        "updated_at": at, **_living("provisioned"),
    }  # fmt: skip


def _attachments(sandbox: Sandbox, number: int, _linked: bool) -> Iterator[dict[str, Any]]:
    at, place = sandbox.began_at, _first(number) + 2
    yield {
        "sandbox_id": sandbox.id, "id": place, "uuid": Names(1, place).uuid(), "name": "REDIS",
        "addon_id": place - 1, "app_id": place - 2, "created_at": at, "updated_at": at,
    }  # fmt: skip


def _links(sandbox: Sandbox, number: int, linked: bool) -> Iterator[dict[str, Any]]:
    place = _first(number) + 3
    if linked:
        yield {
            "sandbox_id": sandbox.id, "id": place, "uuid": Names(1, place).uuid(), "addon_id": place - 2,
            "service_name": _service(place), "created_at": sandbox.began_at, **_living("Operational"),
        }  # fmt: skip


def _accounts(sandbox: Sandbox, number: int, linked: bool) -> Iterator[dict[str, Any]]:
    place = _first(number) + 4
    if linked:
        yield {
            "sandbox_id": sandbox.id, "id": place, "uuid": Names(1, place).uuid(), "privatelink_id": place - 1,
            "account_id": _ACCOUNT, "arn": _ROOT, "created_at": sandbox.began_at, **_living("Active"),
        }  # fmt: skip


def _endpoints(sandbox: Sandbox, number: int, linked: bool) -> Iterator[dict[str, Any]]:
    link = _first(number) + 3
    names = Names(2, link)
    if linked:
        yield {
            "sandbox_id": sandbox.id, "id": link + 10_000_000, "endpoint_id": names.endpoint_id(),
            "privatelink_id": link, "addon_id": link - 2, "addon_name": f"redis-{number}",
            "service_name": _service(link), "principal_arn": _ROOT, "owner_account_id": _ACCOUNT,
            "dns_suffix": names.dns_suffix(), "availability_zone_ids": json.dumps(["use1-az1"]), "vpc_id": None,
            "security_group_ids": None, "created_at": sandbox.began_at, **_living("available"),
        }  # fmt: skip


def _variables(sandbox: Sandbox, number: int, linked: bool) -> Iterator[dict[str, Any]]:
    app, attachment = _first(number), _first(number) + 2
    endpoint = Names(2, _first(number) + 3).endpoint_id().removeprefix("vpce-").upper()
    names = ["REDIS_URL", *([f"REDIS_ENDPOINT_{endpoint}_URL"] if linked else [])]
    for name in names:
        yield {
            "sandbox_id": sandbox.id, "app_id": app, "name": name, "attachment_id": attachment,
            "value": f"redis://h:{Names(1, app + 1).password()}@{name.lower()}.us-east-1.vpce.amazonaws.com:6379",
        }  # fmt: skip


def _service(place: int) -> str:
    return service_name("us-east-1", Names(1, place).service_id())


_TABLES: dict[Any, Callable[[Sandbox, int, bool], Iterator[dict[str, Any]]]] = {
    models.apps: _apps,
    models.addons: _addons,
    models.attachments: _attachments,
    models.privatelinks: _links,
    models.allowed_accounts: _accounts,
    models.endpoints: _endpoints,
    models.config_vars: _variables,
}
