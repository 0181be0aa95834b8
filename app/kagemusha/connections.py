"""The connections of clients: uvicorn's, which a request can close."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CLOSE = "kagemusha.close"
"""The extension of a request's scope that closes its connection, once what was sent has left."""


class Connection(HttpToolsProtocol):
    """A connection of which each request can get rid."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {CLOSE: self.transport.close}  # type: ignore[dict-item]
