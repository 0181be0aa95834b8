"""Why the server can't start."""


class StartProblem(Exception):
    """Something that the server needs can't be had; the message says what, and what to do."""
