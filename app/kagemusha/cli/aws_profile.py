"""The AWS profile that the environment names: AWS clients and moto would look for it, and may not find it."""

import os


def set_aside() -> None:
    """Let this process know nothing of it."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_DEFAULT_PROFILE", None)
