"""The doors of a world, derived from its add-ons and endpoints. The data plane opens and closes them."""

import json
from collections.abc import Mapping
from hashlib import blake2b

from kagemusha.domain import catalog
from kagemusha.domain.doors import PORTS, DataStore, Door, Filter, Kind
from kagemusha.domain.states import LIVE_ENDPOINT_STATES, AddonState, EndpointState
from kagemusha.services import databases, releases
from kagemusha.services.context import Context
from kagemusha.store.base import Page
from kagemusha.store.records import Addon, App, Endpoint, Sandbox

KINDS: Mapping[str, Kind] = {"heroku-redis": "redis", "heroku-postgresql": "postgres"}
"""What is behind the add-ons of each service; Kafka has no data plane."""
_ALL = Page("id", limit=1_000_000)


def doors(context: Context) -> list[Door]:
    """The doors of the world, each add-on's own first."""
    store = context.store
    addons = {each.id: each for each in store.addons.page(_ALL) if each.state == AddonState.PROVISIONED}
    addons = {number: each for number, each in addons.items() if each.addon_service.name in KINDS}
    if not addons:
        return []
    apps = store.apps.by_ids({each.app_id for each in addons.values()})
    stores = {number: data_store(context, each) for number, each in addons.items()}
    live = (each for each in store.endpoints.page(_ALL) if each.state in LIVE_ENDPOINT_STATES)
    return [
        *(_own(context, each, apps[each.app_id], stores[number]) for number, each in addons.items()),
        *(_through(context.sandbox, each, stores[each.addon_id]) for each in live if each.addon_id in stores),
    ]


def door_now(context: Context, door: Door) -> Door | None:
    """A door that was seen before, as it is now; None if it is there no more."""
    store = context.store
    if door.endpoint_id is None:
        addon = store.addons.find(door.store.addon)
        app = store.apps.get(addon.app_id) if addon else None
        if addon is None or app is None or addon.state != AddonState.PROVISIONED:
            return None
        return _own(context, addon, app, data_store(context, addon))
    endpoint = store.endpoints.find(door.endpoint_id)
    addon = store.addons.get(endpoint.addon_id) if endpoint and endpoint.state in LIVE_ENDPOINT_STATES else None
    if endpoint is None or addon is None or addon.state != AddonState.PROVISIONED:
        return None
    return _through(context.sandbox, endpoint, data_store(context, addon))


def data_store(context: Context, addon: Addon) -> DataStore:
    """The data of an add-on of a service in KINDS."""
    names, version, kind = context.names(addon.id), addon.credential_version, KINDS[addon.addon_service.name]
    return DataStore(
        world=world_key(context.sandbox),
        key=_key(context.sandbox, f"{addon.uuid}/{addon.created_at}"),
        addon=addon.name,
        kind=kind,
        user="default" if kind == "redis" else names.database_user(version),
        password=names.password(version),
        database=names.database_name(),
        settings=databases.redis_settings(addon),
    )


def world_key(sandbox: Sandbox) -> str:
    """What names a world among all that ever were on this machine: sandboxes' names and seeds come again."""
    return _key(sandbox, "")


def _key(sandbox: Sandbox, thing: str) -> str:
    return blake2b(f"{sandbox.heroku_api_key}/{thing}".encode(), digest_size=8).hexdigest()


def _own(context: Context, addon: Addon, app: App, store: DataStore) -> Door:
    host = context.names(addon.id).host(0, catalog.region(app.region).aws_region)
    return Door(host, (), PORTS[store.kind], None, is_open=True, filter=None, store=store)


def _through(sandbox: Sandbox, endpoint: Endpoint, store: DataStore) -> Door:
    connection, asked = releases.connection(endpoint), None
    if endpoint.security_group_ids is not None:
        # Whoever the endpoint is said to be of: what is asked for in a world is asked of its own account alone.
        region, groups = endpoint.service_name.split(".")[3], tuple(json.loads(endpoint.security_group_ids))
        asked = Filter(sandbox.aws_account_id, region, endpoint.vpc_id, groups)
    return Door(
        connection.host,
        connection.zonal_hosts,
        PORTS[store.kind],
        endpoint.endpoint_id,
        is_open=endpoint.state == EndpointState.AVAILABLE,
        filter=asked,
        store=store,
    )
