"""Where an AWS request is answered: by an action of ours, or by the emulator behind us."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from kagemusha.api.aws import ec2, facts, sts
from kagemusha.api.aws.call import Call
from kagemusha.api.aws.credentials import Scope, scope
from kagemusha.api.aws.emulator import Emulator, not_simulated, unavailable
from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.api.aws.protocol import STATUSES, Parameters, ec2_answer, ec2_error, query_error, sts_answer
from kagemusha.api.troubles import FRAMING, NO_ANSWER, meet
from kagemusha.clock import elapsed
from kagemusha.domain.errors import AwsError, DomainError, Unauthorized, Unavailable
from kagemusha.domain.faults import BODILESS, RequestEffect
from kagemusha.domain.security_groups import Rule
from kagemusha.services.aws_credentials import Caller, find_caller
from kagemusha.services.requests import Answered
from kagemusha.services.transactions import Transactions

log = logging.getLogger(__name__)
_XML = "text/xml;charset=UTF-8"
_CONTROLS = ("moto-api", "_localstack/", "_aws/")
"""What the paths begin with by which emulators are steered, for all of their accounts at once."""
_FAULTS = {
    400: ("InvalidRequest", "The request is invalid."),
    401: ("AuthFailure", "AWS was not able to validate the provided access credentials"),
    403: ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    429: ("RequestLimitExceeded", "Request limit exceeded."),
    500: ("InternalError", "An internal error has occurred"),
    503: ("Unavailable", "The service is unavailable. Please try again shortly."),
}
"""What AWS says with a status, where a fault does not."""
_UNKNOWN_KEY = "The security token included in the request is invalid."


@dataclass(frozen=True, slots=True)
class Room:
    """AWS, as this server answers it. `request_id` makes a request's id from its sandbox's."""

    transactions: Transactions
    emulator: Emulator
    strict: bool
    request_id: Callable[[int], str]
    check_signature: Callable[[AwsRequest, Scope, Caller, int], None] | None = None

    async def answer(self, request: AwsRequest) -> AwsResponse:
        """Answer a request, with AWS's errors for what goes wrong."""
        path, _, query = request.path.partition("?")
        signed = scope(request.headers.get("authorization", ""), query.encode())
        if signed is None:
            error = AwsError("MissingAuthenticationToken", "Request is missing Authentication Token")
            return self._refuse(request, signed, error)
        try:
            return await self._answer(request, signed, path, query)
        except Exception as raised:
            return self._refuse(request, signed, _said(raised, signed))

    def too_large(self, request: AwsRequest) -> AwsResponse:
        """The answer to a request whose body is longer than may be."""
        signed = scope(request.headers.get("authorization", ""), b"")
        return self._refuse(request, signed, AwsError("RequestEntityTooLarge", "The request is too large."))

    async def ingress(self, account_id: str, aws_region: str, seed: int, group_ids: Sequence[str]) -> Sequence[Rule]:
        """The ingress rules of security groups of an account, in a region, as the emulator has them now.

        `seed` is of the account's world. Raises AwsError when the emulator does not tell.
        """
        return await facts.Facts(self.emulator, account_id, seed, aws_region).ingress(group_ids)

    async def vpc_block(self, account_id: str, aws_region: str, seed: int, vpc_id: str) -> str | None:
        """The CIDR block of a VPC, likewise; None for one that is not there."""
        return await facts.Facts(self.emulator, account_id, seed, aws_region).vpc_block(vpc_id)

    async def _answer(self, request: AwsRequest, signed: Scope, path: str, query: str) -> AwsResponse:
        caller = await find_caller(self.transactions, signed.access_key_id, strict=self.strict)
        if self.check_signature is not None:
            self.check_signature(request, signed, caller, self.transactions.clock())
        if unquote(path).lstrip("/").startswith(_CONTROLS):
            message = "The AWS emulator behind kagemusha is steered by kagemusha alone: reset the sandbox instead."
            raise AwsError("AccessDenied", message)
        is_query = path == "/" and (signed.service in {"ec2", "sts"} or _is_form(request))
        parameters = Parameters.parse(request.body if is_query else b"", query.encode() if is_query else b"")
        if is_query and not parameters.action:
            raise AwsError("MissingAction", "The request is missing an action: the form has no Action parameter.")
        call = Call(self.transactions, self.emulator, caller, signed, request, parameters)
        operation = f"{signed.service}.{parameters.action or request.method}"
        return await self._journaled(call, operation)

    async def _journaled(self, call: Call, operation: str) -> AwsResponse:
        """Answer a call, unless it meets a fault, and let the journal tell of it."""
        began, sandbox = elapsed(), call.caller.sandbox
        state: dict[str, Any] = {}
        try:
            answer = await self._met(call, operation, state)
        except Exception as raised:
            error = _said(raised, call.scope)
            state["error"] = error.code
            answer = self._refuse(call.request, call.scope, error)
        cut: str | None = state.get("cut")
        system = self.transactions.clock()
        path, status = call.request.path.partition("?")[0], None if cut == NO_ANSWER else answer.status
        answered = Answered(
            sandbox.now(system), system, operation, call.request.method, path, status, elapsed() - began,
            state.get("error"), state.get("fault"),
        )  # fmt: skip
        self.transactions.requests.note(sandbox.id, answered)
        return answer if cut is None else answer._replace(cut=cut)

    async def _met(self, call: Call, operation: str, state: dict[str, Any]) -> AwsResponse:
        sandbox = call.caller.sandbox
        effect: RequestEffect | None = None
        if sandbox.request_faults:
            labels = {name: (value,) for name, value in call.parameters.flat.items()} | {"path": (call.request.path,)}
            effect = await meet(self.transactions, sandbox.id, operation, labels, state)
        if effect is not None and effect.rate_limit:
            raise AwsError("RequestLimitExceeded", "Request limit exceeded.")
        if effect is not None and effect.status is not None:
            return self._faulty(call, effect, effect.status)
        if effect is not None and effect.disconnect is True:
            return AwsResponse(HTTPStatus.OK, [], b"")
        return await self._perform(call)

    async def _perform(self, call: Call) -> AwsResponse:
        service, action = call.scope.service, call.parameters.action
        request_id = self.request_id(call.caller.sandbox.id)
        if service == "ec2" and action in ec2.ACTIONS:
            content = await ec2.ACTIONS[action](call)
            if not isinstance(content, AwsResponse):
                return _xml(200, ec2_answer(action, content, request_id), request_id)
            return _understood(content, call.request)
        if service == "sts" and action in sts.ACTIONS:
            said = await sts.ACTIONS[action](call)
            return _xml(200, sts_answer(action, said, request_id), request_id)
        return _understood(await call.forward(), call.request)

    def _faulty(self, call: Call, effect: RequestEffect, status: int) -> AwsResponse:
        """A fault's answer: its body if that is text, else AWS's error with its ``Code`` and ``Message``."""
        said = effect.body if isinstance(effect.body, dict) else {}
        usual = _FAULTS.get(status, _FAULTS[HTTPStatus.BAD_REQUEST])
        code, message = (str(said.get(name, other)) for name, other in zip(("Code", "Message"), usual, strict=True))
        answer = self._refuse(call.request, call.scope, AwsError(code, message))
        body = effect.body.encode() if isinstance(effect.body, str) else answer.body
        more = [(name, value) for name, value in (effect.headers or {}).items() if name.lower() not in FRAMING]
        return AwsResponse(status, [*answer.headers, *more], b"" if status in BODILESS else body)

    def _refuse(self, request: AwsRequest, signed: Scope | None, error: AwsError) -> AwsResponse:
        request_id = self.request_id(0)
        status = STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
        service = signed.service if signed else "ec2"
        if "json" in request.headers.get("content-type", ""):
            body = json.dumps({"__type": error.code, "message": error.message}).encode()
            return AwsResponse(status, [("content-type", "application/x-amz-json-1.1")], body)
        if service == "s3":
            said = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
            return _xml(status, said, request_id)
        return _xml(status, (ec2_error if service == "ec2" else query_error)(error, request_id), request_id)


