"""Settings, read once from the environment."""

from __future__ import annotations

import getpass
from functools import cache
from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_database_url() -> str:
    path = Path(platformdirs.user_data_dir("living-review")) / "review.db"
    return f"sqlite:///{path}"


class Settings(BaseSettings):
    """What the installation needs to know; every field is an environment variable ``REVIEW_…``."""

    model_config = SettingsConfigDict(env_prefix="REVIEW_", extra="ignore")

    database_url: str = Field(default_factory=_default_database_url)
    actor: str = Field(default_factory=getpass.getuser)
    """Who the history names for changes made from this command line."""


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()


def shipped(name: str) -> Path:
    """Return the folder ``migrations`` or ``seeds``: inside the wheel, or beside the package."""
    package = Path(__file__).parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
