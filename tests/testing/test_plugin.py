"""The plugin in runs of their own, as pytest loads it where kagemusha is installed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from commands import PATIENCE, eventually

pytest_plugins = ["pytester"]

QUICKLY = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-W", "error")
"""Plugins that these runs don't use, and that take their time to load."""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """A run over what `pytester` has been given."""
    return pytester.runpytest_subprocess(*QUICKLY, *arguments, timeout=120)


def test_a_failed_test_shows_its_sandbox(pytester: pytest.Pytester, kagemusha_server: str) -> None:
    """The clock, what is pending and the journal are in the report, of coroutines too; nothing is left behind."""
    pytester.makepyfile("""
        import pytest

        def spaces(sandbox, count):
            for number in range(count):
                sandbox.heroku.post("/spaces", json={"name": f"harbor-{number}", "team": "kagemusha"})

        def test_function(kagemusha):
            spaces(kagemusha, 1)
            kagemusha.advance(60)
            raise AssertionError

        @pytest.mark.anyio
        async def test_coroutine(kagemusha):
            spaces(kagemusha, 60)
            kagemusha.until_idle()
            raise AssertionError

        def test_passing(kagemusha):
            spaces(kagemusha, 1)

        @pytest.mark.xfail
        def test_expected(kagemusha):
            raise AssertionError

        @pytest.fixture
        def broken(kagemusha):
            raise AssertionError

        def test_setup(broken):
            pass
    """)
    result = run(pytester, "--kagemusha-url", kagemusha_server)
    result.assert_outcomes(failed=2, passed=1, xfailed=1, errors=1)
    said = result.stdout.str()
    assert len(re.findall("-+ kagemusha -+", said)) == 3
    result.stdout.fnmatch_lines([
        f"Sandbox sandbox-*, seed 0, at {kagemusha_server}.",
        "It is 2030-01-01T00:01:00.000Z (manual, pace 1).",
        "Pending:",
        "  2030-01-01T00:0*Z  space harbor-0: allocating → allocated",
        "Journal:",
        "  2030-01-01T00:00:00.000Z  space harbor-0: · → allocating",
        "*-- kagemusha --*",
        "Nothing is pending.",
        "Journal, the last 50 of 120:",
    ])  # fmt: skip
    names = [each["name"] for each in httpx.get(f"{kagemusha_server}/_sim/sandboxes").json()]
    assert not {name for name in re.findall("Sandbox (sandbox-[0-9a-f]+)", said) if name in names}


def test_a_sandbox_that_can_not_be_seen_hides_no_failure(pytester: pytest.Pytester) -> None:
    """The report of a test whose server is gone says so, beside why the test failed."""
    pytester.makepyfile("""
        import pytest
        from kagemusha.testing import Sandbox, Server

        @pytest.fixture
        def server():
            with Server() as server:
                yield server

        @pytest.fixture
        def kagemusha_server(server):
            return server.url

        def test_it(server, kagemusha):
            server.stop()
            assert "this" == "the failure"
    """)
    result = run(pytester)
    result.stdout.fnmatch_lines(["E*assert 'this' == 'the failure'", "Sandbox sandbox-* at * can't be seen: *refused*"])


def test_nobody_who_does_not_ask_waits(pytester: pytest.Pytester) -> None:
    """A run without the fixtures starts no server, and imports no HTTP."""
    pytester.makeconftest("""
        from kagemusha.testing import Server
        del Server.start
    """)
    pytester.makepyfile("""
        import sys
        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("kagemusha")
            assert not {"httpx", "boto3", "ssl", "kagemusha.main"} & set(sys.modules)
    """)
    run(pytester, "-p", "no:anyio").assert_outcomes(passed=1)


