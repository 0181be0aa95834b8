"""The pytest plugin: fixtures, markers, and what the report of a failed test shows. See docs/pytest.md.

pytest loads it at each start where kagemusha is installed, so httpx and the like are imported when a test wants them.
"""

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import pytest

from kagemusha.testing.sandbox import Refused, Sandbox, check
from kagemusha.testing.server import Server, ServerProblem

_MARKERS = """\
kagemusha(seed=0, now='2030-01-01T00:00:00Z', clock='manual', pace=1, delays={…}, scenario=…): what a test's \
sandbox is made with; of several the nearest counts, keyword by keyword.
kagemusha_fault(operation=… or stage=…, effect={…}, match={…}, times=…, probability=…): a fault that the sandbox has \
from the beginning; there may be several, whose handles kagemusha.faults has in the order in which they stand.
"""
_OUTDONE = ("AWS_", "HEROKU_")
"""What the variables begin with that would lead clients elsewhere."""
_ASK_AT = "kagemusha_reception"
_SERVER = pytest.StashKey[Server]()
_PORT = pytest.StashKey[int]()
_SANDBOX = pytest.StashKey[Sandbox]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--kagemusha-url`` and ``--kagemusha-data-plane``."""
    group = parser.getgroup("kagemusha")
    group.addoption(
        "--kagemusha-url", metavar="URL", help="Test against this server (http://…) instead of starting one."
    )
    group.addoption(
        "--kagemusha-data-plane", action="store_true", help="Start the server so that data stores' URLs connect."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and see that a server that will be started is ended, whatever the run ends of."""
    for each in _MARKERS.splitlines():
        config.addinivalue_line("markers", each)
    server = config.stash[_SERVER] = Server(data_plane=config.getoption("--kagemusha-data-plane"))
    config.add_cleanup(server.stop)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for the server that all of them share."""
    config: pytest.Config = node.config
    if _PORT not in config.stash:
        from kagemusha.testing.reception import Reception

        reception = Reception(config.stash[_SERVER])
        config.add_cleanup(reception.close)
        config.stash[_PORT] = reception.port
    node.workerinput[_ASK_AT] = config.stash[_PORT]


@pytest.fixture(scope="session")
def kagemusha_server(pytestconfig: pytest.Config) -> str:
    """The address of the run's server, ``http://127.0.0.1:PORT``: ``--kagemusha-url``, or one started at first use."""
    given: str | None = pytestconfig.getoption("--kagemusha-url")
    port: int | None = getattr(pytestconfig, "workerinput", {}).get(_ASK_AT)
    with _plainly():
        if given is not None:
            return check(given)
        if port is not None:
            from kagemusha.testing.reception import ask

            return ask(port)
        server = pytestconfig.stash[_SERVER]
        server.start()
        return server.url


@pytest.fixture
def kagemusha(kagemusha_server: str, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh sandbox: seed 0 and a manual clock that begins with 2030, unless ``@pytest.mark.kagemusha(…)`` says."""
    node: pytest.Item = request.node
    with _plainly():
        asked = {name: value for each in _marks(node, "kagemusha") for name, value in each.items()}
        sandbox = Sandbox.create(kagemusha_server, **asked)
    with sandbox:
        with _plainly():
            for each in _marks(node, "kagemusha_fault"):
                _order(sandbox, each)
        node.stash[_SANDBOX] = sandbox
        yield sandbox
        del node.stash[_SANDBOX]


@pytest.fixture
def kagemusha_env(kagemusha: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The sandbox's environment, which this process has during the test, and no other ``AWS_…`` and ``HEROKU_…``."""
    for name in [name for name in os.environ if name.startswith(_OUTDONE)]:
        monkeypatch.delenv(name)
    for name, value in kagemusha.env.items():
        monkeypatch.setenv(name, value)
    return kagemusha.env


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the sandbox of a test that failed."""
    report = yield
    if report.failed and _SANDBOX in item.stash:
        from kagemusha.testing.report import describe

        report.sections.append(("kagemusha", describe(item.stash[_SANDBOX])))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what the run's server complained of."""
    if complaints := config.stash[_SERVER].complaints:
        terminalreporter.section("kagemusha's server said")
        terminalreporter.line(complaints.rstrip())


def _marks(node: pytest.Item, name: str) -> list[dict[str, Any]]:
    """The keywords of the node's markers of this name, in the order in which they stand: the nearest last."""
    marks = list(node.iter_markers(name))[::-1]
    if any(mark.args for mark in marks):
        pytest.fail(f"@pytest.mark.{name} takes keywords alone: {name}(…=…).", pytrace=False)
    told = [dict(mark.kwargs) for mark in marks]
    try:
        json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise pytest.fail.Exception(f"@pytest.mark.{name} takes what JSON has: {error}.", pytrace=False) from None
    return told


def _order(sandbox: Sandbox, told: dict[str, Any]) -> None:
    try:
        signature(sandbox.fault).bind(**told)
    except TypeError as error:
        raise pytest.fail.Exception(f"@pytest.mark.kagemusha_fault: {error}.", pytrace=False) from None
    sandbox.fault(**told)


@contextmanager
def _plainly() -> Iterator[None]:
    """What is wrong with the server or the markers is said in a line: no traceback could say more."""
    try:
        yield
    except (Refused, ServerProblem) as problem:
        raise pytest.fail.Exception(str(problem), pytrace=False) from None
