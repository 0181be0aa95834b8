"""``python -m kagemusha``."""

from kagemusha.cli import app


def main() -> None:
    """The command line."""
    app()


if __name__ == "__main__":
    main()
