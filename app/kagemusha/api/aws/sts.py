"""STS: who is calling, and a role's session. Other actions are the emulator's."""

from kagemusha.api.aws.call import Call
from kagemusha.api.aws.protocol import Content
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import principals
from kagemusha.domain.errors import AwsError, InvalidParams
from kagemusha.domain.principals import Principal
from kagemusha.services import aws_credentials
from kagemusha.services.aws_credentials import LONGEST_SESSION, SHORTEST_SESSION

_DEFAULT_SESSION = 3_600


async def get_caller_identity(call: Call) -> dict[str, Content]:
    """``aws sts get-caller-identity``."""
    call.parameters.finish()
    caller = call.caller
    return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.principal.account}


async def assume_role(call: Call) -> dict[str, Content]:
    """A session of a role that the sandbox knows: by an issued key, or by the emulator's IAM; else AccessDenied."""
    parameters = call.parameters
    arn, name = parameters.required("RoleArn"), parameters.required("RoleSessionName")
    seconds = parameters.number("DurationSeconds", SHORTEST_SESSION, LONGEST_SESSION) or _DEFAULT_SESSION
    role = _role(arn)
    if role is None or role.account != call.caller.sandbox.aws_account_id or not await _is_known(call, role):
        message = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise AwsError("AccessDenied", message)
    made = await aws_credentials.assume_role(call.transactions, call.caller, role, name, seconds)
    who = await aws_credentials.find_caller(call.transactions, made.access_key_id, strict=True)
    return {
        "AssumedRoleUser": {"AssumedRoleId": who.user_id, "Arn": who.arn},
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "SecretAccessKey": made.secret_access_key,
            "SessionToken": made.session_token,
            "Expiration": rfc3339_seconds(made.expires_at or 0),
        },
    }


def _role(arn: str) -> Principal | None:
    try:
        parsed = principals.parse(arn)
    except InvalidParams:
        return None
    return parsed if arn.startswith("arn:") and parsed.path.startswith("role/") else None


async def _is_known(call: Call, role: Principal) -> bool:
    if await aws_credentials.knows_role(call.transactions, call.caller, role):
        return True
    return await call.facts.has_role(role.path.removeprefix("role/"))


ACTIONS = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
