"""The settings, and the only reader of the environment (prefix KAGEMUSHA_)."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kagemusha.services.sandboxes import FASTEST, SLOWEST
from kagemusha.store.engine import MEMORY


def _sendable(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        message = "only ASCII, without spaces around it, can be sent in a header"
        raise ValueError(message)
    return token


def _kept(name: str) -> Path:
    """In the user's data directory."""
    from platformdirs import user_data_path

    return user_data_path("kagemusha") / name


class Settings(BaseSettings):
    """How the server is run."""

    model_config = SettingsConfigDict(env_prefix="KAGEMUSHA_", extra="ignore")

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    database: Annotated[str, Field(min_length=1)] | None = None
    ephemeral: bool = False
    pace: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] = 60.0
    clock: Literal["auto", "manual"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    auth: Literal["open", "strict"] | None = None
    rate_limit: Annotated[int, Field(ge=1)] | None = None
    admin_token: Annotated[SecretStr, AfterValidator(_sendable)] | None = None
    ready_file: Path | None = None
    scenario: Path | None = None
    aws_upstream: Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")] | None = None
    verify_signatures: bool = False
    tls: bool = False
    certificates: Path | None = None
    ticks: bool = True
    data_plane: bool = False
    endpoint_host: Literal["address", "dns"] | None = None
    redis_server: Annotated[str, Field(min_length=1)] | None = None
    postgres_server: Annotated[str, Field(pattern=r"^postgres(ql)?://")] | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def effective_auth(self) -> Literal["open", "strict"]:
        """Open on loopback, strict elsewhere, unless told."""
        return self.auth or ("open" if self.is_loopback else "strict")

    @property
    def certificates_folder(self) -> Path:
        """Where the certificate authority is kept: told, or in the user's data directory."""
        return self.certificates or _kept("tls")

    @property
    def stores_folder(self) -> Path | None:
        """Where the data plane's stores are kept: beside the world's file, else in the user's data directory.

        None keeps nothing.
        """
        if self.ephemeral:
            return None
        file = self.database_url.partition("sqlite:///")[2]
        return Path(f"{file}.stores") if file else _kept("stores")

    @property
    def database_url(self) -> str:
        """Where the world is kept: given, in memory, or in a file of the user's data directory."""
        if self.ephemeral:
            return MEMORY
        return self.database or f"sqlite:///{_kept('world.db')}"
