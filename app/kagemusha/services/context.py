"""All that a use-case may know: the world's store, the moment, and how long things last."""

from typing import NamedTuple

from kagemusha.domain import catalog, lifecycle
from kagemusha.domain.lifecycle import AS_USUAL, Step, Timing
from kagemusha.domain.names import Names
from kagemusha.domain.stages import On, Stage
from kagemusha.domain.states import Machine
from kagemusha.services.data_plane import DataPlane
from kagemusha.services.stage_faults import StageFaults
from kagemusha.store.living import Due
from kagemusha.store.records import Endpoint, Living, Sandbox
from kagemusha.store.store import Store


class User(NamedTuple):
    """Who makes a release."""

    uuid: str
    email: str


class Context(NamedTuple):
    """One transaction's view of one world, at the moment `now` (milliseconds)."""

    store: Store
    sandbox: Sandbox
    now: int
    timing: Timing
    faults: StageFaults | None = None
    data_plane: DataPlane | None = None

    def at(self, moment: int) -> "Context":
        """The same world, at another moment."""
        return Context(self.store, self.sandbox, moment, self.timing, self.faults, self.data_plane)

    def spelled(self, url: str, *, live: bool = True) -> str:
        """A data store's URL as clients are to have it; `live` says that what it leads to is there."""
        return url if self.data_plane is None else self.data_plane.spelled(self.sandbox.id, url, live=live)

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

    def born(self, machine: Machine, number: int, resource: str, name: str, addon: str | None = None) -> Step:
        """Bring a thing with a life of its own into being; its row is the caller's to write.

        `addon` names the add-on of a thing that has another name.
        """
        return self._take(machine, None, On.CREATE, number=number, visit=0, resource=resource, name=name, addon=addon)

    def step(self, thing: Due | Living, machine: Machine, on: On, resource: str, name: str) -> Step:
        """Take a thing the step that `on` asks for; raises IllegalStep, which the caller says in its own words."""
        step = self._take(
            machine, thing.state, on, number=thing.id, visit=thing.generation + 1, resource=resource, name=name
        )
        self.store.move(thing, step, resource, name)
        return step

    def wait_again(self, endpoint: Endpoint) -> None:
        """Let an endpoint wait in its state anew, as if it had just come there."""
        machine, number = Machine.ENDPOINT, endpoint.id
        labels = self.faults.labels(machine, number, endpoint.endpoint_id, endpoint.addon_name) if self.faults else {}
        wait = self.faults.waiting(machine, endpoint.state, labels, self.now) if self.faults else AS_USUAL
        step = lifecycle.enter(
            Stage(machine, endpoint.state, endpoint.state),
            at=self.now, resource=number, visit=endpoint.generation + 1, timing=self.timing, wait=wait,
        )  # fmt: skip
        self.store.rearm(endpoint, step)

    def _take(
        self, machine: Machine, source: str | None, on: On, *, number: int, visit: int, resource: str, name: str,
        addon: str | None = None,
    ) -> Step:  # fmt: skip
        failing, wait = None, AS_USUAL
        faults = self.faults
        labels = faults.labels(machine, number, resource, name, addon) if faults else {}
        if faults and source is not None and (ends := lifecycle.failures(machine, source, on)):
            failing = faults.failing(machine, source, ends, labels, self.now)
        taken = lifecycle.stage(machine, source, on, failing)
        if faults and taken.target is not None:
            wait = faults.waiting(machine, taken.target, labels, self.now)
        step = lifecycle.enter(taken, at=self.now, resource=number, visit=visit, timing=self.timing, wait=wait)
        self.store.journal(self.now, step, resource, name)
        self.store.expect(step.due_at)
        return step


def provider(service: catalog.Service) -> User:
    """Who makes the releases of an add-on's provider."""
    return User(catalog.catalog_uuid("user", service.provider_email), service.provider_email)
