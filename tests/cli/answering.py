"""A server that is not kagemusha."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Answering:
    """Answers everything alike, and keeps what it was asked."""

    def __init__(self, url: str) -> None:
        """At `url`."""
        self.url = url
        self.asked: list[str] = []
        self.status, self.body = 200, ""

    def say(self, body: str, status: int = 200) -> None:
        """From now on."""
        self.body, self.status = body, status


@contextmanager
def answering_at_a_free_port() -> Iterator[Answering]:
    """One that listens."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            answering.asked.append(f"{self.command} {self.path}")
            body = answering.body.encode()
            self.send_response(answering.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        answering = Answering(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield answering
        server.shutdown()
        thread.join()
