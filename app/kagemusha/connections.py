"""The connections of clients: uvicorn's, which a request can close, and which answer what is no HTTP."""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kagemusha.domain.errors import BadRequest

CLOSE = "kagemusha.close"
"""The extension of a request's scope that closes its connection, once what was sent has left."""


class Connection(HttpToolsProtocol):
    """A connection of which each request can get rid."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {CLOSE: self.transport.close}  # type: ignore[dict-item]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- it says less than ours
        """Answer what is no HTTP, before any API hears of it, in the shape of every other error; and hang up."""
        message = "This is no HTTP request that can be read: look at its first line, its headers and its length."
        body = json.dumps({"id": BadRequest.id, "message": message}).encode()
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        self.transport.close()