def _is_form(request: AwsRequest) -> bool:
    return request.method == "POST" and request.headers.get("content-type", "").startswith(
        "application/x-www-form-urlencoded"
    )


def _xml(status: int, body: str, request_id: str) -> AwsResponse:
    return AwsResponse(status, [("content-type", _XML), ("x-amzn-requestid", request_id)], body.encode())


def _said(error: Exception, signed: Scope) -> AwsError:
    """What is answered to who met `error`, which may be a bug."""
    if isinstance(error, DomainError):
        return _translated(error, signed)
    log.error("A request to %s failed", signed.service, exc_info=error)
    return AwsError("InternalError", "kagemusha has a bug: its log says more. Please report it.")


def _translated(error: DomainError, signed: Scope) -> AwsError:
    """An error of the world in AWS's words."""
    service = signed.service
    match error:
        case AwsError():
            return error
        case Unauthorized() if service == "ec2":
            return AwsError("AuthFailure", error.message)
        case Unauthorized() if service == "s3":
            return AwsError("InvalidAccessKeyId", _UNKNOWN_KEY)
        case Unauthorized():
            return AwsError("InvalidClientTokenId", _UNKNOWN_KEY)
        case Unavailable():
            return AwsError("Unavailable", error.message)
        case _:
            return AwsError("InvalidParameterValue", error.message)


def _understood(answer: AwsResponse, request: AwsRequest) -> AwsResponse:
    """The emulator's answer. A page for people is none: with a 5xx it does not know the action, as moto says so."""
    kind = {name.lower(): value for name, value in answer.headers}.get("content-type", "")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "html" in kind and request.method == "POST":
        raise not_simulated()
    if _is_form(request) and facts.parse(answer.body) is None:
        raise unavailable(f"its answer ({answer.status}) is not AWS's. Look what it is.")
    return answer
