"""Pages of the documentation as what a reader pastes: blocks of shell, files to save, and what is shown to come."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVED_AS = re.compile(r"`([\w./-]+)`:\s*\Z")
SERVER = re.compile(r"(?:venv/bin/)?kagemusha serve [^\n]*\n")


@dataclass(frozen=True)
class Block:
    """What is between two fences: what it is, the line where it begins, and for a file the name that is before it."""

    kind: str
    """``shell``, ``server``, ``output`` or ``file``."""
    text: str
    line: int
    name: str = ""


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order. Fails for one that nobody could run, save or compare."""
    text = page.read_text()
    assert not re.search(r"\n\n {4,}\S", _BLOCK.sub("", text)), f"{page.name} has an indented block, which nobody runs"
    found = [_block(match, text) for match in _BLOCK.finditer(text)]
    assert text.count("```") == 2 * len(found), (
        f"{page.name} has a fence that doesn't end, or not at a line's beginning"
    )
    shell = "".join(each.text for each in found if each.kind in {"shell", "server"})
    for before, each in zip([None, *found], found, strict=False):
        place = f"{page.name}, line {each.line}"
        assert each.kind != "output" or (before and before.kind in {"shell", "server"}), f"{place}: output of what?"
        assert each.kind != "file" or (each.name and each.name in shell), (
            f"{place}: {each.name or 'a file without a name'} is not used"
        )
    return found


def _block(match: re.Match[str], text: str) -> Block:
    language, content = match.groups()
    before = text[: match.start()]
    line = before.count("\n") + 2
    match language:
        case "sh":
            return Block("server" if SERVER.fullmatch(content) else "shell", content, line)
        case "text":
            return Block("output", content, line)
        case "python" | "yaml":
            saved = _SAVED_AS.search(before)
            return Block("file", content, line, saved[1] if saved else "")
    raise AssertionError(f"line {line}: nobody runs a block of {language or 'nothing'}")


def matches(shown: str, printed: str) -> bool:
    """Whether what was printed is what is shown, where `…` stands for anything in a line."""
    pattern = re.escape(shown.strip()).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip()) is not None
