"""What of a record is compared, in one spelling."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from review.citations.vocabulary import NoticeKind

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,60}>")
_NO_WORD: Final = re.compile(r"[^\w]+|_+")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_GREEK: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "π": "pi", "σ": "sigma", "τ": "tau", "ω": "omega", "ß": "ss",
    "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i",
}  # fmt: skip
_LETTERS: Final = str.maketrans(_GREEK)

_NO_TITLE: Final = frozenset(
    {"", "unknown", "untitled", "no title", "no title available", "not available", "n a", "title"}
)
_NO_AUTHOR: Final = frozenset({"unknown", "anonymous", "anon", "no authors listed", "et al"})

_NOTE_AT_END: Final = re.compile(
    r"(?:[\[(](?:provisional abstract|abstract only|structured abstract|abstract|german|french|"
    r"spanish|chinese|russian|italian|portuguese|japanese|dutch|polish|turkish|see comments?|"
    r"comments?|review|(?:(?:published |publisher )?(?:erratum|errata|corrected|correction|"
    r"retraction|comment|republished) (?:appears|in|and)[^\[\]]*))[\])]?\.?\s*)+$",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"^\W*(?:(?:short|brief|case|research|preliminary|technical) (?:report|communication|note)|"
    r"(?:original|research|review) (?:article|paper)|clinical trial)\s*[:.]\s+(?=\S)",
    re.IGNORECASE,
)
"""The section of a journal before the title, which some indexes copy."""

_CENTRAL: Final = re.compile(r"10\.1002/central/", re.IGNORECASE)
"""CENTRAL gives each of its records a DOI of its own, whatever DOI the article has."""

_CUT_DOI: Final = re.compile(
    r"\(sici\)(?!.*;2-.)|\d{4}-\d{3}[\dx][\[(]\d{4}\)?\d*(?!.*;2)", re.IGNORECASE
)
"""A DOI with a SICI (ANSI/NISO Z39.56) that lost its end names an issue, not an article."""

OPENING: Final = 400
"""Letters of an abstract that are kept."""

_PART: Final = re.compile(
    r"\b(?:part|pt|section|chapter|volume|phase|study|paper|stage|experiment)\s+"
    r"(\d+|[ivx]+|one|two|three|four|five|[a-d])\b"
)
_ROMAN_AT_END: Final = re.compile(r"\b(i{1,3}|iv|vi{0,3}|ix|x)(?:\s+\d{4})?$")
_WORD_NUMBERS: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "i": "1", "ii": "2",
    "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
    "a": "1", "b": "2", "c": "3", "d": "4",
}  # fmt: skip

_NOTICES: Final = (
    ("erratum", re.compile(
        r"^(?:(?:author|publisher|authors|editorial)\s+)?(?:erratum|errata|corrigend\w+|correction|"
        r"corrections|addendum|amendment)\b(?:\s+(?:to|for|in|of|on|regarding))?\s*(?:the\s+)?")),
    ("retraction", re.compile(
        r"^(?:retracted(?:\s+article)?|retraction(?:\s+(?:note|notice|of))?|withdrawn|"
        r"withdrawal|removed)\b(?:\s+(?:to|for|of|article))?\s*")),
    ("concern", re.compile(r"^(?:editorial )?expression of concern\b\s*(?:on|for|about)?\s*")),
    ("comment", re.compile(
        r"^(?:(?:letter|comment|commentary|comments|reply|response|re|rejoinder|author\s+reply|"
        r"authors\s+reply|in\s+reply|invited\s+commentary|author\s+response|authors\s+response)\b"
        r"(?:\s+(?:to|on|re|regarding|the\s+editor))*)\s*")),
)  # fmt: skip
"""Words at the beginning of a title that make another publication of it."""

_PREPRINT_PLACES: Final = re.compile(
    r"\b(?:medrxiv|biorxiv|arxiv|psyarxiv|chemrxiv|ssrn|research square|preprints?|osf|authorea|"
    r"preprints org|socarxiv|techrxiv)\b"
)
_PREPRINT_DOI: Final = re.compile(
    r"10\.(?:1101/(?:\d{6}|\d{4}\.\d\d\.\d\d)|21203/|48550/|31234/|31219/|2139/ssrn|20944/|"
    r"26434/|31235/|36227/|22541/au)"
)
_CONFERENCE: Final = re.compile(
    r"\b(?:conference|workshop|symposium|congress|annual meeting|meeting abstract|abstracts|"
    r"inproceedings|cpaper|conf|abst|proceedings of the \d|proceedings paper)\b"
)

_LONG_TITLE: Final = 30
"""Letters; shorter titles ("Editorial", "Reply", "Telepsychiatry") are shared by many works."""

_LONG_TITLE_WORDS: Final = 5


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A record, reduced to what is compared."""

    id: int
    doi: str | None
    pmid: str | None
    accession: str | None
    title: str
    """Words in lower case without accents and signs; empty when there is no title."""
    bare_title: str
    """The title without a notice such as "erratum to" before it."""
    notice: str | None
    part: str | None
    """The number of a part, a phase or a study that the title names."""
    numbers: tuple[str, ...]
    """All numbers in the title, sorted."""
    year: int | None
    journal: str
    volume: str | None
    page: str | None
    """The first page."""
    names: tuple[frozenset[str], ...]
    """The words of each author's name, initials left out."""
    preprint: bool
    conference: bool
    translated: bool = False
    """Whether the title is in brackets, as PubMed gives translations."""
    abstract: str = ""
    """How the abstract begins, as it stands."""

    @property
    def has_long_title(self) -> bool:
        """Whether the title is long enough that two works rarely share it."""
        letters = len(self.title) - self.title.count(" ")
        words = self.title.count(" ") + 1
        is_script_of_signs = not self.title[:1].isascii()
        return letters >= _LONG_TITLE and (words >= _LONG_TITLE_WORDS or is_script_of_signs)

    @property
    def surnames(self) -> frozenset[str]:
        """The words of all authors' names."""
        return frozenset(word for name in self.names for word in name)


