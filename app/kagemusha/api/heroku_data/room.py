"""All of the Data API."""

from fastapi import APIRouter

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.heroku_data import kafka, maintenances, postgres, privatelinks, redis

router = APIRouter(route_class=HerokuRoute)
for _part in (privatelinks, redis, postgres, kafka, maintenances):
    router.routes.extend(_part.router.routes)
