"""The command line, run in this process when it talks and in one of its own when it serves."""

import signal
import sys
from collections.abc import Iterator

import pytest
from answering import Answering, answering_at_a_free_port
from commands import Run, Said, serving
from kagemusha.__main__ import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in this process."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.delenv("KAGEMUSHA_ADMIN_TOKEN", raising=False)

    def running(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["kagemusha", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    yield running
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def live() -> Iterator[str]:
    """The address of a server that many tests talk to, each in sandboxes of its own."""
    with serving("--ephemeral") as server:
        yield server.url


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A server that is not kagemusha."""
    with answering_at_a_free_port() as found:
        yield found
