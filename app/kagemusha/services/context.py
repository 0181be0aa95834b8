"""All that a use-case may know: the world's store, the moment, and how long things last."""

from dataclasses import dataclass

from kagemusha.domain import catalog, lifecycle
from kagemusha.domain.lifecycle import Step, Timing
from kagemusha.domain.names import Names
from kagemusha.domain.stages import On
from kagemusha.domain.states import Machine
from kagemusha.store.living import Due
from kagemusha.store.records import Living, Sandbox
from kagemusha.store.store import Store


@dataclass(frozen=True, slots=True)
class User:
    """Who makes a release."""

    uuid: str
    email: str


@dataclass(frozen=True, slots=True)
class Context:
    """One transaction's view of one world, at the moment `now` (milliseconds)."""

    store: Store
    sandbox: Sandbox
    now: int
    timing: Timing

    def at(self, moment: int) -> "Context":
        """The same world, at another moment."""
        return Context(self.store, self.sandbox, moment, self.timing)

    def names(self, number: int) -> Names:
        """The names of the `number`-th thing of this world."""
        return self.sandbox.names(number)

    @property
    def account(self) -> User:
        """The one account of the world: its first thing."""
        return User(self.names(1).uuid(), f"{self.sandbox.name}@kagemusha.example")

    @property
    def team_uuid(self) -> str:
        """The id of the one team, `kagemusha`: the world's second thing."""
        return self.names(2).uuid()

    def born(self, machine: Machine, number: int, resource: str, name: str) -> Step:
        """Bring a thing with a life of its own into being; its row is the caller's to write."""
        return self._take(machine, None, On.CREATE, number=number, visit=0, resource=resource, name=name)

    def step(self, thing: Due | Living, machine: Machine, on: On, resource: str, name: str) -> Step:
        """Take a thing the step that `on` asks for; raises IllegalStep, which the caller says in its own words."""
        step = self._take(
            machine, thing.state, on, number=thing.id, visit=thing.generation + 1, resource=resource, name=name
        )
        self.store.move(thing, step, resource, name)
        return step

    def _take(
        self, machine: Machine, source: str | None, on: On, *, number: int, visit: int, resource: str, name: str
    ) -> Step:
        step = lifecycle.take(machine, source, on, at=self.now, resource=number, visit=visit, timing=self.timing)
        self.store.journal(self.now, step, resource, name)
        self.store.expect(step.due_at)
        return step


def provider(service: catalog.Service) -> User:
    """Who makes the releases of an add-on's provider."""
    return User(catalog.catalog_uuid("user", service.provider_email), service.provider_email)
