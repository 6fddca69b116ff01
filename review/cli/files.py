"""What every command that writes files keeps to: no file that may hold work is replaced unasked.

A file is replaced where the program wrote it and nobody changed it since: ``provenance.json``
beside it lists its SHA-256, or it is a figure that bears the program's mark and no other's.
Anything else stays as it is without ``--force``: forms that a person fills in, texts that authors
edit, and files of others. docs/export.md says so to users.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from review.canonical import parsed_json
from review.errors import AlreadyExistsError, InvalidDataError
from review.files import (
    can_be_replaced,
    is_stream,
    move_folder,
    move_over,
    new_folder,
    replace_folder,
    sha256_of_file,
    stand_too,
    workplace,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_FORCE: Final = "review.force"
_RETOUCHED: Final = re.compile(rb"inkscape|sodipodi|illustrator|affinity|coreldraw|photoshop", re.I)
"""Programs that figures are worked on with; each leaves its name."""
_SHOWN: Final = 10


def _keep(context: click.Context, _option: click.Parameter, value: bool) -> None:
    context.meta[_FORCE] = value


def force_option(function: FunctionT) -> FunctionT:
    """Add ``--force``, which `new_file` and `new_files` heed."""
    return click.option(
        "--force", is_flag=True, expose_value=False, callback=_keep,
        help="Replace files that exist, changed ones too.",
    )(function)  # fmt: skip


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield a place to write one file; at the end it goes to `target` whole, if it may.

    Raises AlreadyExistsError, and leaves all as it was, where a file that may hold work is there.
    """
    if is_stream(target):
        yield target
        return
    with _telling(target), workplace(target.parent) as place:
        yield place / target.name
        _publish({place / target.name: target})


def write_new(target: Path, content: bytes) -> None:
    """Write one file as `new_file` does."""
    with new_file(target) as place:
        place.write_bytes(content)


@contextmanager
def new_files(
    folder: Path, *, whole: bool = False, executor: Executor | None = None
) -> Iterator[Path]:
    """Yield an empty folder to write into; at the end its files go to `folder`, all or none.

    A new folder appears whole. In one that is there each file is replaced whole, and the list of
    them last: a second try after a crash replaces what the first one wrote. With `whole`, a folder
    of an earlier export is replaced as one, where `can_be_replaced` says so: files of it that
    nobody changed and that are not made any more are removed; they are named, and so are files of
    others, which stay. The workers of `executor` help to read what the files print.

    Raises AlreadyExistsError, with the names, where files that may hold work are there.
    """
    from review.export.tracing.provenance import NAME, listing

    as_one = whole and can_be_replaced(folder) and _is_provenance(folder / NAME)
    beside = as_one or not folder.exists()
    with _telling(folder), workplace(folder.parent if beside else folder) as made_in:
        place = made_in / "made"
        place.mkdir()
        yield place
        made = sorted(path for path in place.rglob("*") if path.is_file())
        new = {folder / path.relative_to(place) for path in made}
        there = [
            path
            for path in (sorted(folder.rglob("*")) if whole else ())
            if (path.is_symlink() or not path.is_dir())
            and path not in new
            and made_in not in path.parents
        ]
        stale = [path for path in there if path.name != NAME and _is_listed(path)]
        for inside in {path.parent for path in made}:
            goal = folder / inside.relative_to(place)
            made.append(listing(inside, goal, without=stale, executor=executor))
        if not folder.exists():
            move_folder(place, folder)
            return
        targets = {path: folder / path.relative_to(place) for path in made}
        if as_one:
            _refuse(targets)
            stand_too([path for path in there if path not in stale], folder, place)
            shutil.copymode(folder, place)
            replace_folder(place, folder)
        else:
            _publish(targets)
            for path in stale:
                path.unlink()
        kept = [path for path in there if path not in stale and path.name != NAME]
        _name("Removed, since this export has them no more", stale, folder)
        _name("Kept, though not of this export", kept, folder)


def _name(what: str, paths: Sequence[Path], folder: Path) -> None:
    if paths:
        names = ", ".join(str(path.relative_to(folder)) for path in paths[:_SHOWN])
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        click.echo(f"{what}: {names}{more}", err=True)


def moved(paths: Sequence[Path], place: Path, folder: Path) -> list[Path]:
    """Return where files that were written to `place` stand in the end."""
    return [folder / path.relative_to(place) for path in paths]


@contextmanager
def _telling(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidDataError(f"cannot write {target}: {error.strerror or error}") from None


def _publish(targets: Mapping[Path, Path]) -> None:
    _refuse(targets)
    for made, target in targets.items():
        new_folder(target.parent)
        move_over(made, target)


def _refuse(targets: Mapping[Path, Path]) -> None:
    """Raise AlreadyExistsError for targets that would lose something."""
    folders = [target for target in targets.values() if target.is_dir()]
    if folders:
        raise InvalidDataError(f"{folders[0]} is a folder; give the name of a file")
    if click.get_current_context().meta.get(_FORCE):
        return
    kept = [target for made, target in targets.items() if not _may_replace(target, made)]
    if not kept:
        return
    if len(targets) == 1:
        raise AlreadyExistsError(
            f"{kept[0]} exists and may hold work; nothing was written. Give another name, "
            "or replace it with --force"
        )
    more = f"\n  … and {len(kept) - _SHOWN} more" if len(kept) > _SHOWN else ""
    names = "".join(f"\n  {path}" for path in kept[:_SHOWN])
    raise AlreadyExistsError(
        "files that are there were changed since they were written, or are not this program's; "
        f"nothing was written:{names}{more}\nGive another folder, or replace them with --force"
    )


def _may_replace(target: Path, made: Path) -> bool:
    if not target.exists():
        return True
    there = target.read_bytes()
    return there == made.read_bytes() or _is_listed(target) or _is_own_figure(target, there)


def _is_listed(target: Path) -> bool:
    """Whether ``provenance.json`` beside a file says that it is as the program wrote it."""
    from review.export.tracing.provenance import NAME, sha256_listed

    if target.name == NAME:
        return _is_provenance(target)
    told = sha256_listed(target)
    return told is not None and told == sha256_of_file(target)


def _is_provenance(path: Path) -> bool:
    try:
        return {"files", "runs"} <= set(parsed_json(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return False


def _is_own_figure(target: Path, content: bytes) -> bool:
    from review.figures.saving import CREATOR, FigureFormat

    if target.suffix.lower().lstrip(".") not in set(FigureFormat):
        return False
    return CREATOR.encode() in content and _RETOUCHED.search(content) is None
