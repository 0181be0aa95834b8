"""Several processes that answer on one socket, and the one that looks after them.

Each worker holds one end of a pipe, its lifeline: it says there that it answers, or why it can't, and ends when the
other end is gone, whatever became of the process that held it.
"""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait

import typer

from kagemusha.problems import StartProblem
from kagemusha.settings import Settings

LAST = 1.7
"""Seconds that workers have to end before they are killed: a little more than they give themselves."""
PAUSE = 1.0
"""Seconds before a worker that could not start is tried again."""
MOMENT = 0.1
"""Seconds for our own signal to come after a worker's: what ends one may be meant for all."""
_ANSWERS = ""
"""What a worker says when it answers."""
_spawning = get_context("spawn")


class Worker:
    """A process that answers on `listener`, and knows when its parent is gone."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        """Start it; it does not answer yet."""
        self.settings = settings
        self.listener = listener
        self.answers = False
        self.lifeline, theirs = _spawning.Pipe()
        self.process = _spawning.Process(target=_work, args=(settings, listener, theirs), daemon=True)
        with _interrupts_kept_away():
            self.process.start()
        theirs.close()

    def heard(self) -> str | None:
        """Wait for news: None if it answers now, else why it ended."""
        try:
            said: str = self.lifeline.recv()
        except (EOFError, OSError):
            self.process.join()
            return f"A worker ended with exit code {self.process.exitcode}."
        self.answers = said == _ANSWERS
        return None if self.answers else said

    def again(self) -> "Worker":
        """Another in its place."""
        self.end([self])
        return Worker(self.settings, self.listener)

    @staticmethod
    def end(workers: list["Worker"]) -> None:
        """End them all, in LAST seconds at most."""
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + LAST
        for worker in workers:
            worker.process.join(max(0, deadline - time.monotonic()))
            worker.process.kill()
            worker.process.join()
            worker.lifeline.close()


def supervise(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Keep `settings.workers` processes answering until SIGTERM or Ctrl-C; one of them lets time run.

    `ready` is called once all answer. One that ends is replaced. Raises StartProblem if they can't start.
    """
    with _end_asked() as end:
        workers: list[Worker] = []
        try:
            workers.extend(Worker(each, listener) for each in shares(settings))
            if _all_answer(workers, end):
                ready()
                _look_after(workers, end)
        finally:
            Worker.end(workers)


def shares(settings: Settings) -> list[Settings]:
    """What each worker is to be: the first lets time run, if any does."""
    return [settings.model_copy(update={"ticks": settings.ticks and not number}) for number in range(settings.workers)]


def _all_answer(workers: list[Worker], end: Connection) -> bool:
    """Wait until all answer; False if the end was asked for. Raises StartProblem for the first that can't."""
    while waiting := [worker.lifeline for worker in workers if not worker.answers]:
        news = wait([end, *waiting])
        if end in news:
            return False
        for worker in workers:
            if worker.lifeline in news and (problem := worker.heard()):
                if wait([end], MOMENT):
                    return False
                raise StartProblem(problem)
    return True


def _look_after(workers: list[Worker], end: Connection) -> None:
    """Replace those that end, until the end is asked for."""
    while end not in (news := wait([end, *(worker.lifeline for worker in workers)])):
        for number, worker in enumerate(workers):
            answered = worker.answers
            if worker.lifeline not in news or (problem := worker.heard()) is None:
                continue
            if wait([end], MOMENT if answered else PAUSE):
                return
            typer.echo(f"kagemusha: {problem} Another takes its place.", err=True)
            workers[number] = worker.again()


def _work(settings: Settings, listener: socket.socket, lifeline: Connection) -> None:
    """What a worker does."""
    from kagemusha.cli.serving import answer

    def say(what: str) -> None:
        # Nobody may be left to listen.
        with suppress(OSError):
            lifeline.send(what)

    try:
        answer(settings, listener, lambda: say(_ANSWERS), lifeline)
    except StartProblem as problem:
        say(str(problem))
        sys.exit(1)


@contextmanager
def _interrupts_kept_away() -> Iterator[None]:
    """Processes started here never see the terminal's Ctrl-C, which is for their parent."""
    # Started now, since its start lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _end_asked() -> Iterator[Connection]:
    """A connection that becomes readable with SIGTERM or Ctrl-C."""
    reader, writer = _spawning.Pipe(duplex=False)
    before = {number: signal.signal(number, lambda *_: writer.send(None)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield reader
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
