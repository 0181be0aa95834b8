"""Sandboxes: worlds of their own, made, found, emptied and taken away."""

import json
import re
import secrets
import string
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

from kagemusha.clock import rfc3339
from kagemusha.domain import principals
from kagemusha.domain.delays import LATEST_NOW
from kagemusha.domain.errors import Conflict, InvalidParams, NotFound
from kagemusha.domain.lifecycle import STAGE_IDS
from kagemusha.services.context import Context
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Sandbox
from kagemusha.store.sandboxes import Sandboxes

DEFAULT = "default"
KEY_PREFIX = "HRKU-KGM-"
ACCESS_KEY_PREFIX = "AKIAKGM"
SEEDS = 2**63
_FIRST_THINGS = 2
"""The account and the team, with which every world begins."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_DEFAULT_ACCOUNT = "123456789101"
_UPPER = string.ascii_uppercase + string.digits
_REQUEST_IDS = "request-ids"
"""The name of the secret that Request-Ids are made with."""
SLOWEST, FASTEST = 0.001, 1e9
"""The bounds of a pace."""


class NewSandbox(NamedTuple):
    """What a create asks for. Moments in ms; `delays` maps stage ids to (low, high) in ms, or None for never."""

    name: str | None = None
    seed: int | None = None
    pace: float | None = None
    manual: bool = False
    now: int | None = None
    aws_account_id: str | None = None
    aws_principal: str | None = None
    delays: Mapping[str, tuple[int, int] | None] | None = None


async def create_sandbox(transactions: Transactions, new: NewSandbox) -> Sandbox:
    """Make a sandbox; Conflict when its name or account id is taken."""
    async with transactions.server(writes=True) as sandboxes:
        sandboxes.alone()
        return _create(sandboxes, new, transactions.clock())


def _create(sandboxes: Sandboxes, new: NewSandbox, system: int) -> Sandbox:
    name = new.name if new.name is not None else f"sandbox-{secrets.token_hex(6)}"
    if not NAME.fullmatch(name):
        message = "name must be 1 to 63 lowercase letters, digits and dashes, with no dash at either end."
        raise InvalidParams(message)
    if sandboxes.find("name", name):
        message = f"A sandbox named {name} is there already: choose another name, or delete it first."
        raise Conflict(message)
    check(new)
    account, principal = _aws(sandboxes, new, name)
    began_at = new.now if new.now is not None else system
    return sandboxes.insert(
        {
            "name": name,
            "seed": secrets.randbelow(SEEDS) if new.seed is None else new.seed,
            "created_at": system,
            "began_at": began_at,
            "heroku_api_key": f"{KEY_PREFIX}{secrets.token_hex(16)}",
            "aws_account_id": account,
            "aws_principal_arn": principal,
            "aws_access_key_id": ACCESS_KEY_PREFIX + "".join(secrets.choice(_UPPER) for _ in range(13)),
            "aws_secret_access_key": secrets.token_urlsafe(30),
            "delays": json.dumps(new.delays or {}),
            "initial": json.dumps({"manual": new.manual, "pace": new.pace, "now": new.now}),
            "clock_offset": began_at - system,
            "frozen_at": began_at if new.manual else None,
            "pace": new.pace,
            "latest_at": began_at,
            "counter": _FIRST_THINGS,
            "journal_seq": 0,
            "next_due_at": None,
            "wake_at": None,
        },
    )


def check(new: NewSandbox) -> None:
    """Refuse a seed, a beginning, a pace and delays that no sandbox can have."""
    if new.seed is not None and not 0 <= new.seed < SEEDS:
        raise InvalidParams("seed must be a whole number from 0 to 9223372036854775807.")
    if new.now is not None and not 0 <= new.now <= LATEST_NOW:
        message = f"now must be a moment from 1970 to {rfc3339(LATEST_NOW)}: ten years later time ends."
        raise InvalidParams(message)
    check_pace(new.pace)
    check_delays(new.delays or {})


def check_pace(pace: float | None) -> None:
    """Refuse a pace that is out of bounds, or no number; None is no pace of its own."""
    if pace is not None and not SLOWEST <= pace <= FASTEST:
        raise InvalidParams("pace must be a number from 0.001 to 1000000000: 1 is real life, 60 the default.")


def check_delays(delays: Mapping[str, tuple[int, int] | None]) -> None:
    """Refuse stages that do not end by themselves."""
    unknown = sorted(set(delays) - STAGE_IDS)
    if unknown:
        message = f"delays names no stage: {', '.join(unknown)}. The stages are {', '.join(sorted(STAGE_IDS))}."
        raise InvalidParams(message)


def _aws(sandboxes: Sandboxes, new: NewSandbox, name: str) -> tuple[str, str]:
    """The account id and the principal's ARN."""
    if new.aws_account_id is not None and not ACCOUNT.fullmatch(new.aws_account_id):
        raise InvalidParams("aws_account_id must be 12 digits.")
    principal = principals.parse(new.aws_principal) if new.aws_principal is not None else None
    account = new.aws_account_id or (principal.account if principal else None)
    if account is None:
        account = _unused_account(sandboxes, name)
    elif sandboxes.find("aws_account_id", account):
        message = f"AWS account {account} is another sandbox's: choose another aws_account_id, or leave it out."
        raise Conflict(message)
    if principal and principal.account != account:
        message = f"aws_principal must be of the account {account}."
        raise InvalidParams(message)
    return account, principal.arn if principal else principals.root_arn(account)


