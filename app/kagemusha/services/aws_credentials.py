"""AWS access keys: issued for the principals of a sandbox's account, and told apart.

A key of the issued form that is not valid now opens nothing; any other one means `default` where keys are not asked
for strictly (chosen). The operator plays the account that owns the endpoint services: Heroku's.
"""

import re
import secrets
import string
from dataclasses import dataclass
from hashlib import blake2b

from kagemusha.domain import principals
from kagemusha.domain.errors import AwsError, InvalidParams, Unauthorized
from kagemusha.domain.principals import Principal
from kagemusha.services.sandboxes import ACCESS_KEY_PREFIX, DEFAULT, missing
from kagemusha.services.transactions import Key, Transactions
from kagemusha.store.records import AwsCredentials, Sandbox
from kagemusha.store.sandboxes import Sandboxes

OPERATOR = "operator"
"""What an operator's key is asked for with."""
OPERATOR_ACCOUNT = "845214521452"
"""The account that owns the endpoint services, in every world. Chosen: Heroku's own is not public."""
SESSION_KEY_PREFIX = "ASIAKGM"
SHORTEST_SESSION, LONGEST_SESSION = 900, 43_200
"""Seconds that a role's session may last (known: the STS API reference)."""
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_UPPER = string.ascii_uppercase + string.digits
_DIRECT_SESSION = "kagemusha"
"""The session name of a role's key that was issued without AssumeRole."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs an AWS request, and in which world. `secret_access_key` is None for a key that nobody issued."""

    sandbox: Sandbox
    access_key_id: str
    secret_access_key: str | None
    session_token: str | None
    principal: Principal
    session_name: str | None
    is_operator: bool

    @property
    def key(self) -> Key:
        """How the caller's sandbox is found."""
        return ("id", self.sandbox.id)

    @property
    def arn(self) -> str:
        """What GetCallerIdentity says: for a role, that of its session (known)."""
        if self.session_name is None:
            return self.principal.arn
        role = self.principal.path.removeprefix("role/")
        return f"arn:aws:sts::{self.principal.account}:assumed-role/{role}/{self.session_name}"

    @property
    def user_id(self) -> str:
        """``AIDA…`` for a user, ``AROA…:SESSION`` for a role, the account id for its root (known forms)."""
        if self.principal.path == "root":
            return self.principal.account
        unique = _unique_id(self.principal)
        return unique if self.session_name is None else f"{unique}:{self.session_name}"


def _unique_id(principal: Principal) -> str:
    """The unique id that IAM gives a user or a role, made from its ARN."""
    digest = blake2b(principal.arn.encode(), digest_size=17).digest()
    prefix = "AROA" if principal.path.startswith("role/") else "AIDA"
    return prefix + "".join(_UPPER[byte % len(_UPPER)] for byte in digest)


async def find_caller(transactions: Transactions, access_key_id: str, *, strict: bool) -> Caller:
    """Who an access key id belongs to. Raises Unauthorized for one that opens nothing, ExpiredToken for an old one."""
    issued = access_key_id.startswith((ACCESS_KEY_PREFIX, SESSION_KEY_PREFIX))
    async with transactions.server() as sandboxes:
        own = sandboxes.find("aws_access_key_id", access_key_id)
        credentials = None if own else sandboxes.credentials(access_key_id)
        sandbox = own or (sandboxes.find("id", credentials.sandbox_id) if credentials else None)
        if sandbox is None and not strict and not issued:
            sandbox = sandboxes.find("name", DEFAULT)
    if sandbox is None:
        raise Unauthorized("AWS was not able to validate the provided access credentials")
    if credentials is None:
        secret = own.aws_secret_access_key if own else None
        return Caller(
            sandbox, access_key_id, secret, None, principals.parse(sandbox.aws_principal_arn), None, is_operator=False
        )
    if credentials.expires_at is not None and credentials.expires_at <= transactions.clock():
        raise AwsError("ExpiredToken", "The security token included in the request is expired")
    return Caller(
        sandbox,
        access_key_id,
        credentials.secret_access_key,
        credentials.session_token,
        principals.parse(credentials.principal_arn),
        credentials.session_name,
        credentials.is_operator,
    )


async def issue(transactions: Transactions, name: str, principal: str) -> AwsCredentials:
    """An access key for a principal of the sandbox's account, or for its operator. NotFound without the sandbox."""
    async with transactions.server(writes=True) as sandboxes:
        sandbox = sandboxes.find("name", name)
        if sandbox is None:
            raise missing(name)
        operator = principal == OPERATOR
        parsed = Principal(OPERATOR_ACCOUNT, "root") if operator else principals.parse(principal)
        if not operator and parsed.account != sandbox.aws_account_id:
            message = (
                f"principal must be of the sandbox's AWS account {sandbox.aws_account_id}, such as "
                f"{sandbox.aws_account_id}:role/deploy, or {OPERATOR}."
            )
            raise InvalidParams(message)
        return _keep(sandboxes, sandbox, parsed, operator=operator)


async def assume_role(
    transactions: Transactions, caller: Caller, role: Principal, session_name: str, seconds: int
) -> AwsCredentials:
    """A session of `role` for `seconds`; the caller has made sure that the role is known."""
    if not _SESSION_NAME.fullmatch(session_name):
        message = f"Value '{session_name}' at 'roleSessionName' must have 2 to 64 letters, digits or any of =,.@-"
        raise AwsError("ValidationError", message)
    async with transactions.server(writes=True) as sandboxes:
        expires_at = transactions.clock() + seconds * 1_000
        return _keep(sandboxes, caller.sandbox, role, session_name=session_name, expires_at=expires_at)


async def knows_role(transactions: Transactions, caller: Caller, role: Principal) -> bool:
    """Whether a key of the role was issued in the caller's sandbox."""
    async with transactions.server() as sandboxes:
        return sandboxes.has_credentials_of(caller.sandbox.id, role.arn)


def _keep(
    sandboxes: Sandboxes,
    sandbox: Sandbox,
    principal: Principal,
    *,
    operator: bool = False,
    session_name: str | None = None,
    expires_at: int | None = None,
) -> AwsCredentials:
    is_session = expires_at is not None
    prefix = SESSION_KEY_PREFIX if is_session else ACCESS_KEY_PREFIX
    direct = _DIRECT_SESSION if principal.path.startswith("role/") else None
    made = AwsCredentials(
        access_key_id=prefix + "".join(secrets.choice(_UPPER) for _ in range(13)),
        sandbox_id=sandbox.id,
        secret_access_key=secrets.token_urlsafe(30),
        session_token=secrets.token_urlsafe(90) if is_session else None,
        principal_arn=principal.arn,
        session_name=session_name or direct,
        is_operator=operator,
        expires_at=expires_at,
    )
    sandboxes.keep_credentials(made)
    return made
