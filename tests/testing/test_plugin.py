"""The plugin in runs of their own, as pytest loads it where kagemusha is installed."""

import contextlib
import os
import re
import signal
import subprocess

import httpx
import pytest
from answering import answering_at_a_free_port
from commands import PATIENCE, eventually
from kagemusha.testing import ServerProblem
from kagemusha.testing.sandbox import check
from runs import PYTEST, Project


def is_gone(url: str) -> bool:
    """Whether nothing answers at `url`."""
    try:
        httpx.get(f"{url}/_sim/health")
    except httpx.TransportError:
        return True
    return False


def test_a_failed_test_shows_its_sandbox(project: Project, kagemusha_server: str) -> None:
    """The clock, what is pending and the journal are in the report, of coroutines too; nothing is left behind."""
    project.write("test_it", """
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
    """)  # fmt: skip
    said = project.run("--kagemusha-url", kagemusha_server)
    assert said.outcomes == {"failed": 2, "passed": 1, "xfailed": 1, "error": 1}
    assert len(re.findall("^-+ kagemusha -+$", said.text, re.MULTILINE)) == 3
    names = re.findall("^Sandbox (.*), seed 0, at .*", said.text, re.MULTILINE)
    assert not set(names) & {each["name"] for each in httpx.get(f"{kagemusha_server}/_sim/sandboxes").json()}
    shown = said.after("_ test_function _")
    shown = shown[next(number for number, line in enumerate(shown) if line.startswith("Sandbox ")) :]
    assert shown[:4] == [
        f"Sandbox {names[1]}, seed 0, at {kagemusha_server}.",
        "It is 2030-01-01T00:01:00.000Z (manual, pace 1).",
        "Pending:",
        "  2030-01-01T00:07:04.193Z  space harbor-0: allocating → allocated",
    ]
    assert shown[4:6] == ["Journal:", "  2030-01-01T00:00:00.000Z  space harbor-0: · → allocating"]
    shown = said.after("_ test_coroutine[asyncio] _")
    assert "Nothing is pending." in shown
    heading = next(number for number, line in enumerate(shown) if line.startswith("Journal, the last 50 of "))
    entries = shown[heading + 1 : heading + 51]
    assert all(
        re.match(r"  2030-01-01T00:\d\d:\d\d\.\d{3}Z  space harbor-\d+: allocating → ", line) for line in entries
    )


def test_a_sandbox_that_can_not_be_seen_hides_no_failure(project: Project) -> None:
    """The report of a test whose server is gone says so, beside why the test failed."""
    project.write("test_it", """
        import pytest
        from kagemusha.testing import Server

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
    """)  # fmt: skip
    said = project.run()
    assert "E       AssertionError: assert 'this' == 'the failure'" in said.lines
    assert re.search(r"^Sandbox sandbox-\w+ at http://[\d.:]+ can't be seen: .*refused", said.text, re.MULTILINE)


def test_data_stores_connect_on_demand(project: Project) -> None:
    """With --kagemusha-data-plane a test connects to the Redis that it made."""
    project.write("test_it", """
        import pytest
        import redis

        @pytest.fixture
        def url(kagemusha):
            heroku = kagemusha.heroku
            heroku.post("/apps", json={"name": "ferry"}).raise_for_status()
            heroku.post("/apps/ferry/addons", json={"plan": "heroku-redis:premium-0"}).raise_for_status()
            kagemusha.until_idle()
            return heroku.get("/apps/ferry/config-vars").json()["REDIS_URL"]

        def test_it(url):
            with redis.Redis.from_url(url, ssl_cert_reqs="none", ssl_check_hostname=False) as store:
                assert store.ping()
    """)  # fmt: skip
    assert project.run("--kagemusha-data-plane").outcomes == {"passed": 1}


def test_nobody_who_does_not_ask_waits(project: Project) -> None:
    """A run without the fixtures starts no server, and imports no HTTP."""
    project.write("conftest", """
        from kagemusha.testing import Server
        del Server.start
    """)  # fmt: skip
    project.write("test_it", """
        import sys
        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("kagemusha")
            assert not {"httpx", "boto3", "ssl", "kagemusha.main"} & set(sys.modules)
    """)  # fmt: skip
    assert project.run("-p", "no:anyio").outcomes == {"passed": 1}


def test_all_workers_share_one_server(project: Project) -> None:
    """The first worker that asks has it started, one that crashes takes nothing along, and the run's end ends it."""
    project.write("test_it", """
        import os, pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(kagemusha, kagemusha_server, worker_id, number):
            with open("seen", "a") as seen:
                print(worker_id, kagemusha_server, kagemusha.name, file=seen)
            if number == 0:
                os._exit(1)
    """)  # fmt: skip
    assert project.run("-n", "2").outcomes == {"failed": 1, "passed": 3}
    seen = [line.split() for line in (project.folder / "seen").read_text().splitlines()]
    assert len({worker for worker, _, _ in seen}) > 1
    assert len({name for _, _, name in seen}) == 4
    [url] = {url for _, url, _ in seen}
    assert is_gone(url)


