"""Scenario files, YAML or JSON: read, checked and played, with the line of whatever is wrong in them."""

import re
from collections.abc import Collection, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import ValidationError

from kagemusha.api.sim.scenarios import ScenarioBody, events
from kagemusha.clock import from_datetime
from kagemusha.domain.errors import DomainError
from kagemusha.problems import StartProblem
from kagemusha.services import scenarios
from kagemusha.services.sandboxes import NewSandbox, check
from kagemusha.services.transactions import Transactions

BIGGEST = 1_000_000
"""Bytes of a file that is read."""
MOST_VALUES = 100_000
"""Of a file, with its aliases written out."""
_PLACE = re.compile(r"scenario\.(?P<kind>\w+)\[(?P<number>\d+)\]: (?P<said>.*)", re.ASCII | re.DOTALL)


class ScenarioProblem(StartProblem):
    """The scenario can't be played: a line for each thing that is wrong, with its place in the file."""


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: moments stay text, and there are no sets, bytes, or numbers without an end."""

    yaml_constructors: ClassVar = {
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in {"map", "seq", "str", "int", "float", "bool", "null"}
    }

    def construct_yaml_float(self, node: Any) -> float:
        """A number that JSON has, too."""
        number: float = super().construct_yaml_float(node)
        if not isfinite(number):
            raise _error("JSON has no such number", node)
        return number


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)

_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _error(said: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=said, problem_mark=node.start_mark)


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """How many values a node holds, each alias with all that it names. `known` has the sizes of others.

    Raises MarkedYAMLError for too many, for what holds itself, and for a key that is said twice.
    """
    if node in known:
        if not known[node]:
            raise _error("this holds itself", node)
        return known[node]
    known[node], parts = 0, []
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in keys:
                raise _error(f"{key.value} is said twice", key)
            keys.update([key.value] if isinstance(key, yaml.ScalarNode) else [])
            parts += [key, value]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    known[node] = 1 + sum(_size(part, known) for part in parts)
    if known[node] > MOST_VALUES:
        raise _error(f"this holds more than {MOST_VALUES} values", node)
    return known[node]


class ScenarioFile:
    """A file, and where in it what stands."""

    def __init__(self, path: Path) -> None:
        """Read `path`. Raises ScenarioProblem when it is no readable YAML or JSON."""
        self.path = path
        try:
            with path.open("rb") as file:
                read = file.read(BIGGEST + 1)
            text = read[:BIGGEST].decode(errors="strict" if len(read) <= BIGGEST else "replace")
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ScenarioProblem(f"Can't read the scenario {path}: {said}.") from None
        if len(read) > BIGGEST:
            raise ScenarioProblem(f"Can't read the scenario {path}: it is larger than {BIGGEST} bytes.")
        try:
            loader = _Loader(text)
            self._root = loader.get_single_node()
            if self._root:
                _size(self._root, {})
            self.data: Any = loader.construct_document(self._root) if self._root else None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ScenarioProblem(f"{path}:{line}: no YAML or JSON: {error.problem}.") from None
        except RecursionError:
            raise ScenarioProblem(f"{path}: no YAML or JSON: it is nested too deeply.") from None
        except (yaml.YAMLError, ValueError) as error:
            raise ScenarioProblem(f"{path}: no YAML or JSON: {error}.") from None

    def line(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the innermost part of `place` that is there."""
        node = self._root
        line: int = node.start_mark.line if node else 0
        for part in place:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line
            elif isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == part), None)
                if found is None:
                    continue
                line, node = found[0].start_mark.line, found[1]
        return line + 1

    def problem(self, place: Sequence[str | int], said: str) -> str:
        """A line that says what is wrong, and where."""
        named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
        return f"{self.path}:{self.line(place)}: {f'{named}: ' if named else ''}{said}"


def checked(file: ScenarioFile) -> ScenarioBody:
    """What a file says. Raises ScenarioProblem for what no scenario can say."""
    try:
        return ScenarioBody.model_validate(file.data)
    except ValidationError as error:
        raise ScenarioProblem("\n".join(_problems(file, error))) from None


def _problems(file: ScenarioFile, error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        yield file.problem(each["loc"], each["msg"].removeprefix("Value error, ").rstrip(".") + ".")


def beginning(file: ScenarioFile, body: ScenarioBody, told: NewSandbox, given: Collection[str] = ()) -> NewSandbox:
    """The sandbox that a scenario asks for; what was `given` to the server wins, and `told` has what nobody said.

    Raises ScenarioProblem for what no sandbox can have.
    """
    asked = told._replace(
        seed=told.seed if body.seed is None or "seed" in given else body.seed,
        manual=told.manual if body.clock is None or "clock" in given else body.clock == "manual",
        pace=body.pace,
        now=None if body.now is None else from_datetime(body.now),
        delays=body.delays,
    )
    try:
        check(asked)
    except DomainError as error:
        # The message begins with what it is about.
        line = file.line([error.message.partition(" ")[0]])
        raise ScenarioProblem(f"{file.path}:{line}: {error.message}") from None
    return asked


async def play(
    transactions: Transactions, name: str, file: ScenarioFile, body: ScenarioBody, operations: dict[str, frozenset[str]]
) -> None:
    """Let the sandbox `name`, which is new, become what the file says. Raises ScenarioProblem."""
    try:
        await scenarios.play(transactions, ("name", name), events(body, operations), body.ends)
    except DomainError as error:
        found = _PLACE.fullmatch(error.message)
        if found is None:
            raise ScenarioProblem(f"{file.path}: {error.message}") from None
        raise ScenarioProblem(file.problem((found["kind"], int(found["number"])), found["said"])) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of scenarios."""
    made = ScenarioBody.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "A kagemusha scenario"}
