"""The CLI's Kafka plugin from npm, unmodified: it talks HTTPS alone to the data host."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from driver import World
from heroku_cli import Heroku
from kagemusha.certificates import authority_file
from live import Server, serving

PLUGIN = Path(__file__).parent / "node" / "node_modules" / "heroku-kafka"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that speaks HTTPS; its authority is where `kagemusha env` looks for it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("KAGEMUSHA_CA", raising=False)
    folder = tmp_path / "kagemusha"
    with serving("--tls", "--database", f"sqlite:///{folder}/world.db") as running:
        yield replace(running, authority=authority_file(folder / "tls"))


@pytest.fixture
def kafka(heroku: Heroku, world: World) -> tuple[Heroku, World, str]:
    """The CLI with the plugin, which is linked as it lies there, and a cluster that provisions until time is moved."""
    assert PLUGIN.exists(), "heroku-kafka is not installed: run `make test`"
    heroku("plugins:link", "--no-install", str(PLUGIN))
    world.sim("PATCH", "/clock", {"mode": "manual"})
    plan = {"plan": "heroku-kafka:private-standard-2"}
    name: str = world.post(f"/apps/{world.app()}/addons", plan)["name"]
    return heroku, world, name


def rows(printed: str) -> dict[str, str]:
    """The lines of `kafka:info`."""
    return dict(re.findall(r"^([A-Z][\w -]+): +(.+)$", printed, re.MULTILINE))


def test_kafka_info(kafka: tuple[Heroku, World, str]) -> None:
    """`kafka:info` tells of a cluster from its first moment on, found by app, by attachment and by variable."""
    heroku, world, name = kafka
    printed = heroku("kafka:info", "-a", "ferry")
    assert "=== KAFKA_URL\n" in printed
    assert rows(printed)["Status"] == "preparing"
    world.until("idle")
    for arguments in (("kafka:info",), ("kafka",), ("kafka:info", "KAFKA"), ("kafka:info", "KAFKA_URL")):
        told = rows(heroku(*arguments, "-a", "ferry"))
        assert told.pop("Created") == world.get(f"/addons/{name}")["created_at"]
        assert told.pop("Partitions").startswith("[··········] 0 / 12000 partition replicas (partitions")
        assert told == {
            "Plan": "heroku-kafka:private-standard-2",
            "Status": "available",
            "Version": "3.7.0",
            "Topics": "0 topics, see heroku kafka:topics",
            "Messages": "0 messages/s",
            "Traffic": "0 bytes/s in / 0 bytes/s out",
            "Data Size": "[··········] 0 bytes / 150.00 GB (0.00%)",
            "Add-on": name,
        }


def test_kafka_info_of_several(kafka: tuple[Heroku, World, str]) -> None:
    """`kafka:info` shows all clusters of an app, that of KAFKA_URL first; of a shared one its prefix and its limit."""
    heroku, world, name = kafka
    world.post("/apps", {"name": "tern"})
    shared = world.post("/apps/tern/addons", {"plan": "heroku-kafka:basic-0"})["name"]
    world.post("/addon-attachments", {"addon": shared, "app": "ferry", "name": "COMMON"})
    world.until("idle")
    first, second = heroku("kafka:info", "-a", "ferry").split("=== ")[1:]
    assert first.startswith("KAFKA_URL\n")
    assert rows(first)["Add-on"] == name
    assert second.startswith("COMMON_URL\n")
    told = rows(second)
    assert (told["Add-on"], told["Prefix"]) == (shared, f"{shared}.")
    assert told["Topics"] == "[··········] 0 / 40 topics, see heroku kafka:topics"


def test_kafka_wait(kafka: tuple[Heroku, World, str]) -> None:
    """`kafka:wait` waits while the cluster is provisioned, and ends at once when it is there."""
    heroku, world, name = kafka
    wait = ("kafka:wait", "-a", "ferry", "--wait-interval", "1")
    waited = heroku.waits(*wait, then=lambda: world.until("idle"))
    assert re.search(rf"Waiting for cluster {name}\.\.\. .*available", waited)
    for arguments in (wait, (*wait, "KAFKA")):
        assert "Waiting" not in heroku(*arguments)
