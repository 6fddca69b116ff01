"""What a citation file itself says of retractions, corrections and concerns about a work.

Sources: PubMed's publication types and the tags and elements of comments and corrections
(https://www.nlm.nih.gov/bsd/mms/medlineelements.html, .../licensee/elements_descriptions.html);
Crossref's types of updates (https://www.crossref.org/documentation/crossmark/); the titles that
publishers give, by COPE's guidelines for retractions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from review.citations.vocabulary import NoticeKind


class Notice(NamedTuple):
    """That a work was retracted, corrected, or the like, and where the file says so."""

    kind: NoticeKind
    said: str
    """The words of the file with their field, such as ``RIN: J Sleep. 2021;5(3):99``."""


_K = NoticeKind

MEDLINE: Final[Mapping[str, NoticeKind]] = {
    "RIN": _K.RETRACTED, "PRIN": _K.PARTLY_RETRACTED, "ROF": _K.RETRACTION, "PROF": _K.RETRACTION,
    "EIN": _K.CORRECTED, "EFR": _K.CORRECTION, "CRI": _K.CORRECTED, "CRF": _K.CORRECTION,
    "ECI": _K.CONCERN, "ECF": _K.CONCERN_NOTICE, "RPI": _K.REPUBLISHED, "RPF": _K.REPUBLICATION,
    "UIN": _K.UPDATED, "UOF": _K.UPDATE, "CIN": _K.COMMENTED, "CON": _K.COMMENT,
}  # fmt: skip
"""Tags of NBIB."""

PUBMED_XML: Final[Mapping[str, NoticeKind]] = {
    "RetractionIn": _K.RETRACTED, "PartialRetractionIn": _K.PARTLY_RETRACTED,
    "RetractionOf": _K.RETRACTION, "PartialRetractionOf": _K.RETRACTION,
    "ErratumIn": _K.CORRECTED, "ErratumFor": _K.CORRECTION,
    "CorrectedandRepublishedIn": _K.CORRECTED, "CorrectedandRepublishedFrom": _K.CORRECTION,
    "ExpressionOfConcernIn": _K.CONCERN, "ExpressionOfConcernFor": _K.CONCERN_NOTICE,
    "RepublishedIn": _K.REPUBLISHED, "RepublishedFrom": _K.REPUBLICATION,
    "UpdateIn": _K.UPDATED, "UpdateOf": _K.UPDATE, "CommentIn": _K.COMMENTED,
    "CommentOn": _K.COMMENT,
}  # fmt: skip
"""Values of ``RefType`` in PubMed XML."""

_CROSSREF: Final[Mapping[str, tuple[NoticeKind, NoticeKind]]] = {
    "retraction": (_K.RETRACTED, _K.RETRACTION),
    "withdrawal": (_K.RETRACTED, _K.RETRACTION),
    "removal": (_K.RETRACTED, _K.RETRACTION),
    "partial_retraction": (_K.PARTLY_RETRACTED, _K.RETRACTION),
    "correction": (_K.CORRECTED, _K.CORRECTION),
    "corrigendum": (_K.CORRECTED, _K.CORRECTION),
    "erratum": (_K.CORRECTED, _K.CORRECTION),
    "expression_of_concern": (_K.CONCERN, _K.CONCERN_NOTICE),
    "new_version": (_K.UPDATED, _K.UPDATE),
    "new_edition": (_K.UPDATED, _K.UPDATE),
}

_TYPES: Final[Mapping[str, NoticeKind]] = {
    "retracted publication": _K.RETRACTED,
    "retracted article": _K.RETRACTED,
    "retracted paper": _K.RETRACTED,
    "retracted": _K.RETRACTED,
    "withdrawn publication": _K.RETRACTED,
    "withdrawn": _K.RETRACTED,
    "retraction of publication": _K.RETRACTION,
    "retraction notice": _K.RETRACTION,
    "retraction": _K.RETRACTION,
    "published erratum": _K.CORRECTION,
    "erratum": _K.CORRECTION,
    "corrigendum": _K.CORRECTION,
    "correction": _K.CORRECTION,
    "correction, addition": _K.CORRECTION,
    "corrected and republished article": _K.CORRECTION,
    "expression of concern": _K.CONCERN_NOTICE,
}
"""Publication types of PubMed, Embase, Scopus and Web of Science."""

_TITLES: Final = (
    (
        _K.RETRACTED,
        re.compile(
            r"\W*(?:retracted|withdrawn|removed)(?:\s+(?:article|paper|publication|chapter|study))?"
            r"\s*(?:[:*\])–—]|-\s)"
            r"|\W*(?:retracted|withdrawn)\s+(?:article|paper|publication)\W*$"
            r"|\W*this\s+(?:article|paper|publication)\s+has\s+been\s+(?:retracted|withdrawn)\b",
            re.I,
        ),
    ),
    (
        _K.RETRACTED,
        re.compile(
            r".*[(\[]\s*(?i:retracted|withdrawn)"
            r"(?:\s*(?i:article|paper|publication)\b[^()\[\]]*|\s*[.:;,][^()\[\]]*|\s+in\s+\d{4})?"
            r"\s*[)\]]\W*$"
            r"|.*\W(?:RETRACTED|WITHDRAWN)(?:\s+(?:ARTICLE|PAPER))?\W*$",
            re.S,
        ),
    ),
    (
        _K.RETRACTION,
        re.compile(
            r"\W*(?:(?:notice|statement)\s+of\s+)?(?:retraction|withdrawal)"
            r"(?:\s+(?:notice|note|statement))?(?:\s*[:–—]|\s+(?:to|for|of)\s*[:\"'“‘])"
            r"|\W*(?:retraction|withdrawal)\s+(?:notice|note|statement)\b"
            r"|\W*(?:notice|statement)\s+of\s+(?:retraction|withdrawal)\b"
            r"|\W*retraction(?:\s+of\s+(?:publication|article|paper))?\W*$"
            r"|\W*retraction\s+and\s+replacement\b"
            r"|\W*retraction\s+(?:of|for|to)\b.{0,60}\bet\s+al\b"
            r"|.*[(\[]\s*retraction\s+of\s+vol\b",
            re.I,
        ),
    ),
    (
        _K.CORRECTION,
        re.compile(
            r"\W*(?:erratum|errata(?!\s+in\b)|corrigend(?:um|a))\b"
            r"|\W*(?:(?:author|publisher|editorial)(?:['’]?s)?\s+)?corrections?"
            r"(?:\s+(?:to|for))?\s*[:\"'“‘–—]"
            r"|\W*(?:author|publisher)(?:['’]?s)?\s+correction\b"
            r"|\W*corrections?\W*$"
            r"|\W*correction\s+(?:to|for)\b.{0,60}(?:\bet\s+al\b|\(\d{4}\))"
            r"|\W*corrected\s+and\s+republished\b"
            r"|.*\(vol\.?\s+\d+[^()]*\b(?:pg|art|artn)\b[^()]*\d{4}\)\W*$",
            re.I,
        ),
    ),
    (
        _K.CONCERN_NOTICE,
        re.compile(
            r"\W*(?:(?:an|editorial|notice\s+of|editor['’]?s?\s+note\s*[:,–-])\s+)?"
            r"(?:expression|notice)\s+of\s+concern"
            r"(?:\W*$|\s*[:.\"'“‘–—\[(,]|\s+(?:regarding|for|to|on)\b)",
            re.I,
        ),
    ),
)
"""Patterns of a title's beginning or end: "Withdrawn children" and "Correction of myopia" are
titles of studies."""


_TITLE_WORDS: Final = re.compile(
    r"retract|withdraw|removed|errat|corrigend|correct|of\s+concern|\(vol", re.IGNORECASE
)


def of_types(types: Iterable[str | None], field: str) -> Iterator[Notice]:
    """Yield what types of publication say."""
    for said in types:
        kind = _TYPES.get((said or "").strip().rstrip(".").casefold())
        if kind is not None:
            yield Notice(kind, f"{field}: {said}")


def of_title(title: str | None) -> Iterator[Notice]:
    """Yield what the words at a title's beginning or end say.

    Examples
    --------
    >>> [notice.kind.value for notice in of_title("RETRACTED: A trial of sleep")]
    ['retracted']
    >>> list(of_title("Retraction of the tongue in sleep apnoea"))
    []
    """
    if not title or _TITLE_WORDS.search(title) is None:
        return
    for kind, pattern in _TITLES:
        if pattern.match(title):
            yield Notice(kind, f"title: {title[:200]}")
            return


def of_crossref(item: Mapping[str, object]) -> Iterator[Notice]:
    """Yield what Crossref's ``updated-by`` and ``update-to`` of a work say."""
    for place, name in enumerate(("updated-by", "update-to")):
        updates = item.get(name)
        for update in updates if isinstance(updates, list) else ():
            if not isinstance(update, dict):
                continue
            kinds = _CROSSREF.get(str(update.get("type", "")).lower().replace(" ", "_"))
            if kinds is not None:
                other = update.get("DOI", update.get("label", ""))
                yield Notice(kinds[place], f"{name}: {update.get('type')} {other}".rstrip())


def each_once(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return notices in order, each once."""
    return tuple(dict.fromkeys(notices))
