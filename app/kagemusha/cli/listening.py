"""The socket that a server listens on."""

import errno
import socket

from kagemusha.cli.talk import fail

_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; a place that can't be had ends the command with a line that says why."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        fail(f"--host {host} is not known to this machine: use 127.0.0.1, or an address that it has.")
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        fail(_explain(error, host, port))
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRNOTAVAIL:
            return f"--host {host} is not an address of this machine: use 127.0.0.1, or one that it has."
        case errno.EACCES:
            return f"Port {port} on {host} needs more rights: choose one above 1023 with --port (0 takes a free one)."
    return (
        f"Port {port} on {host} can't be had ({error.strerror}): stop what listens there, or choose another with "
        "--port (0 takes a free one)."
    )


def url_of(host: str, listener: socket.socket, *, tls: bool = False) -> str:
    """The address that clients are told."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{listener.getsockname()[1]}"