def words_of(text: str) -> str:
    """Return text as words: lower case, no accents, signs or markup, Greek letters by name.

    Examples
    --------
    >>> words_of("<i>In-vivo</i> TNF-α &amp; Müller’s")
    'in vivo tnf alpha and muller s'
    """
    text = _THOUSANDS.sub("", text)
    if text.isascii() and "<" not in text and "&" not in text:
        return " ".join(_NO_WORD.sub(" ", text.lower()).split())
    plain = html.unescape(text) if "&" in text else text
    plain = _TAG.sub("", plain).replace("&", " and ").lower().translate(_LETTERS)
    split = unicodedata.normalize("NFKD", plain)
    bare = "".join(letter for letter in split if not unicodedata.combining(letter))
    return " ".join(_NO_WORD.sub(" ", bare.translate(_LETTERS)).split())


def title_words(title: str | None) -> str:
    """Return a title as words, without notes of an index at its end.

    Such as ``(Provisional abstract)``, ``[see comment]``, ``[Erratum appears in Lancet 2012]``.
    """
    if not title:
        return ""
    text = _LABEL.sub("", _NOTE_AT_END.sub("", title))
    words = words_of(text)
    return "" if words in _NO_TITLE else words


def _notice(words: str) -> tuple[str | None, str]:
    for name, pattern in _NOTICES:
        found = pattern.match(words)
        if found is not None and (found.end() < len(words) or name != "comment"):
            rest = words[found.end() :]
            inner, deeper = _notice(rest) if rest else (None, rest)
            return name if inner is None else f"{name} {inner}", deeper
    return None, words


