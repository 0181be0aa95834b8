"""Heroku's Platform API v3."""

from fastapi import APIRouter

from kagemusha.api.heroku_platform import accounts, addon_changes, addons, app_parts, apps, catalog, identity, spaces
from kagemusha.api.heroku_platform.conditional import PlatformRoute

router = APIRouter(route_class=PlatformRoute)
# What is asked for most comes first: routes are tried in order.
for _room in (apps, addons, spaces, accounts, identity, catalog, app_parts, addon_changes):
    router.routes.extend(_room.router.routes)
