"""Worlds as documents: every row written out, read back, and checked against what the tables can hold."""

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    create_model,
)
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, delete, select

from kagemusha.domain.delays import LATEST
from kagemusha.domain.errors import InvalidParams
from kagemusha.domain.states import STATES
from kagemusha.store import models
from kagemusha.store.base import Queries, mine, put_many

TABLES: tuple[Table, ...] = (
    models.spaces, models.apps, models.addons, models.attachments, models.privatelinks, models.allowed_accounts,
    models.endpoints, models.config_vars, models.releases, models.sources,
)  # fmt: skip
"""The tables of a world's things, each after those that it refers to."""


class _Placement(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    subnet_id: str
    zone: str
    zone_id: str
    network_interface_id: str
    address: str


JSON: Mapping[tuple[str, str], Any] = {
    ("apps", "buildpacks"): list[str],
    ("addons", "config"): dict[str, Any],
    ("addons", "settings"): dict[str, Any],
    ("endpoints", "availability_zone_ids"): list[str],
    ("endpoints", "security_group_ids"): dict[str, str],
    ("endpoints", "subnets"): list[_Placement],
    ("endpoints", "tags"): dict[str, str],
    ("releases", "addon_plan_names"): list[str],
    ("releases", "config_changes"): dict[str, str | None],
    ("sources", "security_group_ids"): list[str],
}
"""The columns that hold JSON, and what it is: documents have it as it is, not as text."""


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        message = "text can't hold NUL characters or lone surrogates"
        raise ValueError(message)
    return text


Text = Annotated[str, AfterValidator(_storable)]
Moment = Annotated[int, Ge(0), Le(LATEST)]
MOST = 2**53 - 1
"""The largest number of a document. Like every bound of one it leaves room for what will be counted on."""
_Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_EndpointId = Annotated[str, StringConstraints(pattern=r"^vpce-[0-9a-f]{17}$")]


def _is_one_of(states: type[StrEnum]) -> Callable[[str], str]:
    def checked(state: str) -> str:
        if state not in {str(each) for each in states}:
            message = f"no state: use one of {', '.join(states)}"
            raise ValueError(message)
        return state

    return checked


def _type(table: Table, column: Column[Any]) -> Any:
    """What a document has in place of a column."""
    key, kind = (table.name, column.name), column.type
    found: Any
    if key in JSON:
        found = JSON[key]
    elif column.name == "state":
        machine = next(machine for machine, each in models.LIVING.items() if each is table)
        found = Annotated[str, AfterValidator(_is_one_of(STATES[machine]))]
    elif column.name in {"uuid", "user_uuid"}:
        found = _Uuid
    elif column.name == "endpoint_id":
        found = _EndpointId
    elif column.name.endswith("_at") or column.name == "held_left":
        found = Moment
    elif isinstance(kind, Boolean):
        found = bool
    elif isinstance(kind, Integer):
        found = Annotated[int, Ge(0), Le(MOST if isinstance(kind, BigInteger) else 2**30)]
    else:
        found = float if isinstance(kind, Float) else Text
    return found | None if column.nullable else found


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "sandbox_id"]


@cache
def _checker() -> TypeAdapter[Any]:
    """Made when it is needed: the server starts without."""
    config = ConfigDict(strict=True, extra="forbid")
    fields: dict[str, Any] = {}
    for table in TABLES:
        columns: dict[str, Any] = {each.name: (_type(table, each), ...) for each in _columns(table)}
        row: Any = create_model(table.name, __config__=config, **columns)
        fields[table.name] = (list[row], ...)
    world: type[BaseModel] = create_model("world", __config__=config, **fields)
    return TypeAdapter(world)


def check(world: object) -> None:
    """Refuse what the tables can't hold: InvalidParams names the place."""
    try:
        _checker().validate_python(world)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidParams(f"{place('world', *first['loc'])}: {first['msg'].removeprefix('Value error, ')}.") from None


def place(*path: str | int) -> str:
    """A place in a document: ``world.endpoints[3].state``."""
    said = str(path[0])
    for part in path[1:]:
        said += f"[{part}]" if isinstance(part, int) else f".{part}"
    return said


_PUT = {table.name: put_many(table, [each.name for each in _columns(table)]) for table in TABLES}


class Dumps(Queries):
    """The rows of a world."""

    def export(self) -> dict[str, list[dict[str, Any]]]:
        """Every thing of the world, by table, in the order of its key, without the sandbox's id."""
        return {table.name: self._table(table) for table in TABLES}

    def _table(self, table: Table) -> list[dict[str, Any]]:
        statement = select(*_columns(table)).where(mine(table)).order_by(*table.primary_key.columns)
        rows = [dict(row) for row in self._execute(statement).mappings()]
        for name in (column for name, column in JSON if name == table.name):
            for row in rows:
                row[name] = None if row[name] is None else json.loads(row[name])
        return rows

    def load(self, world: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Write what was exported, and checked, into an empty world."""
        for table in TABLES:
            texts = {column for name, column in JSON if name == table.name}
            rows = [
                {
                    f"new_{name}": json.dumps(value) if name in texts and value is not None else value
                    for name, value in row.items()
                }
                for row in world[table.name]
            ]
            self._execute_many(_PUT[table.name], rows)

    def clear(self) -> None:
        """Take everything of the world away."""
        for table in models.WORLD:
            self._execute(delete(table).where(mine(table)))
