"""Word documents as LibreOffice sets them, for tests that ask how pages look."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.loaded import PATIENCE

needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed"
)


def converted(file: Path, folder: Path, kind: str = "pdf") -> Path:
    """Return a document converted into a folder, by a profile of its own."""
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
         "--convert-to", kind, "--outdir", folder / "out", file],
        check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    return next((folder / "out").glob(f"{file.stem}.*"))
