"""The formats there are, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review.extraction.formats import (
    cochrane,
    metalab,
    metapsy,
    metapsy_releases,
    revman,
    revman_csv,
)
from review.extraction.formats.comparison import Columns, RowFlags
from review.extraction.formats.source import Content, Directions, SourceRow, SourceTable
from review.extraction.vocabulary import Format

Reader = Callable[..., SourceTable]


@dataclass(frozen=True, slots=True)
class HowRead:
    """How a format is read, what its rows claim, and how two releases of it are compared."""

    read: Reader
    content: Callable[[Sequence[SourceRow], Directions, Mapping[str, Any] | None], Content]
    columns: Columns
    flags: RowFlags = lambda _old, _new: ()


_COCHRANE: Final = Columns(cochrane.SIGNED, cochrane.EFFECTS, cochrane.USED, cochrane.COMPUTED)

FORMATS: Final = {
    Format.METAPSY: HowRead(
        metapsy.read_metapsy,
        metapsy.metapsy_content,
        Columns(metapsy.SIGNED, metapsy.EFFECTS, metapsy.USED, metapsy.DERIVED),
        metapsy_releases.metapsy_flags,
    ),
    Format.REVMAN: HowRead(revman.read_revman, cochrane.cochrane_content, _COCHRANE),
    Format.REVMAN_WEB: HowRead(revman_csv.read_revman_csv, cochrane.cochrane_content, _COCHRANE),
    Format.METALAB: HowRead(
        metalab.read_metalab,
        metalab.metalab_content,
        Columns(metalab.SIGNED, metalab.EFFECTS, metalab.USED),
    ),
}
