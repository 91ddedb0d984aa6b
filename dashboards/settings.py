"""Settings of the dashboard, from `ATLAS_…` variables; the only reader of the environment here."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """Where the API is, as this server and as browsers reach it, and the key that this server shows it."""

    model_config = SettingsConfigDict(
        env_prefix="ATLAS_", extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    api_url: str = Field(
        "http://127.0.0.1:8000",
        validation_alias=AliasChoices("ATLAS_API_URL", "ATLAS_API"),
        description="address of the API as the dashboard's server reaches it",
    )
    api_public_url: str = Field("", description="address of the API as browsers reach it; the same if unset")
    api_key: SecretStr = Field(SecretStr(""), description="key that the dashboard's server shows the API")
    api_key_file: Path | None = Field(None, description="file that holds the key, instead of the key itself")

    @field_validator("api_url", "api_public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError(f"{value!r} is no address; give scheme and host, for instance http://127.0.0.1:8000")
        return value.rstrip("/")

    @property
    def browser_url(self) -> str:
        """The API's address as browsers reach it, without a slash at the end."""
        return self.api_public_url or self.api_url

    def read_key(self) -> str:
        """The key, from the variable or its file; empty where neither is set.

        Raises
        ------
        OSError
            Where the file is named but cannot be read.
        """
        if self.api_key.get_secret_value() or self.api_key_file is None:
            return self.api_key.get_secret_value()
        return self.api_key_file.read_text(encoding="utf-8").strip()
