"""Settings, read once from the environment."""

from __future__ import annotations

import getpass
import os
from functools import cache
from pathlib import Path

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from review.errors import DatabaseStateError


def _default_database_url() -> str:
    try:
        path = Path(platformdirs.user_data_dir("living-review")) / "review.db"
    except RuntimeError:
        raise DatabaseStateError(
            "there is no home folder to keep the database in; set REVIEW_DATABASE_URL"
        ) from None
    return f"sqlite:///{path}"


def _account_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise DatabaseStateError(
            "this account has no name for the history to show; set REVIEW_ACTOR"
        ) from None


class Settings(BaseSettings):
    """What the installation needs to know; every field is an environment variable ``REVIEW_…``."""

    model_config = SettingsConfigDict(env_prefix="REVIEW_", extra="ignore")

    database_url: str = Field(default_factory=_default_database_url)
    actor: str = Field(default_factory=_account_name)
    """Who the history names for changes made from this command line."""

    @field_validator("actor", mode="before")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        return " ".join(value.split()) or _account_name()

    @property
    def actor_is_said(self) -> bool:
        """Whether REVIEW_ACTOR says who it is, and not the account that several may share."""
        return bool(os.environ.get("REVIEW_ACTOR", "").strip())


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()


def shipped(name: str) -> Path:
    """Return the folder ``migrations`` or ``seeds``: inside the wheel, or beside the package."""
    package = Path(__file__).parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
