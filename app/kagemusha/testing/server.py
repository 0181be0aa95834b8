"""``kagemusha serve`` in a process of its own, for as long as a test or a run of tests needs it.

It never outlives who started it, however that ends: see `kagemusha.testing.tethered`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

_READY_WITHIN = 60.0
"""Seconds that a server has to begin to answer; it takes less than one on an idle machine."""
_ENDED_WITHIN = 5.0
"""Seconds that a server has to end when told; it takes two at most."""
_LOOK = 0.01
"""Seconds between two looks at whether it answers."""


class ServerProblem(Exception):
    """A server could not be started, or there is none; the message is one line that says why."""


class Server:
    """One ``kagemusha serve`` on loopback, at a free port that it keeps when it is started again.

    ``with Server() as server`` starts one that keeps nothing, and ends it afterwards. With `database`, the path of a
    SQLite file that is made if it is not there, the world is kept between ``stop()`` or ``kill()`` and ``start()``.
    Variables named ``KAGEMUSHA_…`` in the environment do not reach it: tests are the same wherever they run.
    """

    def __init__(self, database: Path | None = None, *, data_plane: bool = False) -> None:
        """Start nothing yet. With `data_plane` the URLs of data stores connect (``kagemusha[dataplane]``)."""
        self.url = ""
        """``http://127.0.0.1:PORT``, from the first start on."""
        self._asked = ["--ephemeral"] if database is None else ["--database", f"sqlite:///{database.absolute()}"]
        self._asked += ["--data-plane"] if data_plane else []
        self._running: _Running | None = None
        self._complaints = ""

    def __enter__(self) -> Self:
        """Start it. Raises ServerProblem."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @property
    def complaints(self) -> str:
        """What it has written to its standard error, over all starts."""
        return self._complaints + (self._running.complaints() if self._running else "")

    def start(self) -> None:
        """Start it, and return when it answers requests; one that runs is left alone. Raises ServerProblem."""
        if self._running is None:
            port = self.url.rpartition(":")[2] or "0"
            try:
                self._running = _Running(["--host", "127.0.0.1", "--port", port, *self._asked])
            except OSError as error:
                message = f"kagemusha could not be started: {error}."
                raise ServerProblem(message) from None
            try:
                self.url = self._running.wait_for_url()
            except BaseException:
                self.kill()
                raise

    def stop(self) -> None:
        """Tell it to end, and return when it has; one that does not run is left alone."""
        self._end(gently=True)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does; one that does not run is left alone."""
        self._end(gently=False)

    def _end(self, *, gently: bool) -> None:
        if self._running is not None:
            self._complaints += self._running.end(gently=gently)
            self._running = None


class _Running:
    """One process."""

    def __init__(self, arguments: list[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kagemusha-")
        self._ready = Path(self._folder.name, "ready.json")
        self._stderr = Path(self._folder.name, "stderr")
        # -P: what lies in the folder where the tests run is not to be taken for what the server imports.
        command = [sys.executable, "-P", "-m", "kagemusha.testing.tethered", "serve", *arguments]
        command += ["--ready-file", str(self._ready)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KAGEMUSHA_")}
        try:
            with self._stderr.open("wb") as stderr:
                # In a session of its own: Ctrl-C is for the tests, which still have worlds to take away.
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                                 stderr=stderr, env=environment, start_new_session=True)  # fmt: skip
        except OSError:
            self._folder.cleanup()
            raise

    def complaints(self) -> str:
        """What it has written to its standard error."""
        return self._stderr.read_text(errors="replace")

    def wait_for_url(self) -> str:
        """Where it answers, when it does."""
        deadline = time.monotonic() + _READY_WITHIN
        while not self._ready.exists():
            if self._process.poll() is not None:
                why = self.complaints().strip() or f"it ended with exit code {self._process.returncode}."
                message = f"kagemusha could not be started: {why.removeprefix('kagemusha: ')}"
                raise ServerProblem(message)
            if time.monotonic() > deadline:
                message = f"kagemusha could not be started: it has not answered for {_READY_WITHIN:.0f} s."
                raise ServerProblem(message)
            time.sleep(_LOOK)
        url: str = json.loads(self._ready.read_bytes())["url"]
        return url

    def end(self, *, gently: bool) -> str:
        """End it; returns its complaints."""
        with self._process as process:
            if gently:
                process.terminate()
                try:
                    process.wait(_ENDED_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()
            else:
                process.kill()
        said = self.complaints()
        self._folder.cleanup()
        return said
