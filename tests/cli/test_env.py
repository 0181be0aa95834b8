"""`kagemusha env`, read by those it is written for."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from answering import Answering
from commands import KAGEMUSHA, Run

ODD = {"HEROKU_HOST": "http://127.0.0.1:1", "TRICKY": "two\nlines, 'single', \"double\", $HOME `id` # and = all"}
SHOW = shlex.join([sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"])


def in_sh(script: str, **env: str) -> dict[str, str]:
    """The environment that a script of a real shell ends with."""
    done = subprocess.run(["sh", "-euc", f"{script}\n{SHOW}"], capture_output=True, text=True, check=True, env=env)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_sh_sets_the_environment(run: Run, live: str) -> None:
    """`eval "$(kagemusha env)"` is all the set-up that a client needs."""
    expected = json.loads(run("env", "--url", live, "--json").out)
    assert {"HEROKU_HOST", "HEROKU_API_KEY", "AWS_ENDPOINT_URL"} <= expected.keys()
    path = ":".join(sys.path)
    got = in_sh(f'eval "$({shlex.join(KAGEMUSHA)} env)"', KAGEMUSHA_URL=live, PYTHONPATH=path)
    assert {name: got[name] for name in expected} == expected


@pytest.mark.parametrize("format_", ["sh", "dotenv"])
def test_a_shell_reads_any_value(run: Run, tmp_path: Path, answering: Answering, format_: str) -> None:
    """Quotes, dollars and line ends in a value do nothing to the shell that reads it."""
    answering.say(json.dumps({"env": ODD}))
    (tmp_path / "env").write_text(run("env", "--url", answering.url, "--format", format_).out)
    got = in_sh(f"set -a; . {tmp_path}/env")
    assert {name: got[name] for name in ODD} == ODD


def test_github_reads_any_value(run: Run, answering: Answering) -> None:
    """In the form of $GITHUB_ENV each value stands between two marks that it can't hold."""
    answering.say(json.dumps({"env": ODD}))
    lines = iter(run("env", "--url", answering.url, "--format", "github").out.splitlines())
    got = {}
    for line in lines:
        name, mark = line.split("<<")
        got[name] = "\n".join(iter(lambda: next(lines), mark))
    assert got == ODD


def test_json_is_the_same_by_both_names(run: Run, live: str) -> None:
    """`--json` is `--format json`."""
    assert run("env", "--url", live, "--json").out == run("env", "--url", live, "--format", "json").out


def test_localhost_is_spelled_as_an_address(run: Run, live: str) -> None:
    """Both Heroku hosts are 127.0.0.1 however the server was asked, and nobody is warned."""
    said = run("env", "--url", live.replace("127.0.0.1", "localhost"), "--json")
    values = json.loads(said.out)
    assert (values["HEROKU_HOST"], values["HEROKU_DATA_HOST"], said.err) == (live, "127.0.0.1", "")


def test_another_host_is_warned_about(run: Run, answering: Answering) -> None:
    """A host that the heroku CLI does not obey is warned about on stderr; what is printed stays clean."""
    answering.say(json.dumps({"env": {"HEROKU_HOST": "http://build-7.example:8765"}}))
    said = run("env", "--url", answering.url)
    assert "REAL Heroku" in said.err
    assert "build-7.example" in said.err
    assert said.out == "export HEROKU_HOST=http://build-7.example:8765\n"


def test_a_script_ends_where_there_is_no_server(answering: Answering) -> None:
    """What a script would go on to say is not said to the real Heroku: `eval` fails where nothing was set."""
    answering.say("this is no sandbox")
    script = f'set -e; eval "$({shlex.join(KAGEMUSHA)} env --url {answering.url})"; echo went on'
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("kagemusha: ")


@pytest.mark.parametrize("format_", ["json", "dotenv", "github"])
def test_other_readers_are_told_nothing_where_there_is_no_server(run: Run, answering: Answering, format_: str) -> None:
    """Only a shell can make something of the word that fails."""
    answering.say("this is no sandbox")
    said = run("env", "--url", answering.url, "--format", format_)
    assert (said.code, said.out) == (1, "")


def test_an_unknown_format_is_named(run: Run) -> None:
    """Another format is a usage error that lists those there are."""
    said = run("env", "--format", "fish")
    assert said.code == 2
    assert "'dotenv'" in said.err
