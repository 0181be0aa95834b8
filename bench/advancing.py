"""How many transitions a second `advance` fires, effects included, beside what the database does in plain batches."""

import asyncio
import time
from typing import Any

from kagemusha.clock import system_now
from kagemusha.services.transactions import Transactions
from kagemusha.store import models, server_models
from kagemusha.store.engine import connect, writing
from sqlalchemy import Connection, bindparam, insert, select, update

_BATCH = 1_000


def plain(database: str) -> float:
    """Changes a second, in batches of one UPDATE and one INSERT, of all endpoints of the database."""
    engine = connect(database)
    table = models.endpoints
    change = update(table).where(table.c.sandbox_id == bindparam("s"), table.c.id == bindparam("i")).values(due_at=None)
    with writing(engine) as connection:
        with connection.begin():
            rows = [tuple(row) for row in connection.execute(select(table.c.sandbox_id, table.c.id))]
        began = time.perf_counter()
        for start in range(0, len(rows), _BATCH):
            with connection.begin():
                batch = rows[start : start + _BATCH]
                connection.execute(change, [{"s": sandbox, "i": number} for sandbox, number in batch])
                connection.execute(insert(models.journal), [_entry(*row) for row in batch])
        lasted = time.perf_counter() - began
        with connection.begin():
            connection.execute(models.journal.delete())
    engine.dispose()
    return len(rows) / lasted


def _entry(sandbox: int, number: int) -> dict[str, Any]:
    return {
        "sandbox_id": sandbox, "seq": number, "kind": "transition", "at": number, "machine": "endpoint",
        "resource": "vpce-00f1a0d2fe69a1ff0", "name": "redis-1", "source": "pending", "target": "available",
    }  # fmt: skip


def advancing(database: str) -> float:
    """Transitions a second when all endpoints of the database become available, each with config var and release."""
    engine = connect(database)
    with writing(engine) as connection, connection.begin():
        due = _let_all_fall_due(connection)
    transactions = Transactions(engine, system_now, 1.0)
    name = ("name", _sandbox(engine))
    began = time.perf_counter()
    fired = asyncio.run(transactions.settle(name, due))
    lasted = time.perf_counter() - began
    transactions.close()
    return fired / lasted


def _let_all_fall_due(connection: Connection) -> int:
    """Every endpoint is pending and falls due, one a millisecond; returns the last moment."""
    now = system_now()
    table = models.endpoints
    variables = models.config_vars
    connection.execute(variables.delete().where(variables.c.name.like("%ENDPOINT%")))
    numbers = connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
    change = update(table).where(table.c.id == bindparam("i")).values(state="pending", due_at=bindparam("d"))
    connection.execute(change, [{"i": number, "d": now + place} for place, number in enumerate(numbers)])
    connection.execute(update(server_models.sandboxes).values(next_due_at=now, frozen_at=now, counter=1_000_000_000))
    return now + len(numbers)


def _sandbox(engine: Any) -> str:
    with engine.connect() as connection, connection.begin():
        return str(connection.execute(select(server_models.sandboxes.c.name)).scalar())
