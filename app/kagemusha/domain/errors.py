"""The closed catalogue of what can go wrong in the world, by stable ids and without HTTP.

Each API room says with which status and words of its own it answers them. `message` is for people and
says what to do next.
"""

from typing import ClassVar


class DomainError(Exception):
    """What a use-case raises: `id` is stable and in the spelling of the Platform API."""

    id: ClassVar[str] = "internal_server_error"

    def __init__(self, message: str) -> None:
        """Keep the sentence that the client will read."""
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """The thing is not in this world. `resource` is Heroku's name for its kind ("add_on")."""

    id = "not_found"

    def __init__(self, resource: str | None, message: str | None = None) -> None:
        """`resource` None leaves the key out of the answer."""
        super().__init__(message or f"Couldn't find that {(resource or 'thing').replace('_', ' ')}.")
        self.resource = resource


class InvalidParams(DomainError):
    """A well-formed request asks for what can't be."""

    id = "invalid_params"


class Conflict(DomainError):
    """What is asked for collides with what is there."""

    id = "conflict"


class Unauthorized(DomainError):
    """No credentials, or none that are known."""

    id = "unauthorized"

    def __init__(self, message: str = "Invalid credentials provided.") -> None:
        """The default is Heroku's own sentence."""
        super().__init__(message)


class BadRequest(DomainError):
    """The request can't be read."""

    id = "bad_request"


class NotAcceptable(DomainError):
    """The Accept header asks for another API, or none."""

    id = "not_acceptable"


class RangeNotSatisfiable(DomainError):
    """A list can't be walked by the field that the Range header names."""

    id = "requested_range_not_satisfiable"


class Forbidden(DomainError):
    """The caller may not do this: to this thing, or from where it asks."""

    id = "forbidden"


class PreconditionFailed(DomainError):
    """The thing is no longer what the caller took it for."""

    id = "precondition_failed"


class ConfirmationRequired(DomainError):
    """Something would be lost: the caller is to say that this is meant."""

    id = "confirmation_required"


class RateLimited(DomainError):
    """The caller has sent too many requests."""

    id = "rate_limit"

    def __init__(
        self,
        message: str = "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
    ) -> None:
        """The default is Heroku's own sentence."""
        super().__init__(message)


class Unavailable(DomainError):
    """The database does not answer, or a lock was not had in time; the message says whether anything was changed."""

    id = "service_unavailable"


class AwsError(DomainError):
    """What EC2 would answer. `code` is AWS's own."""

    id = "aws_error"

    def __init__(self, code: str, message: str) -> None:
        """`code` as AWS spells it: ``InvalidServiceName``."""
        super().__init__(message)
        self.code = code


class IllegalStep(DomainError):
    """The stage tables know no such step."""

    id = "conflict"

    def __init__(self, machine: str, source: str | None, on: str) -> None:
        """Name the machine, the state it is in and what was asked of it."""
        super().__init__(f"Can't {on} a {machine.replace('_', ' ')} that is {source or 'not there'}.")
