"""What waits for the end of its stage, by itself or until it is released: asked for, held and let go one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Table, Update, bindparam, literal, select, union_all, update

from kagemusha.domain.states import Machine
from kagemusha.store import models
from kagemusha.store.base import Queries, by, mine
from kagemusha.store.living import LostRace, labels


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thing whose stage ends at `due_at`, or is held: by a fault (0: by hand), with `held_left` ms to go."""

    due_at: int | None
    id: int
    machine: Machine
    state: str
    generation: int
    resource: str
    name: str
    held_by: int | None
    held_left: int | None


def _waiting(machine: Machine, *conditions: ColumnElement[bool]) -> Select[Any]:
    table = models.LIVING[machine]
    resource, name = labels(machine)
    return select(
        table.c.due_at.label("due_at"), table.c.id.label("id"), literal(machine.value, String).label("machine"),
        table.c.state.label("state"), table.c.generation.label("generation"), resource.label("resource"),
        name.label("name"), table.c.held_by.label("held_by"), table.c.held_left.label("held_left"),
    ).where(mine(table), *conditions)  # fmt: skip


def _of_all(condition: Callable[[Table], ColumnElement[bool]], *order: str) -> Select[Any]:
    """The first of all kinds: each by an index of its own, and of those the first."""
    parts = []
    for machine, table in models.LIVING.items():
        part = _waiting(machine, condition(table)).order_by(*(table.c[name] for name in order))
        parts.append(select(part.limit(bindparam("limit")).subquery()))
    every = union_all(*parts).subquery()
    return select(every).order_by(*(every.c[name] for name in order)).limit(bindparam("limit"))


_DUE = _of_all(lambda table: table.c.due_at.is_not(None), "due_at", "id")
_HELD = _of_all(lambda table: table.c.held_by.is_not(None), "held_by", "id")
_HELD_BY = _of_all(lambda table: by(table, "held_by"), "id")
_IN_STATE = {
    machine: _waiting(machine, by(table, "state"), table.c.due_at.is_not(None)).order_by(table.c.due_at, table.c.id)
    for machine, table in models.LIVING.items()
}
_KEY = {machine: "endpoint_id" if machine is Machine.ENDPOINT else "uuid" for machine in Machine}
_NAMED = {machine: _waiting(machine, by(models.LIVING[machine], key)) for machine, key in _KEY.items()}
_KEEP: dict[Machine, Update] = {
    machine: update(table)
    .where(mine(table), by(table, "id"), by(table, "state"), by(table, "generation"))
    .values({name: bindparam(f"new_{name}") for name in ("due_at", "held_by", "held_left")})
    for machine, table in models.LIVING.items()
}
_MOST = 1_000_000


class Waitings(Queries):
    """Everything that waits, whatever its kind."""

    def due(self, limit: int) -> list[Waiting]:
        """The first `limit` things that will happen by themselves, soonest first."""
        return self._read(_DUE, limit=limit)

    def held(self, limit: int) -> list[Waiting]:
        """The first `limit` things that are held: by the oldest fault first, and of those the oldest."""
        return self._read(_HELD, limit=limit)

    def held_by(self, fault: int) -> list[Waiting]:
        """What this fault holds, oldest first."""
        return self._read(_HELD_BY, by_held_by=fault, limit=_MOST)

    def in_state(self, machine: Machine, state: str) -> list[Waiting]:
        """What will leave this state by itself, soonest first."""
        return self._read(_IN_STATE[machine], by_state=state)

    def named(self, resource: str) -> Waiting | None:
        """The thing that the journal calls `resource`."""
        for machine, key in _KEY.items():
            for found in self._read(_NAMED[machine], **{f"by_{key}": resource}):
                return found
        return None

    def hold(self, thing: Waiting, by: int, left: int) -> None:
        """Keep a thing in its state until it is released, with `left` ms to go."""
        self._keep(thing, due_at=None, held_by=by, held_left=left)

    def let_go(self, thing: Waiting, due_at: int) -> None:
        """Let a thing leave its state by itself at `due_at`."""
        self._keep(thing, due_at=due_at, held_by=None, held_left=None)

    def _keep(self, thing: Waiting, **new: int | None) -> None:
        given = {f"new_{name}": value for name, value in new.items()}
        seen = {"by_id": thing.id, "by_state": thing.state, "by_generation": thing.generation}
        if self._execute(_KEEP[thing.machine], **seen, **given).rowcount != 1:
            raise LostRace(thing.machine)

    def _read(self, statement: Select[Any], **parameters: Any) -> list[Waiting]:
        rows = self._execute(statement, **parameters)
        return [Waiting(r[0], r[1], Machine(r[2]), *r[3:]) for r in rows]
