"""What the routes of the Data API share, but for those of PrivateLink."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict

from kagemusha.api import deps
from kagemusha.api.documents import ANYWHERE, refusals
from kagemusha.api.heroku_data import database_documents as documents
from kagemusha.api.worlds import World
from kagemusha.domain.catalog import catalog_uuid
from kagemusha.services.context import Context
from kagemusha.services.databases import Database

Reading = Annotated[Context, Depends(World(deps.caller))]
Writing = Annotated[Context, Depends(World(deps.caller, writes=True))]
REFUSALS = refusals(401, 404, *ANYWHERE)
"""What every operation of this API may answer."""
SOURCE = "kagemusha"
"""What stands where Heroku names the system that runs its servers."""


class Body(BaseModel):
    """A request body: types are as they are in JSON, and what is not known is taken and has no effect."""

    model_config = ConfigDict(strict=True, defer_build=True)


def row(name: str, *values: str | int) -> documents.InfoRow:
    """A line of what `info` commands print."""
    return {"name": name, "values": list(values)}


def status(database: Database) -> str:
    """The store's state, for people."""
    return "available" if database.is_ready else "preparing"


def waiting(database: Database) -> documents.WaitStatus:
    """Whether the store is still to be waited for."""
    return {"message": status(database), "waiting?": not database.is_ready}


def formation(database: Database) -> documents.Formation:
    """The store's servers, of which nothing but their ids is known."""
    uuid = database.addon.uuid
    return {"id": catalog_uuid("formation", uuid), "primary": catalog_uuid("primary", uuid)}


def maintenance_rows(database: Database) -> list[documents.InfoRow]:
    """What is to be said of maintenance, as lines of `info`: there never is any."""
    window = database.window
    return [row("Maintenance", "not required"), *([row("Maintenance window", window)] if window else [])]
