"""What falls due, in which order, and the guarded change of a state."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, Update, bindparam, delete, func, literal, select, union_all, update
from sqlalchemy.sql.elements import ColumnElement

from kagemusha.domain.states import Machine
from kagemusha.store import models
from kagemusha.store.base import Queries, by, mine


@dataclass(frozen=True, slots=True)
class Due:
    """A thing with a life of its own, as the engine that moves it needs it. `id` orders what is due at once."""

    due_at: int
    id: int
    machine: Machine
    state: str
    generation: int
    resource: str
    name: str


class LostRace(RuntimeError):
    """A row was not in the state that was seen under the sandbox's lock: a bug, never to be silent."""


def labels(machine: Machine) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """What the journal calls a thing: its id on the wire and its name for people."""
    match machine:
        case Machine.ENDPOINT:
            return models.endpoints.c.endpoint_id, models.endpoints.c.addon_name
        case Machine.ALLOWED_ACCOUNT:
            return models.allowed_accounts.c.uuid, models.allowed_accounts.c.arn
        case Machine.PRIVATELINK:
            addon_name = (
                select(models.addons.c.name)
                .where(
                    models.addons.c.sandbox_id == models.privatelinks.c.sandbox_id,
                    models.addons.c.id == models.privatelinks.c.addon_id,
                )
                .scalar_subquery()
            )
            return models.privatelinks.c.uuid, func.coalesce(addon_name, "")
        case _:
            table = models.LIVING[machine]
            return table.c.uuid, table.c.name


def _due(*, bounded: bool) -> Select[Any]:
    parts = []
    for machine, table in models.LIVING.items():
        resource, name = labels(machine)
        part = select(
            table.c.due_at.label("due_at"), table.c.id.label("id"), literal(machine.value, String).label("machine"),
            table.c.state.label("state"), table.c.generation.label("generation"),
            resource.label("resource"), name.label("name"),
        ).where(mine(table), table.c.due_at.is_not(None))  # fmt: skip
        if bounded:
            part = part.where(table.c.due_at <= bindparam("until"))
        inner = part.order_by(table.c.due_at, table.c.id).limit(bindparam("limit")).subquery()
        parts.append(select(inner))
    every = union_all(*parts).subquery()
    return select(every).order_by(every.c.due_at, every.c.id).limit(bindparam("limit"))


_DUE = _due(bounded=True)
_PENDING = _due(bounded=False)
_NEXT = select(
    func.min(
        union_all(
            *(
                select(func.min(table.c.due_at).label("due_at")).where(mine(table), table.c.due_at.is_not(None))
                for table in models.LIVING.values()
            )
        )
        .subquery()
        .c.due_at
    )
)
_MOVE: dict[Machine, Update] = {
    machine: update(table)
    .where(mine(table), by(table, "id"), by(table, "state"), by(table, "generation"))
    .values(
        state=bindparam("new_state"),
        generation=table.c.generation + 1,
        due_at=bindparam("new_due_at"),
        held_by=bindparam("new_held_by"),
        held_left=bindparam("new_held_left"),
    )
    for machine, table in models.LIVING.items()
}
_VANISH = {
    machine: delete(table).where(mine(table), by(table, "id"), by(table, "state"), by(table, "generation"))
    for machine, table in models.LIVING.items()
}


class Lives(Queries):
    """Everything that has a life of its own, whatever its kind."""

    def due(self, until: int, limit: int) -> list[Due]:
        """The first `limit` things due at `until` or before, in the order in which they happen."""
        return self._read(_DUE, until=until, limit=limit)

    def pending(self, limit: int) -> list[Due]:
        """The first `limit` things that will happen."""
        return self._read(_PENDING, limit=limit)

    def _read(self, statement: Select[Any], **parameters: int) -> list[Due]:
        rows = self._execute(statement, **parameters)
        return [Due(r[0], r[1], Machine(r[2]), r[3], r[4], r[5], r[6]) for r in rows]

    def next_due_at(self) -> int | None:
        """The first moment at which something falls due."""
        moment: int | None = self._execute(_NEXT).scalar()
        return moment

    def move(self, machine: Machine, moves: list[dict[str, Any]]) -> None:
        """Change states: each of `moves` has by_id, by_state, by_generation, new_state and new_due_at."""
        if self._execute_many(_MOVE[machine], moves) != len(moves):
            raise LostRace(machine)

    def vanish(self, machine: Machine, number: int, state: str, generation: int) -> None:
        """Take a thing away that is in this state."""
        found = self._execute(_VANISH[machine], by_id=number, by_state=state, by_generation=generation)
        if found.rowcount != 1:
            raise LostRace(machine)
