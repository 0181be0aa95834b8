"""The control API: `/_sim`."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.sim import clocks, data_plane, endpoints, faults, journal, pending, sandboxes, snapshots, sources

router = APIRouter(route_class=HerokuRoute)
for _room in (sandboxes, clocks, pending, journal, endpoints, sources, data_plane, faults, snapshots):
    router.routes.extend(_room.router.routes)