def test_all_workers_share_one_server(pytester: pytest.Pytester) -> None:
    """The first worker that asks lets it be started, a worker that crashes takes nothing along, and the end ends it."""
    pytester.makepyfile("""
        import os, pathlib, pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(kagemusha, kagemusha_server, worker_id, number):
            with open("seen", "a") as seen:
                print(worker_id, kagemusha_server, kagemusha.name, file=seen)
            if number == 0:
                os._exit(1)
    """)
    run(pytester, "-n", "2").assert_outcomes(passed=3, failed=1)
    seen = [line.split() for line in (pytester.path / "seen").read_text().splitlines()]
    assert len({worker for worker, _, _ in seen}) > 1
    assert len({name for _, _, name in seen}) == 4
    [url] = {url for _, url, _ in seen}
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize(
    ("workers", "end"), [("0", signal.SIGINT), ("2", signal.SIGINT), ("0", signal.SIGTERM), ("2", signal.SIGKILL)]
)
def test_a_run_that_is_cut_short_leaves_no_server(pytester: pytest.Pytester, workers: str, end: signal.Signals) -> None:
    """Whatever a run dies of, its server is gone soon after."""
    pytester.makepyfile("""
        import pathlib, time

        def test_it(kagemusha_server):
            pathlib.Path("new").write_text(kagemusha_server)
            pathlib.Path("new").rename("url")
            time.sleep(60)
    """)
    told = pytester.path / "url"
    command = [sys.executable, "-m", "pytest", *QUICKLY, "-n", workers]
    with subprocess.Popen(command, cwd=pytester.path, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            eventually(told.exists)
            # Ctrl-C is for all processes of a terminal's group.
            (os.killpg if end == signal.SIGINT else os.kill)(process.pid, end)
            process.wait(PATIENCE)
            eventually(lambda: is_gone(told.read_text()))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def is_gone(url: str) -> bool:
    """Whether nothing answers at `url`."""
    try:
        httpx.get(f"{url}/_sim/health")
    except httpx.TransportError:
        return True
    return False


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_server_that_can_not_start_is_one_message(pytester: pytest.Pytester, workers: str) -> None:
    """Each test that wanted it says why there is none, in a line and without a traceback."""
    pytester.makeconftest("""
        import functools, pathlib
        from kagemusha.testing import Server
        Server.__init__ = functools.partialmethod(Server.__init__, pathlib.Path(__file__).parent)
    """)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(kagemusha, number):
            pass
    """)
    result = run(pytester, "-n", workers)
    result.assert_outcomes(errors=3)
    said = [
        line for line in result.outlines if line.startswith("kagemusha could not be started: Can't use the database")
    ]
    assert len(said) == 3
    assert "Traceback" not in result.stdout.str()
    assert "plugin.py" not in result.stdout.str()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "No kagemusha answers at http://127.0.0.1:9: start one with *"),
        ("https://127.0.0.1:9", "--kagemusha-url must be an address such as http://127.0.0.1:8765, *"),
        ("http://", "No kagemusha answers at http:*: start one with *"),
    ],
)
def test_a_wrong_address_is_one_message(pytester: pytest.Pytester, url: str, said: str) -> None:
    """It says what to give instead."""
    pytester.makepyfile("def test_it(kagemusha): pass")
    result = run(pytester, "--kagemusha-url", url)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_it*", said, "*short test summary*"], consecutive=True)


def test_a_mistake_in_a_marker_is_one_message(pytester: pytest.Pytester, kagemusha_server: str) -> None:
    """It names the marker, or what the server has to say of it."""
    pytester.makepyfile("""
        import pytest

        @pytest.mark.kagemusha(7)
        def test_positional(kagemusha):
            pass

        @pytest.mark.kagemusha(sede=7)
        def test_misspelled(kagemusha):
            pass

        @pytest.mark.kagemusha(delays={"space.alocating": 7})
        def test_unknown(kagemusha):
            pass
    """)
    result = run(pytester, "--kagemusha-url", kagemusha_server, "--strict-markers")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines([
        "*ERROR at setup of test_positional*",
        "@pytest.mark.kagemusha takes keywords alone: kagemusha(…=…).",
        "*ERROR at setup of test_misspelled*",
        "POST /_sim/sandboxes: 422 invalid_params: sede: *",
        "*ERROR at setup of test_unknown*",
        "POST /_sim/sandboxes: 422 invalid_params: delays names no stage: space.alocating.*",
        "*short test summary*",
    ], consecutive=True)  # fmt: skip


def test_what_the_server_complained_of_is_in_the_summary(pytester: pytest.Pytester) -> None:
    """The log to which an error of the emulator points is at the end of the run's report."""
    pytester.makeconftest("""
        import functools, pathlib
        from kagemusha.testing import Server
        Server.__init__ = functools.partialmethod(Server.__init__, pathlib.Path("world.db"))
    """)
    pytester.makepyfile("def test_it(kagemusha): kagemusha.boto3_session().client('ec2').describe_vpcs()")
    result = run(pytester)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*kagemusha's server said*", "*does not survive a restart*"])


def test_markers_and_fixtures_are_described(pytester: pytest.Pytester) -> None:
    """``pytest --markers`` and ``pytest --fixtures`` tell of all that there is."""
    markers, fixtures = (run(pytester, option).stdout.str() for option in ("--markers", "--fixtures"))
    assert re.findall(r"^@pytest\.mark\.(kagemusha\w*)\(", markers, re.MULTILINE) == ["kagemusha", "kagemusha_fault"]
    described = re.findall(
        r"^(kagemusha\w*)(?: \[session scope\])? -- .*plugin\.py:\d+\n    \w", fixtures, re.MULTILINE
    )
    assert set(described) == {"kagemusha_server", "kagemusha", "kagemusha_env"}


def test_the_page_is_true(pytester: pytest.Pytester) -> None:
    """The examples of docs/pytest.md are tests, and pass."""
    page = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    pytester.makepyfile(**{f"test_block_{number}": block for number, block in enumerate(blocks)})
    result = run(pytester)
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] == sum(block.count("def test_") for block in blocks) > 0
