"""The control API: `/_sim`."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.sim import clocks, endpoints, faults, history, sandboxes, snapshots

router = APIRouter(route_class=HerokuRoute)
for _room in (sandboxes, clocks, history, endpoints, faults, snapshots):
    router.include_router(_room.router)
