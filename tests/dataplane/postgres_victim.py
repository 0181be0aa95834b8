"""A program that is killed: clusters in the folder that it is given, and a port that leads to a store."""

import sys
from pathlib import Path

from postgres_doors import store, wheel

if __name__ == "__main__":
    folder, world = sys.argv[1:]
    with wheel(Path(folder)) as doors:
        sys.stdout.write(f"{doors.url(store(world))}\n")
        sys.stdout.flush()
        sys.stdin.read()
