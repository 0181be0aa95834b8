"""Heroku's Platform API v3."""

from fastapi import APIRouter

from kagemusha.api.heroku_platform import accounts, addon_changes, addons, app_parts, apps, catalog, identity, spaces
from kagemusha.api.heroku_platform.conditional import PlatformRoute

router = APIRouter(route_class=PlatformRoute)
for _room in (accounts, identity, catalog, spaces, apps, app_parts, addons, addon_changes):
    router.include_router(_room.router)
