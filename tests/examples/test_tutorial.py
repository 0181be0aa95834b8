"""The tutorial is followed: each of its blocks is run, saved or compared, in order."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from offline import machine
from pages import Block, blocks, matches

ROOT = Path(__file__).parents[2]
USUAL = "http://127.0.0.1:8765"
"""Where the page says that the server is; here it takes a free port."""
TUTORIAL = ROOT / "docs" / "testing.md"
NEEDED_TO_INSTALL = ["README.md", "LICENSE", "pyproject.toml", "app", "migrations"]


class Reader:
    """Somebody who follows a page, with two terminals in the folder in which the clone of the repository is."""

    def __init__(self, folder: Path) -> None:
        """Open the first terminal."""
        self.folder = folder
        self.env = machine(folder / "home")
        self.url = ""
        self._server: subprocess.Popen[str] | None = None
        self._first = self._opened(["sh", "-e"], stdin=subprocess.PIPE, stderr=subprocess.STDOUT)

    def close(self) -> None:
        """Close both terminals."""
        self.end_server()
        with self._first:
            _pipe(self._first.stdin).close()

    def follow(self, block: Block) -> str:
        """Do what a block asks for; returns what is printed."""
        match block.kind:
            case "file":
                (self.folder / block.name).write_text(block.text)
                return ""
            case "server":
                return self.start_server(block.text)
        return self.paste(block.text)

    def paste(self, lines: str) -> str:
        """Paste lines into the first terminal; returns what they print. Fails if one of them does."""
        mark = secrets.token_hex(8)
        typed, shown = _pipe(self._first.stdin), _pipe(self._first.stdout)
        typed.write(f"{{\n{lines}}} < /dev/null\necho {mark}\n")
        typed.flush()
        printed = ""
        for line in shown:
            if line == f"{mark}\n":
                return printed
            printed += line
        pytest.fail(f"A line of this failed:\n{lines}\nIt printed:\n{printed}")

    def start_server(self, command: str) -> str:
        """Run the server in the second terminal, instead of one that runs there; returns what it says."""
        self.end_server()
        port = self.url.rpartition(":")[2] or "0"
        self._server = self._opened(["sh", "-c", f"exec {command}"], KAGEMUSHA_PORT=port)
        said = _pipe(self._server.stdout).readline()
        self.url = said.split()[-1]
        self.paste(f"export KAGEMUSHA_URL={self.url}\n")
        return said.replace(self.url, USUAL)

    def end_server(self) -> None:
        """Press Ctrl-C in the second terminal."""
        if self._server is not None:
            with self._server as server:
                server.send_signal(signal.SIGINT)
            assert server.returncode == 0
            self._server = None

    def _opened(self, command: list[str], stdin: int = subprocess.DEVNULL, stderr: int | None = None, **env: str
                ) -> subprocess.Popen[str]:  # fmt: skip
        return subprocess.Popen(command, cwd=self.folder, env=self.env | env, text=True, stdin=stdin,
                                stdout=subprocess.PIPE, stderr=stderr)  # fmt: skip


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    """A reader with a clone of the repository, at least of what is installed."""
    (folder / "kagemusha").mkdir()
    for name in NEEDED_TO_INSTALL:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / "kagemusha" / name)
    found = Reader(folder)
    try:
        yield found
    finally:
        found.close()


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    """Every block of the page can be pasted or saved, none fails, and what is shown is what is printed."""
    with reader(tmp_path) as somebody:
        printed = ""
        for block in blocks(TUTORIAL):
            if block.kind == "output":
                assert matches(block.text, printed), (
                    f"line {block.line} shows\n{block.text}\nbut this is printed:\n{printed}"
                )
            else:
                printed = somebody.follow(block)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```\nmake\n```\n", "nobody runs a block of nothing"),
        ("```rust\nmain()\n```\n", "nobody runs a block of rust"),
        ("Run\n\n    make\n", "indented block"),
        ("```text\nhello\n```\n", "output of what?"),
        ("Save this:\n\n```yaml\na: 1\n```\n", "a file without a name"),
        ("As `a.yaml`:\n\n```yaml\na: 1\n```\n", r"a\.yaml is not used"),
        ("```sh\nmake\n", "doesn't end"),
    ],
)
def test_no_block_is_passed_over(page: str, said: str, tmp_path: Path) -> None:
    """A block that would not be run, saved and used, or compared, fails the page."""
    file = tmp_path / "page.md"
    file.write_text(page)
    with pytest.raises(AssertionError, match=said):
        blocks(file)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("It is …Z: 2.\n", "It is 2030-01-01T00:00:00Z: 2.\n", True),
        ("one\n", "one\ntwo\n", False),
        ("…\n", "one\ntwo\n", False),
        ("a.b\n", "axb\n", False),
    ],
)
def test_what_is_shown_is_compared(shown: str, printed: str, same: bool) -> None:
    """Line by line, and an ellipsis stands for anything within one."""
    assert matches(shown, printed) is same
