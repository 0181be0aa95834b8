"""What docs/ci.md shows: the action for GitHub and the snippets for GitLab, held to their schemas and run here."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from commands import eventually
from driver import ACCEPT
from live import serving
from offline import machine

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOW, IN_THE_JOB, AS_A_SERVICE = re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "ci.md").read_text(), re.MULTILINE | re.DOTALL
)
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
"""How both services run what they are told."""
BEYOND_LOOPBACK = "127.1"
"""Loopback, spelled so that the server takes it for a host that others can reach."""


def refusal(schema: str, file: Path) -> str:
    """What a file's published schema has against it; empty if nothing."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""


@dataclass
class Job:
    """A job of a GitHub workflow, on a runner that keeps what its steps leave to later ones in files."""

    folder: Path
    env: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def start(self, arguments: str) -> subprocess.CompletedProcess[str]:
        """Take the last step of the action; returns how it ended."""
        action = yaml.safe_load(ACTION.read_text())
        done = self.run(action["runs"]["steps"][-1], {"inputs.arguments": arguments})
        if not done.returncode:
            self.outputs |= {name: evaluated(each["value"], self.outputs) for name, each in action["outputs"].items()}
        return done

    def run(self, step: dict[str, Any], known: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Take one step."""
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "what a caller says would be run: hand it over in env"
        files = {name: self.folder / name.lower() for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            file.write_text("")
        told = {name: evaluated(value, known) for name, value in step.get("env", {}).items()}
        runner = {"RUNNER_TEMP": str(self.folder), "GITHUB_ACTION_PATH": str(ROOT)}
        env = self.env | told | runner | {name: str(file) for name, file in files.items()}
        done = subprocess.run([*BASH, step["run"]], env=env, capture_output=True, text=True, timeout=120)
        self.env |= definitions(files["GITHUB_ENV"].read_text())
        self.env["PATH"] = os.pathsep.join([*files["GITHUB_PATH"].read_text().splitlines(), self.env["PATH"]])
        step_outputs = definitions(files["GITHUB_OUTPUT"].read_text())
        self.outputs |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in step_outputs.items()}
        return done


def evaluated(text: str, known: dict[str, str]) -> str:
    """A text with its expressions evaluated, which may be names alone."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: known[match[1]], text)


def definitions(text: str) -> dict[str, str]:
    """What a file such as $GITHUB_ENV defines: ``NAME=value``, or ``NAME<<MARK`` with the value up to the mark."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, rest = re.fullmatch(r"(\w+)(=|<<)(.*)", line).groups()  # type: ignore[union-attr]
        found[name] = rest if sign == "=" else "\n".join(iter(lambda: next(lines), rest))
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job in which the action has taken every step but the last, which starts the server."""
    folder = tmp_path_factory.mktemp("runner")
    job = Job(folder, machine(folder / "home"))
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"][:-1]:
        done = job.run(step, {})
        assert done.returncode == 0, done.stdout + done.stderr
    return job


@pytest.fixture
def job(installed: Job) -> Job:
    """The same, for a test to go on with."""
    return replace(installed, env=dict(installed.env), outputs={})


@contextmanager
def ended_afterwards(ready: Path) -> Iterator[None]:
    """Ends the server that has written this ready file, as the end of a job does."""
    try:
        yield
    finally:
        if ready.exists():
            pid = json.loads(ready.read_bytes())["pid"]
            os.kill(pid, signal.SIGTERM)
            eventually(lambda: not Path(f"/proc/{pid}").exists())


def apps(env: dict[str, str]) -> list[str]:
    """The names of the apps that a client with this environment sees."""
    headers = {"Accept": ACCEPT, "Authorization": f"Bearer {env['HEROKU_API_KEY']}"}
    answer = httpx.get(f"{env['HEROKU_API_URL']}/apps", headers=headers, trust_env=False)
    return [each["name"] for each in answer.raise_for_status().json()]


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ("github-actions", ACTION.read_text()),
        ("github-workflows", WORKFLOW),
        ("gitlab-ci", IN_THE_JOB),
        ("gitlab-ci", AS_A_SERVICE),
    ],
    ids=["action", "workflow", "in the job", "as a service"],
)
def test_each_file_fits_its_schema(schema: str, document: str, tmp_path: Path) -> None:
    """The published schema has nothing against it, and notices what is of the wrong type."""
    file = tmp_path / "document.yml"
    file.write_text(document)
    assert refusal(schema, file) == ""
    file.write_text(re.sub(r"^( *)(steps|script):$", r"\1\2: 7\n\1ignored:", document, count=1, flags=re.MULTILINE))
    assert refusal(schema, file) != ""


