"""The documents of the control API, made of rows."""

import json
from typing import Any

from fastapi import Request

from kagemusha.api import deps
from kagemusha.api.sim import documents
from kagemusha.clock import rfc3339
from kagemusha.domain.catalog import REGIONS
from kagemusha.domain.lifecycle import timed_target
from kagemusha.domain.states import EndpointState, Machine
from kagemusha.services import clocks, endpoints
from kagemusha.services.advance import Fired
from kagemusha.services.context import Context
from kagemusha.store.happenings import JournalEntry, Occurrence
from kagemusha.store.records import Endpoint, Sandbox
from kagemusha.store.waiting import Waiting

_REGION = REGIONS[0].aws_region


def clock(shown: clocks.Clock) -> documents.Clock:
    """A clock."""
    due_at = shown.next_due_at
    return {
        "mode": "manual" if shown.mode == "manual" else "auto",
        "now": rfc3339(shown.now),
        "pace": shown.pace,
        "next_due_at": None if due_at is None else rfc3339(due_at),
    }


def sandbox(request: Request, row: Sandbox) -> documents.Sandbox:
    """A sandbox, with the environment that points a process at it."""
    worlds = deps.transactions(request)
    mode = "manual" if row.is_manual else "auto"
    shown = clocks.Clock(mode, row.now(worlds.clock()), row.timing(worlds.default_pace).pace, row.next_due_at)
    aws: documents.Aws = {
        "account_id": row.aws_account_id,
        "access_key_id": row.aws_access_key_id,
        "secret_access_key": row.aws_secret_access_key,
        "principal_arn": row.aws_principal_arn,
        "region": _REGION,
    }
    return {
        "name": row.name, "seed": row.seed, "created_at": rfc3339(row.created_at), "clock": clock(shown),
        "heroku_api_key": row.heroku_api_key, "aws": aws, "env": _environment(request, row),
    }  # fmt: skip


def _environment(request: Request, row: Sandbox) -> dict[str, str]:
    host = request.headers.get("host") or ":".join(str(part) for part in request.scope.get("server") or ["127.0.0.1"])
    url = f"{request.scope['scheme']}://{host}".replace("//localhost", "//127.0.0.1")
    return {
        "HEROKU_HOST": url,
        "HEROKU_DATA_HOST": url.split("//")[1].rsplit(":", 1)[0],
        "HEROKU_API_KEY": row.heroku_api_key,
        "HEROKU_API_URL": url,
        "HEROKU_PARTICLEBOARD_URL": url,
        "DISABLE_TELEMETRY": "true",
        "HEROKU_DISABLE_AUTOUPDATE": "1",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": row.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": row.aws_secret_access_key,
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
    }


def transition(entry: JournalEntry) -> documents.Transition:
    """An entry of the history: what is the same however often anybody looked."""
    return {
        "kind": entry.kind, "at": rfc3339(entry.at), "machine": Machine(entry.machine), "resource": entry.resource,
        "name": entry.name, "from": entry.source, "to": entry.target,
    }  # fmt: skip


def fired(each: Fired) -> documents.Transition:
    """A step that was taken, as the history tells it."""
    due, step = each.due, each.step
    return {
        "kind": "transition", "at": rfc3339(each.at), "machine": Machine(due.machine), "resource": due.resource,
        "name": due.name, "from": step.source, "to": step.target,
    }  # fmt: skip


def occurrence(row: Occurrence) -> dict[str, Any]:
    """A request, a connection, or a fault that was met."""
    return {"kind": row.kind, "at": rfc3339(row.at), **json.loads(row.detail)}


def entry(context: Context, row: JournalEntry | Occurrence) -> dict[str, Any]:
    """An entry of the journal."""
    told = occurrence(row) if isinstance(row, Occurrence) else transition(row)
    return {"seq": row.seq, "sandbox": context.sandbox.name, **told}


def pending(thing: Waiting) -> documents.Pending:
    """A step to come."""
    return {
        "due_at": None if thing.due_at is None else rfc3339(thing.due_at), "machine": thing.machine,
        "resource": thing.resource, "name": thing.name, "from": thing.state,
        "to": timed_target(thing.machine, thing.state), "held": thing.held_by is not None,
    }  # fmt: skip


def endpoint(row: Endpoint) -> documents.Endpoint:
    """An endpoint."""
    return {
        "endpoint_id": row.endpoint_id, "state": EndpointState(row.state), "dns_name": endpoints.dns_name(row),
        "service_name": row.service_name, "principal_arn": row.principal_arn,
    }  # fmt: skip
