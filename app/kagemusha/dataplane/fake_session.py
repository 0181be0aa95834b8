"""One client's session with a fakeredis server: what fakeredis can't do, and what Redis says where it differs.

fakeredis keeps the data and knows the commands. Its sockets lose the difference between simple and bulk strings, wait
for lists in tasks that outlive their client, and take anybody's word for who it is: this one doesn't.
"""

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from fakeredis._commands import COMMANDS_WITH_SUB, SUPPORTED_COMMANDS, Signature, command
from fakeredis._core import CommandItem
from fakeredis._helpers import OK, NoResponse, SimpleError, SimpleString
from fakeredis._socket import AsyncFakeSocket
from fakeredis._socket._resp import extract_command
from fakeredis.model import get_command_info
from redis.asyncio import Redis

from kagemusha.dataplane.fake_replies import NULL, NULL_ARRAY, push, reply
from kagemusha.dataplane.fake_store import FakeStore
from kagemusha.dataplane.redis_rules import ALLOWED, CONTAINERS, REFUSED, USERS

UNKNOWN_CLIENT = "NOAUTH Authentication required."
WRONG_PAIR = "WRONGPASS invalid username-password pair or user is disabled."
NO_HELLO = (
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "
    "option can be used to authenticate the client and select the RESP protocol version at the same time"
)
NO_SCRIPTS = "ERR the Redis inside kagemusha runs no scripts: put redis-server on the PATH, or give --redis-server."
_FOR_STRANGERS = frozenset({"auth", "hello", "quit", "reset"})
_SCRIPTS = frozenset({"eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", "function", "script"})
_NULL_IS_ARRAY = frozenset(
    {"blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "exec", "lmpop", "xread",
     "xreadgroup", "zmpop"},
)  # fmt: skip
_MOST_SHOWN = 128
"""Bytes of a command, and of its arguments, that the error about an unknown one repeats."""
_RESP3 = 3
_FIRST = True
"""Whether it is the first look for what a session waits for."""
_PRINTABLE = range(ord("!"), ord("~") + 1)
_EVENTS = {b"@string": "$", b"@list": "l", b"@set": "s", b"@hash": "h", b"@sortedset": "z", b"@stream": "t"}
"""The letters of `notify-keyspace-events` for categories of commands; what is in none of them is `g`."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a command comes to, as opposed to what is told unasked."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Wait:
    """What a session waits for: `look` is None until it is there; `shape` makes an answer of it."""

    look: Callable[[bool], Any]
    shape: Callable[[Any], Any]
    timer: TimerHandle | None


class Session(AsyncFakeSocket):
    """What one connection has said and is told: `send` takes bytes, `resume` is called when it waits no more."""

    def __init__(self, store: FakeStore, send: Callable[[bytes], None], resume: Callable[[], None]) -> None:
        """Begin as a stranger, in database 0."""
        super().__init__(store.server, 0, client_class=Redis, client_info={"name": "", "flags": "N"})
        self.trusted = False
        self.over = False
        self._store, self._send, self._resume = store, send, resume
        self._name = ""
        self._wait: _Wait | None = None

    @property
    def waits(self) -> bool:
        """Whether the next request must wait for what the last one waits for."""
        return self._wait is not None

    @property
    def listens(self) -> bool:
        """Whether it is subscribed to anything."""
        return self._pubsub > 0

    def run(self, request: list[bytes]) -> None:
        """Do what a client asks; the answer is sent, whatever it is."""
        self._name, _ = extract_command(request)
        try:
            self._check(request)
        except SimpleError as refusal:
            if self._queueing:
                self._transaction_failed = True
            self.put_response(_Answer(refusal))
            return
        try:
            self._process_command(request)
        except Exception as problem:
            self.put_response(_Answer(SimpleError(f"ERR fakeredis can't do this: {type(problem).__name__}")))

    def leave(self) -> None:
        """Take nothing more, and leave no trace."""
        if self._server is None:
            return
        server = self._server
        self._done()
        self._discard_subscriptions()
        self._clear_watches()
        self.over = True
        self.close()
        server.closed_sockets.clear()

    # What a request must pass before fakeredis sees it.

    def _check(self, request: list[bytes]) -> None:
        """Raise SimpleError where Redis refuses a request before it looks into it."""
        first = self._name.partition(" ")[0]
        if not self.trusted and first not in _FOR_STRANGERS and (first in REFUSED or self._is_known(first)):
            raise SimpleError(UNKNOWN_CLIENT)
        full = self._name.replace(" ", "|")
        if first in REFUSED and full not in ALLOWED:
            shown = "|".join([first, *(_text(each).lower() for each in request[1:2] if first in CONTAINERS)])
            raise SimpleError(
                f"NOPERM User {self._client_info['user']} has no permissions to run the '{shown}' command"
            )
        if first in _SCRIPTS:
            raise SimpleError(NO_SCRIPTS)
        if not self._is_known(first):
            raise SimpleError(_unknown(request))

    def _is_known(self, first: str) -> bool:
        return self._name in SUPPORTED_COMMANDS or first in COMMANDS_WITH_SUB or first in _SCRIPTS

    # Who it is.

    def _auth(self, *arguments: bytes) -> SimpleString:
        if not arguments:
            raise SimpleError("ERR wrong number of arguments for 'auth' command")
        if len(arguments) > len(("user", "password")):
            raise SimpleError("ERR syntax error")
        self._let_in(*arguments) if arguments[1:] else self._let_in(b"default", *arguments)
        return OK

    def _let_in(self, user: bytes, password: bytes) -> None:
        if user not in [each.encode() for each in USERS] or not compare_digest(password, self._store.password):
            raise SimpleError(WRONG_PAIR)
        self.trusted = True
        self._client_info["user"] = user.decode()

    def hello(self, *arguments: bytes) -> dict[str, Any]:
        """The greeting: HELLO [protocol [AUTH user password] [SETNAME name]]."""
        protocol = _protocol(arguments[0]) if arguments else self._client_info.protocol_version
        pair, name, options = None, None, list(arguments[1:])
        while options:
            option = options[0].upper()
            if option == b"AUTH" and options[2:]:
                pair, options = options[1:3], options[3:]
            elif option == b"SETNAME" and options[1:]:
                name, options = options[1], options[2:]
            else:
                raise SimpleError(f"ERR Syntax error in HELLO option '{_text(options[0])}'")
        if pair:
            self._let_in(*pair)
        if not self.trusted:
            raise SimpleError(NO_HELLO)
        if name is not None:
            self.client_setname(name)
        self._client_info["resp"] = protocol
        return {
            "server": "redis",
            "version": f"{self._store.settings.version}.0",
            "proto": protocol,
            "id": self._client_info["id"],
            "mode": "standalone",
            "role": "master",
            "modules": [],
        }

    def client_setname(self, value: bytes) -> SimpleString:
        """Have a name, of printable characters without spaces."""
        if any(each not in _PRINTABLE for each in value):
            raise SimpleError("ERR Client names cannot contain spaces, newlines or special characters.")
        self._client_info["name"] = value.decode()
        return OK

    def client_getname(self) -> bytes | None:
        """The name, None if it has none."""
        return self._client_info["name"].encode() or None

    def reset(self) -> SimpleString:
        """Be as if newly connected."""
        answer: SimpleString = super().reset()
        self.trusted = False
        return answer

    @command(name="QUIT", fixed=(), repeat=(bytes,))
    def quit(self, *_: bytes) -> SimpleString:
        """Say good-bye."""
        self.over = True
        return OK

    def kill(self) -> None:
        """End, as another client wants it, or this one."""
        super().kill()
        self.over = True
        get_running_loop().call_soon(self._resume)

    @command(name="INFO", fixed=(), repeat=(bytes,))
    def info(self, *_: bytes) -> bytes:
        """What clients look for when they connect, in all sections at once."""
        return self._store.info().encode()

    # Waiting, as `blpop` and its like do.

    def _blocking(
        self, timeout: float | None, func: Callable[[bool], Any], shape: Callable[[Any], Any] | None = None
    ) -> Any:
        shape = shape or (lambda found: found)
        found = func(_FIRST)
        if found is not None or self._in_transaction:
            return shape(found)
        timer = get_running_loop().call_later(timeout, self._give_up) if timeout else None
        self._wait, self._blocked = _Wait(func, shape, timer), True
        self._db.add_change_callback(self._store.changed)
        self._store.wait(self)
        return NoResponse()

    def retry(self) -> None:
        """Look again whether what it waits for is there, or somebody ended the wait."""
        if self._wait is None:
            return
        try:
            with self._server.lock:
                ended = self._unblock_reason is not None
                if ended:
                    self._take_unblock_reason()
                found = None if ended else self._wait.look(not _FIRST)
                if found is None and not ended:
                    return
                found = self._wait.shape(found)
        except SimpleError as problem:
            found = problem
        self._go_on(found)

    def _give_up(self) -> None:
        if self._wait is not None:
            self._go_on(self._wait.shape(None))

    def _go_on(self, found: Any) -> None:
        self._done()
        self.put_response(_Answer(found))
        self._resume()

    def _done(self) -> None:
        if self._wait is not None and self._wait.timer is not None:
            self._wait.timer.cancel()
        self._wait, self._blocked, self._unblock_reason = None, False, None
        self._store.wait_no_more(self)

    def _run_command(self, func: Any, sig: Signature, *arguments: Any) -> Any:
        # In RESP3 subscribers may run anything, which fakeredis doesn't know.
        if self._client_info.protocol_version < _RESP3 or sig.name in self.ACCEPTED_COMMANDS_WHILE_PUBSUB:
            return super()._run_command(func, sig, *arguments)
        subscribed, self._pubsub = self._pubsub, 0
        try:
            return super()._run_command(func, sig, *arguments)
        finally:
            self._pubsub += subscribed

    # What it is told.

    def put_response(self, msg: Any) -> None:
        """Send an answer, or what fakeredis tells unasked."""
        resp3 = self._client_info.protocol_version == _RESP3
        if isinstance(msg, _Answer):
            null = NULL_ARRAY if self._name in _NULL_IS_ARRAY else NULL
            self._send(reply(msg.value, resp3=resp3, null=null))
        else:
            self._send(push(msg, resp3=resp3))

    def _decode_result(self, result: Any) -> Any:
        return result if isinstance(result, NoResponse) else _Answer(result)

    def _keyspace_notifications(self, command_items: list[CommandItem], event: bytes) -> None:
        wanted = self._store.settings.notify_keyspace_events
        if "A" in wanted or _letter(event) in wanted:
            super()._keyspace_notifications(command_items, event)

    def _publish_to_channel(self, channel: bytes, message: bytes, pattern_regex: dict[bytes, Any]) -> None:
        kind = "K" if channel.startswith(b"__keyspace@") else "E"
        if kind in self._store.settings.notify_keyspace_events:
            super()._publish_to_channel(channel, message, pattern_regex)


def _protocol(text: bytes) -> int:
    if not text.isdigit():
        raise SimpleError("ERR Protocol version is not an integer or out of range")
    if text not in {b"2", b"3"}:
        raise SimpleError("NOPROTO unsupported protocol version")
    return int(text)


def _unknown(request: list[bytes]) -> str:
    """What Redis says of a command that there is not."""
    shown = ""
    for each in request[1:]:
        if len(shown) >= _MOST_SHOWN:
            break
        shown += f"'{_text(each[: _MOST_SHOWN - len(shown)])}' "
    return f"ERR unknown command '{_text(request[0][:_MOST_SHOWN])}', with args beginning with: {shown}"


def _text(shown: bytes) -> str:
    return shown.decode("utf-8", "replace")


def _letter(event: bytes) -> str:
    """The letter of `notify-keyspace-events` that wants an event."""
    categories = (get_command_info(event) or [[]] * 7)[6]
    return next((_EVENTS[each] for each in categories if each in _EVENTS), "g")
