"""One form for identifiers, years, pages, names and lists, whatever the source writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

_DOI: Final = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"<>]+", re.IGNORECASE)
"""Crossref's pattern for DOIs, without the spaces and quotes that end one in running text
(https://www.crossref.org/blog/dois-and-matching-regular-expressions/)."""

_DOI_LABEL: Final = re.compile(
    r"\s*(?:https?://)?(?:(?:dx\.|www\.)?doi\.org/|doi(?:\.org)?\s*[:=/]?\s*)?", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_COMPACT_DATE: Final = re.compile(r"(1[5-9]\d\d|20\d\d)(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])?")
_PUBMED_URL: Final = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/)(\d{1,8})(?!\d)",
    re.IGNORECASE,
)
_PMID_LABEL: Final = re.compile(
    r"\b(?:pmid|pubmed(?:[ _-]?id)?|medline)\s*[:=]?\s*(\d{1,8})(?!\d)", re.IGNORECASE
)
_INITIALS: Final = re.compile(r"[^,]+\s[A-Z][A-Z.\- ]{0,6}(?:\s(?:Jr|Sr|[IV]+|\dnd|\drd)\.?)?")


def one_line(value: str | None) -> str | None:
    """Return `value` with runs of white space as one space; None for nothing."""
    if value is None:
        return None
    return " ".join(value.split()) or None


def first(values: Iterable[str | None]) -> str | None:
    """Return the first value that says something, on one line."""
    for value in values:
        text = one_line(value)
        if text is not None:
            return text
    return None


def doi_in(value: str | None) -> str | None:
    """Return the DOI in `value` in lower case, without URL, label and trailing punctuation.

    A DOI ends before a space, a quote or a tag; a closing bracket belongs to it only if it opens
    one. DOIs are not case-sensitive (DOI Handbook 2.4).

    Examples
    --------
    >>> doi_in("https://dx.doi.org/10.1016/S0140-6736(05)67158-X.")
    '10.1016/s0140-6736(05)67158-x'
    >>> doi_in("not yet") is None
    True
    """
    if not value or "10." not in value:
        found = _DOI.search(unquote(value)) if value and "%2F" in value.upper() else None
    else:
        found = _DOI.search(value) or _DOI.search(unquote(value))
    if found is None:
        return None
    doi = found.group()
    if "%" in doi:
        doi = unquote(doi)
    while doi and (
        doi[-1] in ".,;:'}\\"
        or (doi[-1] == ")" and doi.count(")") > doi.count("("))
        or (doi[-1] == "]" and doi.count("]") > doi.count("["))
    ):
        doi = doi[:-1]
    return doi.lower() if not doi.endswith("/") else None


def is_doi(value: str | None) -> bool:
    """Whether `value` is one DOI and nothing else, as a URL or with a label or without."""
    if not value:
        return False
    rest = _DOI_LABEL.sub("", value, count=1).strip()
    return _DOI.fullmatch(rest) is not None


def pmid_in(value: str | None) -> str | None:
    """Return the PMID in a PubMed address or after a label such as ``PMID:``; else None."""
    if not value:
        return None
    found = _PUBMED_URL.search(value) or _PMID_LABEL.search(value)
    return found.group(1).lstrip("0") or None if found else None


def is_pmid(value: str | None) -> bool:
    """Whether `value` is nothing but 1 to 8 digits."""
    return value is not None and 1 <= len(value) <= 8 and value.isascii() and value.isdigit()


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
    year: int | None = None
    remarks: list[str] = []
    for value in values:
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


def authors_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return names, one each, from fields that may each hold several.

    Semicolons, line ends, ``|`` and `` and `` separate names. A comma does only where all parts
    look like ``Smith J``, for in ``Smith, John`` it does not.
    """
    names: list[str] = []
    for value in values:
        if not value:
            continue
        names.extend(name for part in _name_parts(value) if (name := one_line(part)))
    return tuple(name.rstrip(",; ") for name in names if name.strip(",;. "))


_GROUP: Final = re.compile(
    r"\b(?:group|study|trial|consortium|committee|collaborat\w+|network|investigators|society|"
    r"association|institute|cent(?:er|re)|department|ministry|team|council|organi[sz]ation)\b",
    re.IGNORECASE,
)
"""Words of the names of groups, in which "and" separates nothing."""


def _name_parts(value: str) -> list[str]:
    for separator in (";", "\n", "|"):
        if separator in value:
            return value.split(separator)
    if " and " in value and _GROUP.search(value) is None:
        return [piece for part in value.split(" and ") for piece in _name_parts(part)]
    if value.count(",") >= 1:
        parts = [part.strip().rstrip(".") for part in value.split(",")]
        if len(parts) > 1 and all(_INITIALS.fullmatch(part) for part in parts):
            return parts
    return [value]


def keywords_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return keywords, one each and each once, in order."""
    found: dict[str, None] = {}
    for value in values:
        for part in re.split(r"[;\n\r|]", value or ""):
            word = one_line(part)
            if word:
                found[word] = None
    return tuple(found)


def many_in_one(values: Iterable[str | None], separator: str = "; ") -> str | None:
    """Return the different values joined, such as the two ISSNs of a journal."""
    found = dict.fromkeys(text for value in values if (text := one_line(value)))
    return separator.join(found) or None


def issn_of(values: Iterable[str | None]) -> str | None:
    """Return the different ISSNs and ISBNs, without remarks such as ``(Print)``.

    Examples
    --------
    >>> issn_of(["0955-2359 (Print)", "0955-2359 (Linking)", "1477-4674"])
    '0955-2359; 1477-4674'
    """
    parts = (part for value in values for part in re.split(r"[;\n\r]", value or ""))
    return many_in_one(re.sub(r"\s*\([^)]*\)\s*$", "", part) for part in parts)
