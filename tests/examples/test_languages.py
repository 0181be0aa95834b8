"""The examples in other languages: each suite is run as its README says, against a server of the tests' own."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from live import serving

EXAMPLES = Path(__file__).parents[2] / "examples"
TOKEN = "an-admin-token"
BEYOND_LOOPBACK = "127.1"
"""Loopback, spelled so that the server takes it for a host that others can reach."""
STORIES = [
    "The article ends with the config var",
    "A held link is given up and comes later",
    "A 503 at first is outlasted",
    "A rate limit is waited out",
    "A lost answer makes no second link",
    "A sandbox is a world of its own",
]
"""What each suite has a test for, and nothing else."""
OUTLASTED = "A 503 at first is outlasted"


@dataclass(frozen=True)
class Suite:
    """A language's tests: how they are run, and how they tell of a test that passed or failed."""

    command: list[str]
    passed: str
    failed: str
    program: str
    transient: str
    """How the program spells a 503."""


SUITES = {
    "node": Suite(
        ["node", "--test", "--test-reporter=tap"], r"^ok \d+ - (.+)$", r"^not ok \d+ - (.+)$", "privatelink.mjs", "503"
    ),
    "go": Suite(
        ["go", "test", "-v", "-count=1", "./..."], r"^--- PASS: Test(\w+)", r"^--- FAIL: Test(\w+)", "privatelink.go",
        "StatusServiceUnavailable",
    ),
    "ruby": Suite(
        ["ruby", "-w", "privatelink_test.rb", "--verbose"], r"#test_(\w+) = .* = \.$", r"#test_(\w+) = .* = [EF]$",
        "privatelink.rb", "503",
    ),
    "shell": Suite(["./privatelink_test.sh"], r"^ok \d+ - (\w+)$", r"^not ok \d+ - (\w+)$", "privatelink.sh", "503"),
}  # fmt: skip
NEEDED = {"node": ["node"], "go": ["go"], "ruby": ["ruby"], "shell": ["curl", "jq"]}
"""The commands that a suite is run with."""


@dataclass(frozen=True)
class Run:
    """How a run of a suite ended: which of the stories passed and failed, and what it printed."""

    code: int
    passed: list[str]
    failed: list[str]
    said: str


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that this machine alone can reach."""
    with serving("--ephemeral") as server:
        yield server.url


@pytest.fixture(scope="module")
def shared_url() -> Iterator[str]:
    """A server that others can reach, and that asks for a token."""
    with serving("--ephemeral", "--host", BEYOND_LOOPBACK, KAGEMUSHA_ADMIN_TOKEN=TOKEN) as server:
        yield server.url.replace(BEYOND_LOOPBACK, "127.0.0.1")


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has nothing set up. What Go has compiled is kept for the other tests of the run."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "CGO_ENABLED": "0",
        "GOCACHE": str(tmp_path_factory.getbasetemp().parent / "go"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
    }


def run(language: str, folder: Path, environment: dict[str, str]) -> Run:
    """Run a language's suite in `folder`."""
    suite = SUITES[language]
    for command in NEEDED[language]:
        assert shutil.which(command), f"{command} is not installed: run `make test`"
    done = subprocess.run(suite.command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    return Run(done.returncode, told(suite.passed, done.stdout), told(suite.failed, done.stdout), said)


def told(pattern: str, output: str) -> list[str]:
    """The stories that a suite's output tells of, however the language spells them."""
    known = {plain(story): story for story in STORIES}
    names = re.findall(pattern, output, re.MULTILINE)
    return sorted(known.get(plain(name), name) for name in names)


def plain(name: str) -> str:
    """A name's letters and figures."""
    return re.sub(r"[\W_]", "", name).lower()


@pytest.mark.parametrize("language", SUITES)
def test_each_suite_passes(language: str, shared_url: str, home: dict[str, str]) -> None:
    """In each language the same is proved, on a server that asks for a token."""
    ended = run(language, EXAMPLES / language, home | {"KAGEMUSHA_URL": shared_url, "KAGEMUSHA_ADMIN_TOKEN": TOKEN})
    assert (ended.code, ended.passed, ended.failed) == (0, sorted(STORIES), []), ended.said


@pytest.mark.parametrize("language", SUITES)
def test_each_suite_notices_a_mistake(language: str, url: str, home: dict[str, str], tmp_path: Path) -> None:
    """A program that gives up at a 503 fails its test, and no other."""
    folder = tmp_path / "examples" / language
    shutil.copytree(EXAMPLES / language, folder)
    program = folder / SUITES[language].program
    right = program.read_text()
    wrong = right.replace(SUITES[language].transient, "StatusTeapot" if language == "go" else "418")
    assert wrong != right
    program.write_text(wrong)
    ended = run(language, folder, home | {"KAGEMUSHA_URL": url})
    assert ended.code != 0, ended.said
    assert (ended.passed, ended.failed) == (sorted({*STORIES} - {OUTLASTED}), [OUTLASTED]), ended.said


@pytest.mark.parametrize("language", SUITES)
def test_each_suite_says_what_to_do_when_nothing_answers(language: str, home: dict[str, str]) -> None:
    """Without a server every test fails, and says how to start one."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = run(language, EXAMPLES / language, home | {"KAGEMUSHA_URL": nowhere})
    assert (ended.passed, ended.failed) == ([], sorted(STORIES)), ended.said
    assert ended.code != 0
    assert f'No kagemusha answers at {nowhere}: start "kagemusha serve --ephemeral", or set' in ended.said


def test_the_go_code_is_formatted() -> None:
    """Its formatter has nothing to change."""
    assert shutil.which("gofmt"), "go is not installed: run `make test`"
    assert subprocess.check_output(["gofmt", "-l", EXAMPLES / "go"], text=True) == ""


@pytest.mark.parametrize("language", SUITES)
def test_each_readme_shows_the_command(language: str) -> None:
    """A README names the command that is run here, without what only this test wants to read, and each file."""
    readme = (EXAMPLES / language / "README.md").read_text()
    shown = {"node": "node --test", "go": "go test ./...", "ruby": "ruby privatelink_test.rb"}
    assert f"    {shown.get(language, './privatelink_test.sh')}\n" in readme
    for link in re.findall(r"\]\(([^)]+)\)", readme):
        assert (EXAMPLES / language / link).is_file(), link
