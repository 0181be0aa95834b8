"""The control API: `/_sim`."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.sim import clocks, endpoints, history, sandboxes

router = APIRouter(route_class=HerokuRoute)
for _room in (sandboxes, clocks, history, endpoints):
    router.routes.extend(_room.router.routes)
