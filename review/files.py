"""Writing files whole: a reader, or a crash, sees the old file or the new one, never half of it."""

from __future__ import annotations

import ctypes
import errno
import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

GZIP: Final = ".gz"
"""The end of the name of a file that gzip compressed."""

_HERE: Final = -100
"""``AT_FDCWD`` of Linux: a path is as the process sees it."""

_ANEW: Final = 1
"""``RENAME_NOREPLACE`` of Linux."""

_EXCHANGE: Final = 2
"""``RENAME_EXCHANGE`` of Linux."""


def as_named(path: str | Path, content: bytes) -> bytes:
    """Return what a file is to hold, compressed where its name says so: the same each time."""
    return gzip.compress(content, mtime=0) if Path(path).suffix == GZIP else content


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
    """Put a finished file of the same file system where another one may be, in one step.

    It is on the disk before it has the name, so that a power cut leaves no empty file.
    """
    final = target.resolve()
    if final.exists():
        shutil.copymode(final, made)
    flush(made)
    os.replace(made, final)
    flush(final.parent)


def name_anew(made: Path, targets: Iterable[Path]) -> Path:
    """Give a finished file the first of some names that nothing has, in one step.

    It is on the disk before; it takes the place of no other file, and half of it has no name. Where
    the file system has no second names (FAT, some shares), Linux still renames so; only where that
    cannot be had either is a name looked at first, and then taken.

    Raises
    ------
    FileExistsError
        If all the names are taken.
    """
    flush(made)
    for target in targets:
        try:
            target.hardlink_to(made)
        except FileExistsError:
            continue
        except OSError:
            refused = _renamed(made, target, _ANEW)
            if refused == errno.EEXIST or (refused and target.exists()):
                continue
            if refused:
                os.rename(made, target)
        else:
            made.unlink()
        flush(target.parent)
        return target
    raise FileExistsError(errno.EEXIST, "every name is taken", str(made))


def move_folder(made: Path, target: Path) -> None:
    """Give a finished folder of the same file system its name, which nothing may have, in one step.

    All that is in it is on the disk before.
    """
    flush_all(made)
    os.rename(made, target)
    flush(target.parent)


def replace_folder(made: Path, target: Path) -> None:
    """Put a finished folder of the same file system where another one may be.

    Linux exchanges the two names in one step, so that a reader sees the old folder or the new one;
    the old one is then where the new one was made. Elsewhere the old one is first moved beside it.
    """
    if not target.exists():
        move_folder(made, target)
        return
    flush_all(made)
    if _renamed(made, target, _EXCHANGE) != 0:
        beside = made.with_name(f"{made.name}-before")
        os.rename(target, beside)
        os.rename(made, target)
    flush(target.parent)


def can_be_replaced(folder: Path) -> bool:
    """Whether a folder can be replaced as one without harm.

    Not where another file system begins, where it is a link, where the folder above it may not be
    written to, and not where a process stands that would then be in the folder that is gone: ours,
    and with it the shell that called us.
    """
    if not folder.is_dir() or folder.is_symlink() or os.path.ismount(folder):
        return False
    stands = Path.cwd().is_relative_to(folder.resolve())
    return not stands and os.access(folder.parent, os.W_OK)


def stand_too(files: Iterable[Path], folder: Path, made: Path) -> None:
    """Let files of a folder stand in one that is about to replace it, links as links.

    They are the same files, so that what is written to one until then is not lost; a copy where
    the file system has no second names.
    """
    for path in files:
        target = made / path.relative_to(folder)
        if target.exists():
            continue  # made anew
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(path, target, follow_symlinks=False)


def _renamed(one: Path, other: Path, how: int) -> int:
    """Rename in one step; return 0 or why not, ENOSYS where the system cannot (``renameat2``)."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return errno.ENOSYS
    done: int = call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), how)
    return 0 if done == 0 else ctypes.get_errno()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def flush_all(folder: Path) -> None:
    """Wait until a folder, and all that is in it, is on the disk."""
    for path in folder.rglob("*"):
        if not path.is_symlink():  # what it names is not in the folder, or is there by itself
            flush(path)
    flush(folder)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk, where the system can tell."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_folder(folder: Path, mode: int = 0o777) -> list[Path]:
    """Make a folder, and those above it, where they are missing; return those it made.

    Their names are on the disk then.

    Parameters
    ----------
    mode
        The permissions of the last one, as `os.mkdir` takes them.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for place in reversed(missing):
        flush(place.parent)
    return missing


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside `folder`, gone at the end; a new `folder` too if unused."""
    made_too = new_folder(folder)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".review-") as made:
            yield Path(made)
    finally:
        for place in made_too:
            if any(place.iterdir()):
                break
            place.rmdir()


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe or a device (``/dev/stdout``), which cannot be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()