def _without_reference(title: str) -> str:
    """Return a title without the reference to the corrected work in brackets at its end.

    Embase writes ``Erratum: A title (A journal (2024) 14 1 DOI: 10.1038/…)``.
    """
    text = title.rstrip(" .")
    if not text.endswith(")"):
        return title
    depth = 0
    for place in range(len(text) - 1, 0, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            has_year = re.search(r"(?:19|20)\d\d", text[place:]) is not None
            return text[:place] if has_year else title
    return title


def _part(words: str) -> str | None:
    found = _PART.search(words)
    if found is None:
        found = _ROMAN_AT_END.search(words)
    return _WORD_NUMBERS.get(found.group(1), found.group(1)) if found else None


@lru_cache(maxsize=100_000)
def name_words(name: str) -> frozenset[str]:
    """Return the words of a name that are longer than an initial.

    Examples
    --------
    >>> sorted(name_words("O'Neill, H. M.")), sorted(name_words("B. Abrahao"))
    (['neill'], ['abrahao'])
    """
    words = words_of(name)
    if words in _NO_AUTHOR:
        return frozenset()
    kept = [word for word in words.split() if len(word) > 1 or not word.isascii()]
    initials = {w.lower() for w in re.findall(r"(?<![A-Za-z])[A-Z]{2,3}(?![A-Za-z])", name)}
    without = frozenset(word for word in kept if word not in initials)
    return without or frozenset(kept)


def first_page(pages: str | None) -> str | None:
    """Return the first page, ``S12`` of ``S12-S19``; None for what is no page."""
    if not pages:
        return None
    found = re.search(r"[a-z]{0,4}\d+[a-z]?", pages.lower().replace(" ", ""))
    return re.sub(r"^(unsp|cd0*|no|art|p|pp)(?=\d)", "", found.group()) if found else None


def _number(volume: str | None) -> str | None:
    found = re.match(r"\s*(?:vol(?:ume)?\.?\s*)?([a-z]?\d+)", (volume or "").lower())
    return found.group(1).lstrip("0") if found else None


def fingerprint(
    *,
    record_id: int,
    kind: str | None = None,
    title: str | None = None,
    authors: Sequence[str] = (),
    year: int | None = None,
    journal: str | None = None,
    volume: str | None = None,
    pages: str | None = None,
    doi: str | None = None,
    pmid: str | None = None,
    accession: str | None = None,
    abstract: str | None = None,
    notices: Sequence[Sequence[str]] = (),
) -> Fingerprint:
    """Return what of a record is compared; of an abstract how it begins, as far as it is given."""
    words = title_words(title)
    notice, bare = _notice(words)
    if notice is not None and title is not None:
        bare = _notice(title_words(_without_reference(title)))[1]
    place = words_of(re.sub(r"\([^)]*\)", " ", journal)) if journal else ""
    kind_words = words_of(kind) if kind else ""
    if kind_words == "erratum" and notice is None:
        notice = "erratum"
    if notice is None:
        notice = next((_NOTICE_KINDS[n[0]] for n in notices if n[0] in _NOTICE_KINDS), None)
    number = (accession or "").lower().strip()
    if doi and (_CENTRAL.match(doi) or _CUT_DOI.search(doi)):
        doi = None
    return Fingerprint(
        id=record_id,
        doi=doi,
        pmid=pmid,
        accession=number if len(number) > _SHORTEST_ACCESSION else None,
        title=words,
        bare_title=bare,
        notice=notice,
        part=_part(words),
        numbers=tuple(sorted(re.findall(r"\d+", words))),
        year=year,
        journal=place,
        volume=None if year is not None and _number(volume) == str(year) else _number(volume),
        page=first_page(pages),
        names=tuple(found for name in authors if (found := name_words(name))),
        preprint=bool(_PREPRINT_PLACES.search(place) or (doi and _PREPRINT_DOI.match(doi)))
        or kind_words in ("preprint", "posted content"),
        conference=bool(_CONFERENCE.search(kind_words) or _CONFERENCE.search(place)),
        translated=(title or "").lstrip().startswith("["),
        abstract=(abstract or "")[:OPENING],
    )


_NOTICE_KINDS: Final = {
    NoticeKind.RETRACTION.value: "retraction",
    NoticeKind.CORRECTION.value: "erratum",
    NoticeKind.CONCERN_NOTICE.value: "concern",
}
"""What a file says by tags of a record that is itself a notice, and the word for it here."""


_SHORTEST_ACCESSION: Final = 6
"""Characters; shorter numbers are running numbers of an export."""
