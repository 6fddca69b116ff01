"""One form for identifiers, years, pages, names and lists, whatever the source writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from review.citations.formats.doi import doi_in as doi_in
from review.citations.formats.doi import doi_of_url as doi_of_url
from review.citations.formats.doi import is_doi as is_doi
from review.citations.formats.markup import unescaped
from review.citations.formats.spaces import squeezed

_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_COMPACT_DATE: Final = re.compile(r"(1[5-9]\d\d|20\d\d)(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])?")
_PUBMED_URL: Final = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/)(\d{1,8})(?!\d)",
    re.IGNORECASE,
)
_PMID_LABEL: Final = re.compile(
    r"\b(?:pmid|pubmed(?:[ _-]?id)?|medline)\s*[:=]?\s*(\d{1,8})(?!\d)", re.IGNORECASE
)
NOTHING: Final = frozenset(
    {"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "\\N", "#NULL!"}
)
"""What R, Python, spreadsheets and databases write for a value that is missing."""

_INITIALS: Final = re.compile(r"[^,]+\s[A-Z][A-Z.\- ]{0,6}(?:\s(?:Jr|Sr|[IV]+|\dnd|\drd)\.?)?")


def one_line(value: str | None) -> str | None:
    """Return `value` with runs of white space as one space; None for nothing."""
    if value is None:
        return None
    return squeezed(value) or None


def first(values: Iterable[str | None]) -> str | None:
    """Return the first value that says something, on one line."""
    for value in values:
        text = one_line(value)
        if text is not None:
            return text
    return None


def pmid_in(value: str | None) -> str | None:
    """Return the PMID in a PubMed address or after a label such as ``PMID:``; else None."""
    if not value:
        return None
    found = _PUBMED_URL.search(value) or _PMID_LABEL.search(value)
    return found.group(1).lstrip("0") or None if found else None


def no_doi(values: Iterable[str | None], doi: str | None) -> tuple[str, ...]:
    """Return a remark where a field for DOIs says something, and no DOI was found in the record."""
    said = first(values) if doi is None else None
    if said is None or said in NOTHING or not any(sign.isdigit() for sign in said):
        return ()
    return (f"DOI not understood: {said[:80]}",)


def is_pmid(value: str | None) -> bool:
    """Whether `value` is nothing but 1 to 8 digits."""
    return value is not None and 1 <= len(value) <= 8 and value.isascii() and value.isdigit()


def title_of(values: Iterable[str | None]) -> str | None:
    """Return the first title: MEDLINE's ``[Not Available].`` stands where it has none in English.

    Examples
    --------
    >>> title_of(["[Not Available].", "Schlaf im Nachtdienst."])
    'Schlaf im Nachtdienst.'
    """
    return first(
        None if value and re.fullmatch(r"\s*\[?Not available\]?\.?\s*", value, re.I) else value
        for value in values
    )


def years_in(value: str | None) -> list[int]:
    """Return the different years 1500 to 2099 that `value` names, in order.

    Examples
    --------
    >>> years_in("2019-2020"), years_in("20240315"), years_in("10 15")
    ([2019, 2020], [2024], [])
    """
    if not value:
        return []
    text = value.strip()
    compact = _COMPACT_DATE.fullmatch(text)
    if compact is not None:
        return [int(compact.group(1))]
    return list(dict.fromkeys(int(year) for year in _YEAR.findall(text)))


def year_of(values: Iterable[str | None]) -> tuple[int | None, tuple[str, ...]]:
    """Return the year of the first value that names one, and remarks on what was left aside."""
    said = [value for value in values if value]
    if len(said) == 1 and len(said[0]) == 4 and said[0].isdecimal() and said[0].isascii():
        alone = int(said[0])
        if 1500 <= alone < 2100:
            return alone, ()
    year: int | None = None
    remarks: list[str] = []
    for value in said:
        text = one_line(value)
        if text is None:
            continue
        found = years_in(text)
        if not found and year is None:
            remarks.append(f"year not understood: {text[:80]}")
        elif found and year is None:
            year = found[0]
            if len(found) > 1:
                remarks.append(f"several years, the first kept: {text[:80]}")
        elif found and year not in found:
            remarks.append(f"another year beside {year}: {text[:80]}")
    if year is not None:
        remarks = [remark for remark in remarks if not remark.startswith("year not understood")]
    return year, tuple(remarks)


def pages_of(start: str | None, end: str | None = None, article: str | None = None) -> str | None:
    """Return pages as ``193-194``; the article number where there are none."""
    first_page, last_page = one_line(start), one_line(end)
    if first_page is None:
        return last_page or one_line(article)
    first_page = first_page.replace("--", "-").replace("–", "-").rstrip("-") or None
    if first_page is None or last_page is None or last_page == first_page or "-" in first_page:
        return first_page or last_page
    return f"{first_page}-{last_page}"


def authors_of(values: Iterable[str | None], *, one_each: bool = False) -> tuple[str, ...]:
    """Return names, one each, from fields that may each hold several.

    Semicolons, line ends and ``|`` separate names. `` and `` does where both sides are names of
    persons: in ``Centers for Disease Control and Prevention`` it does not. A comma does only where
    all parts look like ``Smith J``, for in ``Smith, John`` it does not.

    Parameters
    ----------
    one_each : bool
        Whether each value is one name by the rules of its format, such as MEDLINE's ``CN``.
    """
    names: list[str] = []
    for value in values:
        if not value:
            continue
        if _ONE_NAME.fullmatch(value):
            names.append(value)
            continue
        parts = [value] if one_each else _name_parts(unescaped(value))
        names.extend(
            name.rstrip(",; ")
            for part in parts
            if (name := one_line(part)) and name.strip(",;. ") and not _ALONE.fullmatch(name)
        )
    return tuple(names)


_ALONE: Final = re.compile(r"et\.?\s+al\.?|(?:and\s+)?others", re.IGNORECASE)
"""What stands for further names, and is none."""


_GROUP: Final = re.compile(
    r"\b(?:group|study|trial|consortium|committee|collaborat\w+|network|investigators|society|"
    r"association|institutes?|cent(?:er|re)s?|department|ministry|team|council|organi[sz]ation|"
    r"administration|services?|agency|college|academy|university|hospital|federation|foundation|"
    r"board|commission|bureau|office|program(?:me)?|authority|research|health|disease|company|"
    r"task force|division|unit|school|faculty|union|alliance|initiative|registry|panel)\b",
    re.IGNORECASE,
)
"""Words of the names of groups, in which "and" separates nothing."""


def is_group(name: str) -> bool:
    """Whether a name has a word that names of groups have, such as ``Center`` or ``Trial``."""
    return _GROUP.search(name) is not None


_PERSON: Final = re.compile(
    r"[^\W\d_][^,]*,\s*[^,]+(?:,\s*(?:Jr|Sr|[IV]+|\dnd|\drd|MD|PhD)\.?)?"  # Smith, John
    r"|(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*\s+)(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|el|al|"
    r"ter|ten|bin|ibn)\s+)*(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*\s*){1,3}"  # John A. van der Smith
)


_ONE_NAME: Final = re.compile(r"[A-Z][\w'-]*, [A-Z][\w.'-]*(?: [A-Z]\.?)?", re.ASCII)
"""``Smith, John A.``, as nine in ten are."""


def _name_parts(value: str) -> list[str]:
    for separator in (";", "\n", "|", "；", "、"):
        if separator in value:
            return value.split(separator)
    value = _AND_OTHERS.sub("", _CUT_SHORT.sub("", value))
    if (" and " in value or " & " in value) and _GROUP.search(value) is None:
        parts = [part.strip() for part in re.split(r",?\s+(?:and|&)\s+", value)]
        pieces = [piece for part in parts for piece in _name_parts(part)]
        if all(_PERSON.fullmatch(p) or _INITIALS.fullmatch(p.rstrip(".")) for p in pieces):
            return pieces
    if value.count(",") >= 1:
        parts = [part.strip().rstrip(".") for part in value.split(",")]
        if len(parts) > 1 and (
            all(_INITIALS.fullmatch(part) for part in parts)
            or all(_INITIALS_FIRST.fullmatch(part) for part in parts)
            or all(_CJK.fullmatch(part) for part in parts)
        ):
            return parts
        if len(parts) > 2 and all(_FULL.fullmatch(p) and not _GROUP.search(p) for p in parts):
            return parts
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
        if (
            len(parts) > 2
            and len(parts) % 2 == 0
            and all(
                _SURNAME.fullmatch(last) and _ONLY_INITIALS.fullmatch(first)
                for last, first in pairs
            )
        ):
            return [f"{last}, {first}." for last, first in pairs]
    return [value]


_CUT_SHORT: Final = re.compile(r"(?:,[^,]{0,40})?\s*(?:…|\.\.\.)\s*$")
"""The end of a list that was cut short, with the name it was cut in, as Google Scholar has it."""

_AND_OTHERS: Final = re.compile(
    r"(?:^|,?\s+(?:and\s+|&\s+)?)(?:et\.?\s+al|and\s+others|others)\b\.?\s*$", re.IGNORECASE
)
_ONLY_INITIALS: Final = re.compile(r"(?:[A-ZÀ-ÖØ-Þ]\.?[ -]?){1,4}")
_SURNAME: Final = re.compile(r"[^\W\d_][\w'’ -]{1,40}")
_INITIALS_FIRST: Final = re.compile(
    r"(?:[A-Z]\.? ?-?){1,4} (?:\w{2,3} ){0,2}[A-ZÀ-ÖØ-Þ][\w'’-]{2,}"
)
"""``JA van Smith``, as Google Scholar writes it."""

_FULL: Final = re.compile(r"(?:[A-ZÀ-ÖØ-Þ][\w.'’-]*\s+){1,3}(?:\w{2,3}\s+){0,2}[A-ZÀ-ÖØ-Þ][\w'’-]+")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af·]{2,6}")

_WORD_ENDS: Final = re.compile(r"[;\n\r|]")
_MORE_THAN_WORDS: Final = (";", "|", "\r", "\t", "\xa0", "\x0b", "\x0c", "  ", " \n", "\n ", "\n\n")
"""What has no part in keywords that are one each, with single spaces."""


def keywords_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return keywords, one each and each once, in order."""
    given = [value for value in values if value]
    if not given:
        return ()
    joined = "\n".join(given).strip()
    if not any(sign in joined for sign in _MORE_THAN_WORDS):
        return tuple(dict.fromkeys(joined.split("\n")))
    parts = _WORD_ENDS.split(joined)
    return tuple(dict.fromkeys(word for part in parts if (word := squeezed(part))))


def many_in_one(values: Iterable[str | None], separator: str = "; ") -> str | None:
    """Return the different values joined, such as the two ISSNs of a journal."""
    found = dict.fromkeys(text for value in values if (text := one_line(value)))
    return separator.join(found) or None


_ISSN: Final = re.compile(r"(?<![\d-])\d{4}-\d{3}[\dXx](?![\d-])")


def _issns(text: str) -> list[str]:
    """Return the ISSNs of a text that holds several, as EndNote writes them; else the text."""
    several = _ISSN.findall(text)
    return several if len(several) > 1 else [text]


def issn_of(values: Iterable[str | None]) -> str | None:
    """Return the different ISSNs and ISBNs, without remarks such as ``(Print)``.

    Examples
    --------
    >>> issn_of(["0955-2359 (Print)", "0955-2359 (Linking)", "1477-4674"])
    '0955-2359; 1477-4674'
    """
    texts = (text for value in values for text in re.split(r"[;\n\r]", value or ""))
    parts = (part for text in texts for part in _issns(text))
    return many_in_one(re.sub(r"\s*\([^)]*\)\s*$", "", part) for part in parts)
