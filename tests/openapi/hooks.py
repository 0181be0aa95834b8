"""What Schemathesis can't know: names that it made up become those of things that are there."""

import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import schemathesis
from driver import PRINCIPAL
from hypothesis.control import cleanup
from schemathesis import Case, HookContext, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from things import KAFKA, PLANS, POSTGRES, TEAM, of_the_server

THINGS = of_the_server()
_PARAMETER = re.compile(r"\{(\w+)\}")
_LEFT = 5
"""One of so many made-up names stays, to be not found."""
_made_up = count()
_scenarios: list[str] = []
"""The scenario of the stateful phase that is being told, if any."""
_seen: set[str] = set()
"""What the server has shown in it: a name that comes from there, by a link, is left alone."""

Maker = Callable[[Case, bool], Any]
"""The name of a thing for a request, and whether that may be the end of the thing, or of its name."""


def always(name: Any) -> Maker:
    """One name for all requests."""
    return lambda *_: name


def app(case: Case, ends: bool) -> str:
    """An app: one without add-ons to add one, one whose certificates are managed where they are asked for."""
    adds = case.method == "POST" and case.path.endswith("/addons")
    return THINGS.app(fresh=ends or adds, managed=case.path.endswith("/acm"))


def addon(case: Case, ends: bool) -> str:
    """A Redis, of the app in the path if there is one; what its provider may say is said of new ones."""
    acted = "/actions/" in case.path and "{" in case.path
    fresh = ends or acted or case.path.endswith("/upgrade")
    return THINGS.addon(app=case.path_parameters.get("app"), fresh=fresh, provisioned=not acted)


def to_be_linked(case: Case, ends: bool) -> str:
    """An add-on without a privatelink for POST, one with a privatelink for what else there is."""
    return THINGS.addon(fresh=True) if case.method == "POST" else THINGS.linked(fresh=ends)


def sandbox(case: Case, ends: bool) -> str:
    """A sandbox: one of their own for those who change it, for endpoints the one that has services."""
    changes = case.method == "PUT" or any(
        part in case.path for part in ("/clock", "/faults", "/pending/", "/reset", "/sources")
    )
    return THINGS.sandbox(fresh=(ends or changes) and "/endpoints" not in case.path)


def pending(case: Case, _ends: bool) -> str:
    """A thing for which something is pending: what is released is held before."""
    return THINGS.pending(case.path_parameters["name"], held=case.path.endswith("/release"))


