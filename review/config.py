"""Settings, read once from the environment."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from review.errors import DatabaseStateError


def _default_database_url() -> str:
    import platformdirs

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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the installation needs to know; every field is an environment variable ``REVIEW_…``."""

    database_url: str
    actor: str
    """Who the history names for changes made from this command line."""
    actor_is_said: bool
    """Whether REVIEW_ACTOR says who it is, and not the account that several may share."""


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    url = os.environ.get("REVIEW_DATABASE_URL")
    actor = " ".join(os.environ.get("REVIEW_ACTOR", "").split())
    return Settings(
        database_url=_default_database_url() if url is None else url,
        actor=actor or _account_name(),
        actor_is_said=bool(actor),
    )


def shipped(name: str) -> Path:
    """Return the folder ``migrations`` or ``seeds``: inside the wheel, or beside the package."""
    package = Path(__file__).parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
