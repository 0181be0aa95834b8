"""Heroku's Platform API v3."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.heroku_platform import addons, apps, catalog, identity, spaces

router = APIRouter(route_class=HerokuRoute)
for _room in (identity, catalog, spaces, apps, addons):
    router.include_router(_room.router)
