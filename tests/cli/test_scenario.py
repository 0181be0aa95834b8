"""Scenario files: checked with the line of what is wrong, described by a schema, and served."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from commands import Run
from live import serving

ROOT = Path(__file__).parents[2] / "docs" / "scenarios"
EXAMPLES = sorted(ROOT.glob("*.yaml"))
BOMB = "".join(f"x{number}: &x{number} [*x{number - 1}, *x{number - 1}]\n" for number in range(1, 30))
"""Each line holds twice as much as the one before."""


def test_there_are_three_examples() -> None:
    """The page's table names what is there."""
    assert [path.name for path in EXAMPLES] == ["article.yaml", "in-progress.yaml", "troubled.yaml"]
    assert all(f"]({path.name})" in (ROOT / "README.md").read_text() for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_each_example_can_be_played(run: Run, path: Path) -> None:
    """`scenario check` says what an example comes to."""
    said = run("scenario", "check", str(path), "--json")
    assert said.code == 0, said.err
    made = json.loads(said.out)["made"]
    assert (made["spaces"], made["addons"]) != (0, 0)
    assert run("scenario", "check", str(path)).out.startswith(f"{path} can be played: ")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_each_example_is_what_the_schema_says(path: Path) -> None:
    """The published schema takes the examples, and not what no scenario can say."""
    schema = json.loads((ROOT / "schema.json").read_text())
    document: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 -- it makes text alone
    document["version"] = 1
    check = jsonschema_rs.validator_for(schema)
    assert [error for error in check.iter_errors(document | {"boats": []}) if "boats" in error.message]
    texts = [error.message for error in check.iter_errors(document)]
    assert not [each for each in texts if "additional" in each.lower()], texts


def test_the_schema_is_what_the_command_prints(run: Run) -> None:
    """docs/scenarios/schema.json is `kagemusha scenario schema`."""
    assert (ROOT / "schema.json").read_text() == run("scenario", "schema").out, (
        "run `kagemusha scenario schema > docs/scenarios/schema.json`"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nspaces:\n  - name: harbor\n    colour: red\n", ":4: spaces[0].colour: Extra inputs"),
        ("version: 1\napps:\n  - name: ferry\n  - name: 5\n", ":4: apps[1].name: Input should be a valid string."),
        ("version: 1\napps:\n  - name: ferry\n    space: port\n", ":3: apps[0]: Couldn't find that space."),
        ("version: 1\nspaces: [\n  - name\n", ":3: no YAML or JSON: "),
        ('{\n  "version": 1,\n  "spaces": {}\n}\n', ":3: spaces: Input should be a valid list."),
        ("version: 2\n", ":1: version: Input should be 1."),
        ("- 1\n", ":1: Input should be a valid dictionary"),
        ("", ":1: Input should be a valid dictionary"),
        ("a: &a [*a]\n", ":1: no YAML or JSON: this holds itself."),
        (
            "version: 1\nfaults: &a\n  - {operation: app.info, effect: {status: 503, body: *a}}\n",
            ": this holds itself.",
        ),
        ("version: 1\nclock: auto\nclock: manual\n", ":3: no YAML or JSON: clock is said twice."),
        ("version: 1\npace: .inf\n", ":2: no YAML or JSON: JSON has no such number."),
        ("version: 1\ndescription: !!binary AAAA\n", ":2: no YAML or JSON: could not determine"),
        ("version: 1\napps: !!set {ferry}\n", ":2: no YAML or JSON: could not determine"),
        ("[" * 5_000, ": no YAML or JSON: it is nested too deeply."),
        (f"version: 1\nx0: &x0 [a, a]\n{BOMB}", ":17: no YAML or JSON: this holds more than 100000 values."),
        ("version: 1\n\npace: 0\n", ":3: pace must be a number from"),
        ("version: 1\ndelays: {space.gone: 1}\n", ":2: delays names no stage: space.gone."),
        ("version: 1\nnow: 9999-12-31T23:59:59Z\n", ":2: now must be a moment from 1970 to"),
        (
            "version: 1\nnow: 2030-01-01T00:00:00Z\nfaults:\n  - stage: x\n    effect: {hold: true}\n",
            ":4: faults[0]: There",
        ),
    ],
)
def test_a_mistake_is_named_by_its_line(run: Run, tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is told with file, line and field, and exit code 1; never a stack trace."""
    path = tmp_path / "world.yaml"
    path.write_text(text)
    found = run("scenario", "check", str(path))
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(str(path)), found.err
    assert said in found.err
    assert "Traceback" not in found.err


def test_no_part_of_a_file_is_left_unread(run: Run, tmp_path: Path) -> None:
    """A file that is too large is refused, not cut short."""
    path = tmp_path / "world.yaml"
    path.write_text(f"version: 1\n#{'☃' * 333_333}\nboats: []\n")
    assert (
        run("scenario", "check", str(path)).err == f"Can't read the scenario {path}: it is larger than 1000000 bytes.\n"
    )


def test_every_mistake_is_told(run: Run, tmp_path: Path) -> None:
    """A file with two mistakes has two lines."""
    path = tmp_path / "world.yaml"
    path.write_text("version: 1\nspaces:\n  - colour: red\n")
    assert len(run("scenario", "check", str(path)).err.splitlines()) == 2


def test_a_file_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    """A missing, or unreadable, file is told and ends with 1."""
    assert "No such file" in run("scenario", "check", str(tmp_path / "none.yaml")).err
    assert run("scenario", "check", str(tmp_path)).code == 1


def test_a_server_begins_with_a_scenario(tmp_path: Path) -> None:
    """`serve --scenario` plays it in `default` when that is new, and leaves a world that is there alone."""
    database, path = f"sqlite:///{tmp_path / 'world.db'}", str(ROOT / "in-progress.yaml")
    for _ in range(2):
        with (
            serving("--database", database, "--scenario", path) as server,
            server.client() as client,
        ):
            clock = client.get("/_sim/sandboxes/default/clock").json()
            assert (clock["mode"], clock["now"]) == ("manual", "2030-01-01T00:12:00.000Z")
            headers = {"Accept": "application/vnd.heroku+json; version=3", "Authorization": "Bearer any"}
            assert [each["name"] for each in client.get("/apps", headers=headers).json()] == ["ferry"]
            assert client.get("/_sim/sandboxes/default").json()["seed"] == 7


def test_what_is_given_to_the_server_wins() -> None:
    """The options of `serve` are not the scenario's to change."""
    options = ("--ephemeral", "--seed", "9", "--clock", "auto", "--scenario", str(ROOT / "in-progress.yaml"))
    with serving(*options) as server, server.client() as client:
        told = client.get("/_sim/sandboxes/default").json()
        assert (told["seed"], told["clock"]["mode"]) == (9, "auto")


def test_a_server_does_not_start_with_what_can_not_be_played(run: Run, tmp_path: Path) -> None:
    """A bad scenario is one line that names its line, and nothing is left behind."""
    path = tmp_path / "world.yaml"
    path.write_text("version: 1\napps:\n  - name: ferry\n    space: port\n")
    database = f"sqlite:///{tmp_path / 'world.db'}"
    said = run("serve", "--port", "0", "--database", database, "--scenario", str(path))
    assert (said.code, said.err) == (1, f"kagemusha: {path}:3: apps[0]: Couldn't find that space.\n")
    path.write_text("version: 1\napps:\n  - name: ferry\n")
    with serving("--database", database, "--scenario", str(path)) as server, server.client() as client:
        headers = {"Accept": "application/vnd.heroku+json; version=3", "Authorization": "Bearer any"}
        assert [each["name"] for each in client.get("/apps", headers=headers).json()] == ["ferry"]
