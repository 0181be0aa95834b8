"""boto3 sessions of a sandbox. Imported where boto3 is installed, when a test asks for one."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session

_NO_FILE = (None, None, os.devnull, None)
_NOTHING_OF_THE_USERS = {"profile": (None, None, None, None), "config_file": _NO_FILE, "credentials_file": _NO_FILE}
_MODELS = create_loader()
"""The services' descriptions, which take a tenth of a second to read: once for all sessions."""


class _Pointed(Session):  # type: ignore[misc]  # botocore has no types
    """A session whose clients have one endpoint, unless they name another."""

    def __init__(self, url: str) -> None:
        super().__init__(_NOTHING_OF_THE_USERS)
        self._url = url
        self.register_component("data_loader", _MODELS)
        self.set_default_client_config(Config(proxies={}))

    def create_client(self, *arguments: Any, endpoint_url: str | None = None, **more: Any) -> Any:
        """A client of AWS."""
        return super().create_client(*arguments, endpoint_url=endpoint_url or self._url, **more)


def session(env: Mapping[str, str]) -> boto3.Session:
    """A session of the sandbox with this environment."""
    return boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=env["AWS_REGION"],
                         botocore_session=_Pointed(env["AWS_ENDPOINT_URL"]))  # fmt: skip
