"""The control API: `/_sim`."""

from fastapi import APIRouter, Depends

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.sim import clocks, endpoints, history, sandboxes
from kagemusha.api.sim.common import guard

router = APIRouter(prefix="/_sim", route_class=HerokuRoute, dependencies=[Depends(guard)])
for _room in (sandboxes, clocks, history, endpoints):
    router.include_router(_room.router)
