"""The faults of a world that wait for stages, as one transaction meets them."""

import json
from collections.abc import Callable, Sequence

from kagemusha.domain.faults import StageEffect
from kagemusha.domain.lifecycle import AS_USUAL, Wait, stage_id
from kagemusha.domain.states import Machine
from kagemusha.services.fault_hits import Labels, meet
from kagemusha.store.happenings import Fault
from kagemusha.store.records import Sandbox
from kagemusha.store.store import Store


def effect_of(fault: Fault) -> StageEffect:
    """What a fault of a stage does."""
    return StageEffect(**json.loads(fault.effect))


class StageFaults:
    """Asked at each step; counts and writes down what it finds."""

    def __init__(self, store: Store, sandbox: Sandbox) -> None:
        """Of the world `sandbox`, whose rows `store` keeps."""
        self._store = store
        self._seed = sandbox.seed
        self._faults = [each for each in store.faults.all() if each.stage is not None and each.remaining != 0]

    def labels(self, machine: Machine, number: int, resource: str, name: str, addon: str | None = None) -> Labels:
        """What a `match` may name of a thing; `addon` names the add-on of an account that is not there yet."""
        named = {"resource": (resource,), "name": (name,)}
        match machine:
            case Machine.SPACE:
                return named
            case Machine.ALLOWED_ACCOUNT:
                return named | {"addon": (addon or self._addon_of(number),)}
            case _:
                return named | {"addon": (name,)}

    def _addon_of(self, number: int) -> str:
        account = self._store.allowed_accounts.get(number)
        link = self._store.privatelinks.get(account.privatelink_id) if account else None
        addon = self._store.addons.get(link.addon_id) if link else None
        return addon.name if addon else ""

    def failing(self, machine: Machine, state: str, ends: Sequence[str], labels: Labels, at: int) -> str | None:
        """The one of `ends` in which the stage that falls due at `at` ends, if a fault says so."""
        met = self._meet(_of(machine, state, lambda effect: effect.fail is not None), labels, at)
        if met is None:
            return None
        said = effect_of(met).fail
        return said if isinstance(said, str) else ends[0]

    def waiting(self, machine: Machine, state: str, labels: Labels, at: int) -> Wait:
        """How long the stage that is entered at `at` lasts: held, slow or as usual."""
        slow = self._meet(_of(machine, state, lambda effect: effect.slow is not None), labels, at)
        hold = self._meet(_of(machine, state, lambda effect: effect.hold), labels, at)
        if slow is None and hold is None:
            return AS_USUAL
        return Wait((effect_of(slow).slow if slow else None) or 1, hold.id if hold else None)

    def caught(self, number: int, labels: Labels, at: int) -> bool:
        """Whether what is in its stage already meets the fault with this number."""
        return self._meet(lambda fault: fault.id == number, labels, at) is not None

    def _meet(self, is_asked: Callable[[Fault], bool], labels: Labels, at: int) -> Fault | None:
        for place, fault in enumerate(self._faults):
            if is_asked(fault):
                self._faults[place], is_met = meet(self._store, self._seed, fault, labels, at)
                if is_met:
                    return self._faults[place]
        return None


def _of(machine: Machine, state: str, does: Callable[[StageEffect], bool]) -> Callable[[Fault], bool]:
    stage = stage_id(machine, state)
    return lambda fault: fault.stage == stage and does(effect_of(fault))
