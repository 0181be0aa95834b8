"""``python -m kagemusha``, and the command ``kagemusha``."""

import gc
import sys


def main() -> None:
    """The command line. A mistake is one line on stderr that says what to do, and a non-zero exit code."""
    # A search for garbage takes a tenth of a server's start, and finds nothing. One that answers has it again.
    gc.disable()
    try:
        _run()
    finally:
        gc.enable()


def _run() -> None:
    import typer

    from kagemusha.cli import app

    try:
        sys.exit(app(sys.argv[1:] or ["--help"], prog_name="kagemusha", standalone_mode=False))
    except typer.TyperException as error:
        said = error.format_message().replace("Value error, ", "").rstrip(".") + "."
        usage = getattr(error, "ctx", None)
        hint = f" See {usage.command_path} --help." if usage is not None else ""
        typer.echo(f"kagemusha: {said}{hint}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
