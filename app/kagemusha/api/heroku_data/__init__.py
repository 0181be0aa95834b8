"""Heroku's Data API. It ignores Accept."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.heroku_data import kafka, maintenances, postgres, privatelinks, redis

router = APIRouter(route_class=HerokuRoute)
for _room in (privatelinks, redis, postgres, kafka, maintenances):
    router.routes.extend(_room.router.routes)
