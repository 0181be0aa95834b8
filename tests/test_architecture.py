"""The house's rules, read from its source: which room may do what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP = ROOT / "app" / "kagemusha"
SOURCES = sorted(APP.rglob("*.py"))
LONGEST = 320
"""Lines of a file."""

CLOCK = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "datetime.datetime.now", "datetime.datetime.utcnow",
    "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "random.", "secrets."}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
NO_CHANCE = {"secrets.compare_digest"}
"""What `secrets` has that is not random."""
MAY_LOOK_AT_THE_CLOCK = {"clock.py"}
MAY_DRAW = {
    "services/sandboxes.py",
    "services/aws_credentials.py",
    "api/request_ids.py",
    "dataplane/postgres.py",
    "dataplane/redis_server.py",
    "cli",
}
PURE = {"collections", "dataclasses", "enum", "functools", "hashlib", "ipaddress", "re", "types", "typing", "uuid"}
"""What the domain may import beside itself: nothing of these reads, writes or waits."""
MAY_READ_THE_ENVIRONMENT = {"settings.py", "cli", "testing"}
MAY_LET_TIME_ACT = {"domain/lifecycle.py", "domain/stages.py", "services/advance.py"}
MAY_COMMIT = {"services/transactions.py", "store/migrate.py"}
READ_BY_THE_COMMAND_LINE = {
    "KAGEMUSHA_ADMIN_TOKEN",
    "KAGEMUSHA_CA",
    "KAGEMUSHA_URL",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
}


def place(path: Path) -> str:
    """The file's path below the package."""
    return path.relative_to(APP).as_posix()


def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def aliases(parsed: ast.AST) -> dict[str, str]:
    """What each imported name stands for: ``{"dt": "datetime.datetime"}``."""
    found: dict[str, str] = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for each in node.names:
                name = each.name if each.asname else each.name.split(".")[0]
                found[each.asname or name] = name
        elif isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def dotted(node: ast.AST, known: dict[str, str]) -> str:
    """The full name that an expression spells, "" if it spells none."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, known)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def uses(parsed: ast.AST, forbidden: set[str]) -> set[str]:
    """The full names among `forbidden` that a file uses; one that ends in a dot forbids all of a module."""
    known = aliases(parsed)
    names = {dotted(node, known) for node in ast.walk(parsed)} - NO_CHANCE
    return {name for name in names for each in forbidden if name == each or (each[-1] == "." and name.startswith(each))}


def users(forbidden: set[str]) -> set[str]:
    """The files that use what is forbidden; those of the command line as ``cli``, the plugin's as ``testing``."""
    found = {place(path) for path in SOURCES if uses(tree(path), forbidden)}
    return {room if (room := each.partition("/")[0]) in {"cli", "testing"} else each for each in found}


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        ("import time\ntime.time()", CLOCK),
        ("from time import time_ns as now\nnow()", CLOCK),
        ("import datetime\ndatetime.datetime.now()", CLOCK),
        ("from datetime import UTC, datetime as dt\nread = dt.now", CLOCK),
        ("import random\nrandom.choice([])", CHANCE),
        ("from random import Random\nRandom()", CHANCE),
        ("from secrets import token_hex\ntoken_hex()", CHANCE),
        ("import uuid as u\nu.uuid4()", CHANCE),
        ("def late():\n    import os\n    return os.environ.get('HOME')", ENVIRONMENT),
        ("from os import getenv\ngetenv('HOME')", ENVIRONMENT),
    ],
)
def test_a_breach_is_seen_however_it_is_spelled(source: str, forbidden: set[str]) -> None:
    """Aliases, imports of names and imports inside functions hide nothing."""
    assert uses(ast.parse(source), forbidden)


@pytest.mark.parametrize(
    "source",
    [
        "import secrets\nsecrets.compare_digest(b'', b'')",
        "import time\ntime.sleep(1)",
        "from datetime import datetime\ndatetime.fromisoformat('')",
        "class Sandbox:\n    def now(self): return 1\nSandbox().now()",
    ],
)
def test_what_is_no_breach_is_not_taken_for_one(source: str) -> None:
    """Names that only look alike are free."""
    assert not uses(ast.parse(source), CLOCK | CHANCE | ENVIRONMENT)


def test_one_module_asks_the_machine_for_the_time() -> None:
    """The system's clock is read in clock.py alone."""
    assert users(CLOCK) == MAY_LOOK_AT_THE_CLOCK


def test_one_service_lets_time_change_anything() -> None:
    """But for the tables and their reader, services/advance.py alone takes steps that are due."""
    found = {place(path) for path in SOURCES if any(isinstance(node, ast.Attribute) and node.attr == "DUE"
                                                    for node in ast.walk(tree(path)))}  # fmt: skip
    assert found == MAY_LET_TIME_ACT


def test_transactions_begin_and_end_in_one_place() -> None:
    """No use-case and no handler begins, commits or undoes a transaction."""
    ends = {"begin", "begin_nested", "commit", "rollback"}
    calls = (
        (place(path), node.func) for path in SOURCES for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
    )
    found = {where for where, called in calls if isinstance(called, ast.Attribute) and called.attr in ends}
    assert found == MAY_COMMIT


def test_chance_is_only_in_keys_and_request_ids() -> None:
    """Nothing of the world is random: keys, drawn seeds, the server's secrets, Request-Ids and env's marks are."""
    assert users(CHANCE) == MAY_DRAW


def test_the_environment_is_read_by_the_settings() -> None:
    """The command line reads its few variables besides, and puts AWS's two aside; the plugin runs in other programs."""
    assert users(ENVIRONMENT) <= MAY_READ_THE_ENVIRONMENT
    for path in SOURCES:
        if place(path).startswith("cli"):
            assert set(environment_names(tree(path))) <= READ_BY_THE_COMMAND_LINE, place(path)


def environment_names(parsed: ast.AST) -> Iterator[str]:
    """The variables that a file reads: every subscript of, or call on, the environment, as it is written."""
    known = aliases(parsed)
    for node in ast.walk(parsed):
        if isinstance(node, ast.Subscript) and dotted(node.value, known) in ENVIRONMENT:
            yield ast.literal_eval(node.slice)
        elif isinstance(node, ast.Call) and dotted(node.func, known).startswith(tuple(ENVIRONMENT)):
            yield ast.literal_eval(node.args[0]) if node.args else ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=place)
def test_no_file_is_long(path: Path) -> None:
    """A file that grows beyond 320 lines is to be split."""
    assert len(path.read_text().splitlines()) <= LONGEST


def imports() -> dict[str, set[str]]:
    """The modules of the package, each with those of the package that it imports."""
    names = {
        "kagemusha" + "".join(f".{part}" for part in path.relative_to(APP).with_suffix("").parts if part != "__init__"):
        path for path in SOURCES
    }  # fmt: skip
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        meant = set(aliases(tree(path)).values())
        graph[name] = {each if each in names else each.rpartition(".")[0] for each in meant} & names.keys()
    return graph


def test_the_domain_knows_itself_and_what_is_pure() -> None:
    """It imports itself, and modules of the standard library that do nothing but reckon."""
    meant = {name for path in (APP / "domain").glob("*.py") for name in aliases(tree(path)).values()}
    outside = {name.partition(".")[0] for name in meant if not f"{name}.".startswith("kagemusha.domain.")}
    assert outside <= PURE


def test_no_modules_import_each_other() -> None:
    """Imports have no circles, inside a room neither."""
    graph = imports()
    assert "kagemusha.domain.states" in graph["kagemusha.domain.stages"]
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_imports_point_down() -> None:
    """The contracts between the rooms hold."""
    program = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
