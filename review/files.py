"""Writing files whole: a reader, or a crash, sees the old file or the new one, never half of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(target: str | Path, content: bytes) -> Path:
    """Write a file in one step, keeping the permissions of the one that it replaces.

    A symbolic link stays, and what it names is replaced. A pipe or a device is written to.
    """
    path = Path(target)
    if is_stream(path):
        path.write_bytes(content)
        return path
    with workplace(path.parent) as place:
        made = place / path.name
        made.write_bytes(content)
        move_over(made, path)
    return path


def move_over(made: Path, target: Path) -> None:
    """Put a finished file of the same file system where another one may be, in one step."""
    final = target.resolve()
    if final.exists():
        shutil.copymode(final, made)
    os.replace(made, final)


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside `folder`, gone at the end; a new `folder` too if unused."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".review-") as made:
            yield Path(made)
    finally:
        for place in missing:
            if any(place.iterdir()):
                break
            place.rmdir()


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe or a device (``/dev/stdout``), which cannot be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()