def _unused_account(sandboxes: Sandboxes, name: str) -> str:
    attempt = 0
    while sandboxes.find("aws_account_id", account := _derived_account(name, attempt)):
        attempt += 1
    return account


def _derived_account(name: str, attempt: int) -> str:
    digest = blake2b(f"{name}/{attempt}".encode(), digest_size=8).digest()
    return str(10**11 + int.from_bytes(digest, "big") % (9 * 10**11))


async def ensure_default(transactions: Transactions, beginning: NewSandbox) -> bool:
    """Make the sandbox `default`, as `beginning` says, if it is not there; returns whether it was made."""
    async with transactions.server(writes=True) as sandboxes:
        sandboxes.alone()
        if sandboxes.find("name", DEFAULT):
            return False
        principal = f"{_DEFAULT_ACCOUNT}:user/abc.xyz"
        _create(sandboxes, beginning._replace(name=DEFAULT, aws_principal=principal), transactions.clock())
        return True


async def forget_default(transactions: Transactions) -> None:
    """Take the sandbox `default` away, which did not become what it was to be."""
    async with transactions.server(writes=True) as sandboxes:
        found = sandboxes.find("name", DEFAULT, lock=True)
        if found is not None:
            sandboxes.delete(found.id)


async def ensure_secret(transactions: Transactions) -> bytes:
    """The server's secret, which all its processes share; drawn if there is none."""
    async with transactions.server(writes=True) as sandboxes:
        sandboxes.alone()
        secret = sandboxes.secret(_REQUEST_IDS)
        if secret is None:
            secret = secrets.token_hex(32)
            sandboxes.keep_secret(_REQUEST_IDS, secret)
        return bytes.fromhex(secret)


def missing(name: str) -> NotFound:
    """The error for a sandbox that is not there."""
    return NotFound("sandbox", f"There is no sandbox named {name}: GET /_sim/sandboxes lists them.")


async def list_sandboxes(transactions: Transactions) -> list[Sandbox]:
    """All sandboxes, oldest first."""
    async with transactions.server() as sandboxes:
        return sandboxes.list()


async def delete_sandbox(transactions: Transactions, name: str, *, begun: bool = False) -> str:
    """Take a sandbox away with everything in it; returns its AWS account id. Conflict for `default`.

    `begun` says that this undoes a first part of what was asked for.
    """
    if name == DEFAULT:
        raise Conflict("The sandbox default always exists: reset it instead (POST /_sim/sandboxes/default/reset).")
    async with transactions.server(writes=True, begun=begun) as sandboxes:
        found = sandboxes.find("name", name, lock=True)
        if found is None:
            raise missing(name)
        sandboxes.delete(found.id)
    await transactions.agree(found.id)
    return found.aws_account_id


def reset_sandbox(context: Context, system: int) -> None:
    """Empty the world: its seed, keys and clock are as created."""
    initial = json.loads(context.sandbox.initial)
    manual, given = initial["manual"], initial["now"]
    began_at = context.sandbox.began_at if manual or given is not None else system
    store = context.store
    store.dumps.clear()
    store.restart(began_at=began_at, counter=_FIRST_THINGS)
    store.clock_offset = began_at - system
    store.frozen_at = began_at if manual else None
    store.pace = initial["pace"]
