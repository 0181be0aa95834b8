"""The container files, held to what linters and the Compose Specification's schema say."""

import subprocess
import sys
from pathlib import Path

import pytest
from files import COMPOSE, DOCKERFILE, IGNORED, Missing, compose, image, instructions

DCLINT = Path(__file__).parents[1] / "clients" / "node" / "node_modules" / ".bin" / "dclint"
HADOLINT = Path(sys.executable).with_name("hadolint")


def refused(*command: str | Path) -> str:
    """What a linter has to say; empty if it is content."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_dockerfile_has_nothing_to_be_said_against(tmp_path: Path) -> None:
    """The linter is content with the Dockerfile, and isn't with a base image without a version."""
    assert refused(HADOLINT, DOCKERFILE) == ""
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN pip install kagemusha\n")
    assert "DL3006" in refused(HADOLINT, tmp_path / "Dockerfile")


def test_the_compose_file_fits_its_schema(tmp_path: Path) -> None:
    """The file fits the schema of the Compose Specification; one with a misspelled key doesn't."""
    assert DCLINT.exists(), "dclint is not installed: run `make test`"
    assert refused(DCLINT, COMPOSE) == ""
    misspelled = tmp_path / "docker-compose.yml"
    misspelled.write_text(COMPOSE.read_text().replace("healthcheck:", "health_check:"))
    assert "invalid-schema" in refused(DCLINT, misspelled)


def test_base_images_are_pinned() -> None:
    """Every image is named with a version down to the patch, and both stages stand on the same."""
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    named = [*bases, compose({"KAGEMUSHA_ADMIN_TOKEN": "x"})["database"]["image"]]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert all(each.partition(":")[2].split("-")[0].count(".") >= 1 for each in named)


def test_the_image_gets_no_more_than_it_is_built_of() -> None:
    """What the Dockerfile copies is let in by .dockerignore, which keeps everything else out."""
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    kept_out, *rules = (line for line in IGNORED.read_text().splitlines() if line and not line.startswith("#"))
    assert kept_out == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied


def test_it_does_not_run_as_root() -> None:
    """The service runs as a user without rights, on the port that is exposed."""
    found = image()
    assert int(found.user) > 0
    assert found.exposed == found.env["KAGEMUSHA_PORT"]


def test_a_missing_token_is_told() -> None:
    """Without an admin token nothing is started, and what is printed names the variable and what to do."""
    with pytest.raises(Missing, match=r"KAGEMUSHA_ADMIN_TOKEN .*Set it to a secret of your own"):
        compose({})


def test_only_this_machine_reaches_it() -> None:
    """The service is published on 127.0.0.1, on a port of the user's choice; PostgreSQL nowhere."""
    services = compose({"KAGEMUSHA_ADMIN_TOKEN": "x", "KAGEMUSHA_PORT": "9000"})
    assert services["service"]["ports"] == [f"127.0.0.1:9000:{image().exposed}"]
    assert "ports" not in services["database"]
