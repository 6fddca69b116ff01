"""What a person must not be told by what is refused to them: others' blind entries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction import queries
from review.extraction.models import Study
from review.wording import counted


def nothing_unseen(session: Session, studies: Sequence[Study], person: str) -> None:
    """Refuse an act over whole studies while a person may not see all entries of them.

    Its details and its refusals would tell what the unseen ones hold; that somebody enters a study
    blind is no secret.

    Raises
    ------
    InvalidDataError
        The same whatever the unseen entries hold.
    """
    ids = [study.id for study in studies]
    seen = {entry.id for entry in queries.visible_entries(session, ids, person)}
    hidden = {entry.study_id for entry in queries.entries(session, ids) if entry.id not in seen}
    if hidden:
        labels = [study.label for study in studies if study.id in hidden]
        named = ", ".join(labels[:5]) + (", …" if len(labels) > 5 else "")
        raise InvalidDataError(
            f"others enter {counted(len(labels), 'study', 'studies')} blind ({named}), and this "
            "would tell what they entered: do it once they have finished"
        )