@pytest.mark.parametrize(
    ("workers", "end"), [("0", signal.SIGINT), ("2", signal.SIGINT), ("0", signal.SIGTERM), ("2", signal.SIGKILL)]
)
def test_a_run_that_is_cut_short_leaves_no_server(project: Project, workers: str, end: signal.Signals) -> None:
    """Whatever a run dies of, its server is gone soon after."""
    project.write("test_it", """
        import pathlib, time

        def test_it(kagemusha_server):
            pathlib.Path("new").write_text(kagemusha_server)
            pathlib.Path("new").rename("url")
            time.sleep(60)
    """)  # fmt: skip
    told = project.folder / "url"
    command = [*PYTEST, "-n", workers]
    with subprocess.Popen(command, cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:  # fmt: skip
        try:
            eventually(told.exists)
            assert not is_gone(told.read_text())
            # Ctrl-C is for all processes of a terminal's group.
            (os.killpg if end == signal.SIGINT else os.kill)(process.pid, end)
            process.wait(PATIENCE)
            eventually(lambda: is_gone(told.read_text()))
        finally:
            # Workers, whose test still sleeps.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_server_that_can_not_start_is_one_message(project: Project, workers: str) -> None:
    """Each test that wanted it says why there is none, in a line and without a traceback."""
    project.write("conftest", """
        import functools, pathlib
        from kagemusha.testing import Server
        Server.__init__ = functools.partialmethod(Server.__init__, pathlib.Path(__file__).parent)
    """)  # fmt: skip
    project.write("test_it", """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(kagemusha, number):
            pass
    """)  # fmt: skip
    said = project.run("-n", workers)
    assert said.outcomes == {"error": 3}
    assert sum(line.startswith("kagemusha could not be started: Can't use the database") for line in said.lines) == 3
    assert "Traceback" not in said.text
    assert "plugin.py" not in said.text


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", 'No kagemusha answers at http://127.0.0.1:9: start one with "kagemusha serve", or '),
        ("http://", "No kagemusha answers at http://: start one with"),
        ("https://127.0.0.1:9", "--kagemusha-url must be an address such as http://127.0.0.1:8765, without TLS, not "),
    ],
)
def test_a_wrong_address_is_one_message(project: Project, url: str, message: str) -> None:
    """It says what to give instead."""
    project.write("test_it", "def test_it(kagemusha): pass")
    said = project.run("--kagemusha-url", url)
    assert said.outcomes == {"error": 1}
    shown = said.after("ERROR at setup of test_it")
    assert shown[0].startswith(message)
    assert "short test summary" in shown[1]


@pytest.mark.parametrize(
    ("status", "body"), [(200, ""), (200, "<p>Hello</p>"), (404, "<p>Gone</p>"), (200, "{}"), (404, "[]")]
)
def test_another_server_is_not_taken_for_ours(status: int, body: str) -> None:
    """What answers without being kagemusha is no kagemusha."""
    with answering_at_a_free_port() as other:
        other.say(body, status)
        with pytest.raises(ServerProblem, match="No kagemusha answers at"):
            check(other.url)


def test_a_mistake_in_a_marker_is_one_message(project: Project, kagemusha_server: str) -> None:
    """It names the marker, or is what the server has to say of it."""
    project.write("test_it", """
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

        @pytest.mark.kagemusha(scenario="world.yaml")
        def test_file(kagemusha):
            pass

        @pytest.mark.kagemusha(pace=float("nan"))
        def test_no_number(kagemusha):
            pass

        @pytest.mark.kagemusha_fault(operation="app.info", effect={"status", 503})
        def test_set(kagemusha):
            pass

        @pytest.mark.kagemusha_fault(operation="app.info")
        def test_half(kagemusha):
            pass
    """)  # fmt: skip
    said = project.run("--kagemusha-url", kagemusha_server)
    assert said.outcomes == {"error": 7}
    lines = said.after("= ERRORS =")
    told = [line for line in lines if not line.startswith("_")]
    assert [line.partition(".alocating")[0].partition(": Input")[0] for line in told[:7]] == [
        "@pytest.mark.kagemusha takes keywords alone: kagemusha(…=…).",
        "POST /_sim/sandboxes: 422 invalid_params: sede: Extra inputs are not permitted.",
        "POST /_sim/sandboxes: 422 invalid_params: delays names no stage: space",
        "POST /_sim/sandboxes: 422 invalid_params: scenario",
        "@pytest.mark.kagemusha takes what JSON has: Out of range float values are not JSON compliant.",
        "@pytest.mark.kagemusha_fault takes what JSON has: Object of type set is not JSON serializable.",
        "@pytest.mark.kagemusha_fault: missing a required argument: 'effect'.",
    ]


def test_what_the_server_complained_of_is_in_the_summary(project: Project) -> None:
    """The log to which an error of the AWS emulator points is at the end of the run's report."""
    project.write("conftest", """
        import functools, pathlib
        from kagemusha.testing import Server
        Server.__init__ = functools.partialmethod(Server.__init__, pathlib.Path("world.db"))
    """)  # fmt: skip
    project.write("test_it", "def test_it(kagemusha): kagemusha.boto3_session().client('ec2').describe_vpcs()")
    said = project.run()
    assert said.outcomes == {"passed": 1}
    assert "does not survive a restart" in said.after("kagemusha's server said")[0]


def test_markers_and_fixtures_are_described(project: Project) -> None:
    """``pytest --markers`` and ``pytest --fixtures`` tell of all that there is."""
    markers, fixtures = (project.run(option).text for option in ("--markers", "--fixtures"))
    assert re.findall(r"^@pytest\.mark\.(kagemusha\w*)\(", markers, re.MULTILINE) == ["kagemusha", "kagemusha_fault"]
    described = re.findall(
        r"^(kagemusha\w*)(?: \[session scope\])? -- .*plugin\.py:\d+\n    \w", fixtures, re.MULTILINE
    )
    assert set(described) == {"kagemusha_server", "kagemusha", "kagemusha_env"}
