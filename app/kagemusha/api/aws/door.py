"""Where AWS requests leave the way of the others: told by their signature, or as a form posted to the root.

Nothing of the room is imported before the first of them.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kagemusha.api.aws.messages import AwsRequest
from kagemusha.api.troubles import Cutting

if TYPE_CHECKING:
    from kagemusha.api.aws.room import Room
    from kagemusha.domain.security_groups import Rule

MOST_BODY = 64 * 1024 * 1024
"""Bytes of a request's body: objects of S3 pass through."""
MOST_FORM = 1024 * 1024
"""Bytes of a form, which is read on the event loop."""
_FORM = "application/x-www-form-urlencoded"
_PRESIGNED = (b"X-Amz-Credential=", b"AWSAccessKeyId=")


class Opener:
    """Opens the room at the first AWS request, or when security groups are asked for."""

    def __init__(self, make: Callable[[], "Room"]) -> None:
        """`make` builds the room; it is called once at most."""
        self._make = make
        self._room: Room | None = None

    @property
    def room(self) -> "Room":
        """The room."""
        if self._room is None:
            self._room = self._make()
        return self._room

    async def ingress(self, account_id: str, aws_region: str, seed: int, group_ids: Sequence[str]) -> "Sequence[Rule]":
        """See Room: to ask for rules opens it, too."""
        return await self.room.ingress(account_id, aws_region, seed, group_ids)

    async def vpc_block(self, account_id: str, aws_region: str, seed: int, vpc_id: str) -> str | None:
        """See Room, likewise."""
        return await self.room.vpc_block(account_id, aws_region, seed, vpc_id)

    async def forget(self, account_id: str) -> None:
        """Take what the emulator keeps of an account away."""
        if self._room is not None:
            await self._room.emulator.forget(account_id)

    async def close(self) -> None:
        """Give back what the emulator holds."""
        if self._room is not None:
            await self._room.emulator.close()


class Door:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, opener: Opener) -> None:
        """Around `app`."""
        self.app = app
        self._opener = opener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is AWS's; let the rest pass."""
        if scope["type"] != "http" or not is_aws(scope):
            await self.app(scope, receive, send)
            return
        try:
            body = await _body(receive, MOST_FORM if _is_form(Headers(scope=scope)) else MOST_BODY)
        except ClientDisconnect:
            return
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        headers = dict(Headers(scope=scope).items())
        request = AwsRequest(scope["method"], f"{path}?{query}" if query else path, headers, body or b"")
        room = self._opener.room
        answer = room.too_large(request) if body is None else await room.answer(request)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        if not any(name.lower() == b"content-length" for name, _ in raw):
            raw.append((b"content-length", str(len(answer.body)).encode()))
        if answer.cut is not None:
            scope.setdefault("state", {})["cut"] = answer.cut
            send = Cutting(scope, receive, send).send
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})


def is_aws(scope: Scope) -> bool:
    """Whether a request is signed as AWS's are, or a form posted to the root."""
    # Every request passes here: its headers are looked at as they came.
    credentials = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    if credentials.startswith(b"AWS4-HMAC-SHA256"):
        return True
    query = scope["query_string"]
    if query and any(name in query for name in _PRESIGNED):
        return True
    return scope["method"] == "POST" and scope["path"] == "/" and _is_form(Headers(scope=scope))


def _is_form(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith(_FORM)


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it is longer than `most` bytes. ClientDisconnect when its end never came."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        if not message.get("more_body", False):
            break
    return b"".join(chunks) if size <= most else None