PLACES: Mapping[str, Maker] = {
    "/apps/{}": app,
    "/teams/apps/{}": app,
    "/apps/{}/addons/{}": addon,
    "/apps/{}/addon-attachments/{}": lambda case, _: THINGS.attachment(app=case.path_parameters["app"])["name"],
    "/apps/{}/releases/{}": always("1"),
    "/addons/{}": addon,
    "/addon-attachments/{}": lambda _, ends: THINGS.attachment(fresh=ends)["id"],
    "/spaces/{}": lambda _, ends: THINGS.space(fresh=ends),
    "/teams/{}": always(TEAM),
    "/users/{}": always("~"),
    "/regions/{}": always("oregon"),
    "/addon-services/{}": always("heroku-redis"),
    "/addon-services/{}/plans/{}": always("private-7"),
    "/plans/{}": always("heroku-kafka:basic-0"),
    "/oauth/authorizations/{}": always("~"),
    "/private-link/v0/databases/{}": to_be_linked,
    "/redis/v0/databases/{}": addon,
    "/client/v11/databases/{}": lambda *_: THINGS.addon(POSTGRES),
    "/postgres/v0/databases/{}": lambda *_: THINGS.addon(POSTGRES),
    "/postgres/v0/databases/{}/credentials/{}": always("default"),
    "/data/kafka/v0/clusters/{}": lambda *_: THINGS.addon(KAFKA),
    "/data/maintenances/v1/apps/{}": app,
    "/data/maintenances/v1/{}": lambda *_: THINGS.addon(KAFKA),
    "/_sim/sandboxes/{}": sandbox,
    "/_sim/sandboxes/{}/endpoints/{}": lambda *_: THINGS.endpoint(),
    "/_sim/sandboxes/{}/faults/{}": lambda case, _: THINGS.fault(case.path_parameters["name"]),
    "/_sim/sandboxes/{}/pending/{}": pending,
    "/_sim/sandboxes/{}/sources/{}": lambda case, _: THINGS.source(case.path_parameters["name"]),
}
"""Names in paths, by what stands before them."""
BODIES: Mapping[str, Mapping[str, Maker]] = {
    "space.create": {"team": always(TEAM), "region": always("virginia")},
    "app.create": {"region": always("eu"), "stack": always("heroku-24")},
    "app.update": {"build_stack": always("heroku-22")},
    "team_app.create": {
        "team": always(TEAM),
        "space": lambda *_: THINGS.space(),
        "region": always("virginia"),
        "stack": always("heroku-24"),
    },
    "team_app.update": {"owner": always(TEAM)},
    "addon.create": {"plan": always(PLANS[KAFKA])},
    "addon.update": {"plan": always("heroku-redis:private-9")},
    "addon_attachment.create": {"addon": addon, "app": app},
    "addon.resolve": {"addon": addon, "app": app, "addon_service": always("heroku-redis")},
    "addon_attachment.resolve": {
        "addon_attachment": lambda *_: THINGS.attachment()["name"],
        "app": app,
        "addon_service": always("heroku-redis"),
    },
    "fault.create": {
        "operation": always("app.info"),
        "stage": always("space.allocating"),
        "match": always({}),
    },
    "aws_credentials.create": {
        "principal": lambda case, _: f"{THINGS.account(case.path_parameters['name'])}:role/deploy"
    },
    "endpoint.create": {
        "service_name": lambda *_: THINGS.service(),
        "principal_arn": always(PRINCIPAL),
        "availability_zone_ids": always(["use1-az1", "use1-az4"]),
    },
}
"""Names in bodies, by operation and key."""
CONFIRMED: Mapping[str, Callable[[Case, dict[str, Any]], Any]] = {
    "addon.create": lambda case, _: case.path_parameters["app"],
    "addon_attachment.create": lambda _, body: body["app"],
}
"""The app whose loss of another attachment of the same name is confirmed, as 423 asks for."""
ALWAYS = {"service_name", "principal_arn", "availability_zone_ids", "principal"}
"""Keys that are always filled: what AWS does not know is a 400, and a principal is of its sandbox's account."""
ENDS = {
    "space.create": "/spaces/{id}",
    "space.update": "/spaces/{id}",
    "app.create": "/apps/{id}",
    "app.update": "/apps/{id}",
    "team_app.create": "/apps/{id}",
    "addon.create": "/apps/{app[id]}/addons/{id}",
    "addon.update": "/apps/{app[id]}/addons/{id}",
    "addon_attachment.create": "/addon-attachments/{id}",
    "sandbox.create": "/_sim/sandboxes/{name}",
}
"""Where a thing ends that an operation made, or gave another name, so that the name is free again."""


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Fill in what is there: names in the path and in a well-formed body, and the ETag that If-Match asks for."""
    if case.meta is None:
        return
    if _is_stateful(case):
        _begin_scenario()
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        _fill_path(case)
    if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
        _fill_body(case, case.body)
    if "wait" in case.query and not case.meta.is_negative_at(ParameterLocation.QUERY):
        case.query["wait"] = "0.01"
    if "If-Match" in case.headers:
        case.headers["If-Match"] = THINGS.etag(case.formatted_path, case.headers)


def _fill_path(case: Case) -> None:
    if _operation(case) == "endpoint.create":
        case.path_parameters["name"] = THINGS.world.name
    for name in _PARAMETER.findall(case.path):
        begins, after = case.path.split(f"{{{name}}}")
        make = PLACES.get(_PARAMETER.sub("{}", begins) + "{}")
        if make is not None and _is_to_fill(case, case.path_parameters.get(name)):
            ends = case.method in {"DELETE", "PATCH"} and not after
            case.path_parameters[name] = make(case, ends or _is_stateful(case))


def _fill_body(case: Case, body: dict[str, Any]) -> None:
    for key, make in BODIES.get(_operation(case), {}).items():
        if body.get(key) not in (None, []) and (key in ALWAYS or _is_to_fill(case, body[key])):
            body[key] = make(case, False)
    if _operation(case) == "sandbox.restore":
        body |= {key: part for key, part in THINGS.snapshot().items() if key not in {"note", "exported_at"}}
    if _operation(case) in CONFIRMED:
        named = CONFIRMED[_operation(case)](case, body)
        body["confirm"] = named if isinstance(named, str) else named.get("id", named.get("name"))


def _is_to_fill(case: Case, value: object) -> bool:
    return str(value) not in _seen if _is_stateful(case) else next(_made_up) % _LEFT != 0


def _operation(case: Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def _is_stateful(case: Case) -> bool:
    return case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL


def _begin_scenario() -> None:
    """Let every scenario meet the same world: Hypothesis gives up on what it can't repeat."""
    if not _scenarios:
        _scenarios.append("begun")
        cleanup(_scenarios.clear)
        _seen.clear()
        THINGS.begin()


@schemathesis.hook
def after_call(_context: HookContext, case: Case, response: Response) -> None:
    """Remember what the server has shown, and let come to its end what a request began."""
    if not response.content or response.status_code >= 300:
        return
    shown = response.json()
    _see(shown)
    if case.method != "GET":
        THINGS.wait()
        if not _is_stateful(case) and _operation(case) in ENDS:
            THINGS.end(ENDS[_operation(case)].format(**shown))


def _see(value: object) -> None:
    if isinstance(value, str):
        _seen.add(value)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _see(part)
