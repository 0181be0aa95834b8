"""Worlds and rows for the store's tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_origin

from kagemusha.domain.states import Machine
from kagemusha.store import happenings, records
from kagemusha.store.dumps import JSON
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from sqlalchemy import Connection

ROWS: dict[str, type] = {
    "spaces": records.Space,
    "apps": records.App,
    "addons": records.Addon,
    "attachments": records.Attachment,
    "privatelinks": records.Privatelink,
    "allowed_accounts": records.AllowedAccount,
    "endpoints": records.Endpoint,
    "releases": records.Release,
    "faults": happenings.Fault,
}
"""The records of each of a store's tables of things."""

LIVING = {
    Machine.SPACE: "spaces",
    Machine.ADDON: "addons",
    Machine.PRIVATELINK: "privatelinks",
    Machine.ALLOWED_ACCOUNT: "allowed_accounts",
    Machine.ENDPOINT: "endpoints",
}
"""The tables of what falls due."""

_FIRST_STATES = {
    "spaces": "allocating",
    "addons": "provisioning",
    "privatelinks": "Provisioning",
    "allowed_accounts": "Provisioning",
    "endpoints": "pendingAcceptance",
}


def row(table: str, number: int, **more: Any) -> Any:
    """A row of `table`, of which `number` is in every value (a version its end); `more` are values of its own."""
    values: dict[str, Any] = {}
    for name, kind in ROWS[table].__annotations__.items():
        if kind in {int, int | None}:
            values[name] = number % 1_000 if name.endswith("version") else number
        elif kind == float | None:
            values[name] = None
        elif (table, name) in JSON:
            told = f"{name}-{number}"
            values[name] = json.dumps({told: told} if get_origin(JSON[table, name]) is dict else [told])
        elif kind in {bool, bool | None}:
            values[name] = bool(number % 2)
        else:
            values[name] = f"{name}-{number}"
    if table in _FIRST_STATES:
        values |= {"state": _FIRST_STATES[table], "generation": 0, "due_at": None, "held_by": None, "held_left": None}
    return ROWS[table](**(values | more))


def world(connection: Connection, name: str = "one", **more: Any) -> Store:
    """The store of a new sandbox."""
    values: dict[str, Any] = {
        "name": name, "seed": 7, "created_at": 0, "began_at": 0, "heroku_api_key": f"key-{name}",
        "aws_account_id": f"account-{name}", "aws_principal_arn": "arn", "aws_access_key_id": f"access-{name}",
        "aws_secret_access_key": "secret", "delays": "{}", "initial": "{}", "clock_offset": 0, "frozen_at": None,
        "pace": None, "latest_at": 0, "counter": 2, "journal_seq": 0, "next_due_at": None, "wake_at": None,
    }  # fmt: skip
    return Store(connection, Sandboxes(connection).insert(values | more))


@contextmanager
def asked(connection: Connection) -> Iterator[list[str]]:
    """The statements that SQLite is asked meanwhile, with their values in them."""
    statements: list[str] = []
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.set_trace_callback(statements.append)
    yield statements
    driver.set_trace_callback(None)