def test_the_workflow_uses_the_action_as_it_is() -> None:
    """The documented workflow gives the action inputs that it has."""
    [step] = (
        each for each in yaml.safe_load(WORKFLOW)["jobs"]["tests"]["steps"] if "kagemusha" in each.get("uses", "")
    )
    assert set(step["with"]) <= set(yaml.safe_load(ACTION.read_text())["inputs"])


def test_the_action_starts_a_server_for_all_later_steps(job: Job) -> None:
    """Its steps install the checkout, start a server with the arguments, and leave its environment and its command."""
    home = job.folder / "kagemusha"
    scenario = ROOT / "docs" / "scenarios" / "article.yaml"
    with ended_afterwards(home / "ready.json"):
        done = job.start(f"--port 0 --clock manual --scenario {scenario}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert job.outputs["url"] == job.env["KAGEMUSHA_URL"]
        assert apps(job.env) == ["ferry"]
        later = job.run({"shell": "bash", "run": "kagemusha clock show; command -v kagemusha python3"}, {})
        shown, _, commands = later.stdout.partition("Next due: nothing.\n")
        assert "the clock is frozen" in shown
        assert commands.split() == [str(home / "bin" / "kagemusha"), str(Path(sys.executable).parent / "python3")]


def test_the_action_fails_where_the_server_does(job: Job) -> None:
    """A server that can't start fails the step, which shows why."""
    done = job.start("--port 0 --scenario nowhere.yaml")
    assert done.returncode != 0
    assert "Can't read the scenario nowhere.yaml" in done.stdout


def gitlab(job: dict[str, Any]) -> str:
    """What GitLab runs in the job's container: one script of all lines."""
    return "\n".join([*job.get("before_script", []), *job["script"]])


def in_a_job(lines: str, folder: Path, port: str) -> subprocess.CompletedProcess[str]:
    """Run a job's lines in `folder` where kagemusha is installed already, with a server on `port`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "PIP_NO_INDEX": "1", "KAGEMUSHA_PORT": port}
    return subprocess.run([*BASH, lines], env=env, cwd=folder, capture_output=True, text=True, timeout=60)


def test_gitlab_runs_it_in_the_job(tmp_path: Path) -> None:
    """The job's lines start a server, and point the clients at it."""
    job = yaml.safe_load(IN_THE_JOB)["tests"]
    with ended_afterwards(tmp_path / "ready.json"):
        # A free port is known to the server alone; in CI it is the usual one.
        find = "KAGEMUSHA_URL=$(jq -r .url ready.json); export KAGEMUSHA_URL"
        lines = gitlab(job).replace('\neval "', f'\n{find}\neval "')
        assert lines != gitlab(job)
        done = in_a_job(lines + "\nenv", tmp_path, "0")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "default  " in done.stdout
        assert apps(dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)) == []
        assert (tmp_path / job["artifacts"]["paths"][0]).exists()


def test_gitlab_fails_where_the_server_does(tmp_path: Path) -> None:
    """A server that can't start ends the job, instead of a wait for ever."""
    done = in_a_job(gitlab(yaml.safe_load(IN_THE_JOB)["tests"]), tmp_path, "-1")
    assert done.returncode != 0
    assert "KAGEMUSHA_PORT" in (tmp_path / "kagemusha.log").read_text()


def test_gitlab_runs_it_as_a_service(tmp_path: Path) -> None:
    """The service's command, beyond loopback and with the job's variables, is what the job's script finds."""
    job = yaml.safe_load(AS_A_SERVICE)["tests"]
    [service], variables = job["services"], job["variables"]
    assert service["command"][0] == "serve"
    assert variables["KAGEMUSHA_URL"] == f"http://{service['alias']}:8765"
    given = {"KAGEMUSHA_ADMIN_TOKEN": variables["KAGEMUSHA_ADMIN_TOKEN"]}
    with serving(*service["command"][1:], "--host", BEYOND_LOOPBACK, **given) as server:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "KAGEMUSHA_URL": server.url.replace(BEYOND_LOOPBACK, "127.0.0.1"),
        } | given
        done = subprocess.run([*BASH, gitlab(job)], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
