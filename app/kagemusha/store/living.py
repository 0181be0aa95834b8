"""What falls due, in which order, and the guarded change of a state."""

from collections import defaultdict
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from sqlalchemy import Select, String, bindparam, func, literal, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store import models
from kagemusha.store.base import Queries, change_many, delete_many, mine
from kagemusha.store.records import Living
from kagemusha.store.work import Work


class Due(NamedTuple):
    """A thing with a life of its own, as the engine that moves it needs it. `id` orders what is due at once."""

    due_at: int
    id: int
    machine: Machine
    state: str
    generation: int
    resource: str
    name: str


class Agenda:
    """What falls due, in the order in which it happens; what is moved meanwhile takes its new place, or none."""

    def __init__(self) -> None:
        """Nothing is to come."""
        self.clear()

    def clear(self) -> None:
        """Forget what is to come: it has to be read again."""
        self.fill([], (0, 0))

    def fill(self, due: list[Due], end: tuple[int, int]) -> None:
        """Let `due` come, which is all that there is before the moment and id `end`, or at it."""
        self._queue = [(each.due_at, each.id, each) for each in due]
        self._coming = {each.id: each for each in due}
        self._end = end
        heapify(self._queue)

    def coming(self) -> list[Due]:
        """What is to come, in any order."""
        return list(self._coming.values())

    def take(self) -> Due | None:
        """What happens next; None when nothing does, or nothing is known of it."""
        while self._queue:
            due = heappop(self._queue)[2]
            if self._coming.get(due.id) is due:
                del self._coming[due.id]
                return due
        return None

    def move(self, number: int, step: Step, generation: int, resource: str, name: str) -> None:
        """Let a thing that took `step` come when that says, if at all."""
        self._coming.pop(number, None)
        if step.target is not None and step.due_at is not None and (step.due_at, number) < self._end:
            due = Due(step.due_at, number, step.machine, step.target, generation, resource, name)
            self._coming[number] = due
            heappush(self._queue, (due.due_at, number, due))


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


def _due() -> Select[Any]:
    parts = []
    for machine, table in models.LIVING.items():
        resource, name = labels(machine)
        part = select(
            table.c.due_at.label("due_at"), table.c.id.label("id"), literal(machine.value, String).label("machine"),
            table.c.state.label("state"), table.c.generation.label("generation"),
            resource.label("resource"), name.label("name"),
        ).where(mine(table), table.c.due_at.is_not(None), table.c.due_at <= bindparam("until"))  # fmt: skip
        inner = part.order_by(table.c.due_at, table.c.id).limit(bindparam("limit")).subquery()
        parts.append(select(inner))
    every = union_all(*parts).subquery()
    return select(every).order_by(every.c.due_at, every.c.id).limit(bindparam("limit"))


_MACHINES = {machine.value: machine for machine in Machine}
_DUE = _due()
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
_GUARD = ("id", "state", "generation")
"""A change of state is from the state, and the generation, that were seen."""
_MOVE = {
    machine: change_many(table, _GUARD, ("state", "generation", "due_at", "held_by", "held_left"))
    for machine, table in models.LIVING.items()
}
_VANISH = {machine: delete_many(table, _GUARD) for machine, table in models.LIVING.items()}


class Lives(Queries):
    """Everything that has a life of its own, whatever its kind."""

    def __init__(self, work: Work) -> None:
        """Nothing is kept back yet."""
        super().__init__(work)
        self._moves: defaultdict[Machine, dict[int, dict[str, Any]]] = defaultdict(dict)
        self._agenda = work.remember(Agenda())

    def due(self, until: int, limit: int) -> list[Due]:
        """The first `limit` things due at `until` or before, in the order in which they happen."""
        return self._read(_DUE, until=until, limit=limit)

    def agenda(self, until: int, limit: int) -> Agenda:
        """`due`, to be taken one by one while moves change what is to come."""
        due = self.due(until, limit)
        # What is behind the last one read is for the next agenda.
        self._agenda.fill(due, (due[-1].due_at, due[-1].id) if len(due) == limit else (until + 1, 0))
        return self._agenda

    def _read(self, statement: Select[Any], **parameters: int) -> list[Due]:
        return [Due(r[0], r[1], _MACHINES[r[2]], *r[3:]) for r in self._rows(statement, **parameters)]

    def next_due_at(self) -> int | None:
        """The first moment at which something falls due."""
        moment: int | None = self._execute(_NEXT).scalar()
        return moment

    def move(self, thing: Due | Living, step: Step, resource: str, name: str) -> None:
        """Put a thing into the state that `step` leads to, or take it away; it must still be as seen.

        That it is in the world as it was seen first, is known when this is sent. `resource` and `name` are what the
        journal calls it.
        """
        moves = self._moves[step.machine]
        move = moves.get(thing.id)
        if move is None:
            seen = {"by_id": thing.id, "by_state": thing.state, "by_generation": thing.generation}
            move = moves[thing.id] = seen
            self._work.keep(self._send)
        elif (move["new_state"], move["new_generation"]) != (thing.state, thing.generation):
            raise LostRace(step.machine)
        generation = thing.generation + 1
        move["new_state"], move["new_generation"], move["new_due_at"] = step.target, generation, step.due_at
        move["new_held_by"], move["new_held_left"] = step.held_by, step.held_left
        self._know(thing.id, step, generation)
        self._agenda.move(thing.id, step, generation, resource, name)

    def _know(self, number: int, step: Step, generation: int) -> None:
        """Let a row that is known be as it will be when the move is sent."""
        known = self._work.known.get(models.LIVING[step.machine].name)
        if known is None or (row := known.get(number)) is None:
            return
        if step.target is None:
            known.drop(number)
        else:
            known.put(
                row._replace(
                    state=step.target, generation=generation, due_at=step.due_at, held_by=step.held_by,
                    held_left=step.held_left,
                )
            )  # fmt: skip

    def _send(self) -> None:
        for machine, moves in self._moves.items():
            changes = [move for move in moves.values() if move["new_state"] is not None]
            ends = [{f"by_{part}": move[f"by_{part}"] for part in _GUARD} for move in moves.values()
                    if move["new_state"] is None]  # fmt: skip
            if self._send_many(_MOVE[machine], changes) + self._send_many(_VANISH[machine], ends) != len(moves):
                raise LostRace(machine)
            moves.clear()
