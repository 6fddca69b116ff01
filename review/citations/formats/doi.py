"""DOIs in one form, whatever the source makes of them.

A DOI is a prefix ``10.`` with a number, a slash, and a suffix that may hold any printed character
(ISO 26324; DOI Handbook 2.2), brackets, semicolons and, in the SICI form of the years before 2004,
``<`` and ``>`` among them. Letters count alike in either case (Handbook 2.4).
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import unquote

_DOI: Final = re.compile(r"(?<![\d.])10\.\d{4,9}(?:\.\d+)*/+[^\s\"]+", re.IGNORECASE)
"""Crossref's pattern for DOIs, without the spaces and quotes that end one in running text
(https://www.crossref.org/blog/dois-and-matching-regular-expressions/)."""

_LABEL: Final = re.compile(
    r"(?:\s|https?://|(?:dx\.|www\.)?doi\.org/|doi(?:\.org)?\s*[:=/]?)*", re.IGNORECASE
)
_SICI: Final = re.compile(
    r"10\.\d{4,9}/(?:(?!10\.\d{4})[^\"]){4,160}?\d\.\d\.co\s?;\s?\d(?:-[\w#@%*+])?", re.IGNORECASE
)
"""A Serial Item and Contribution Identifier (ANSI/NISO Z39.56) and BioOne's short form of it: what
spaces a source puts into them belong to none (``024 [ 0126:TMORIT]2.0.CO;2``)."""

_ANGLES: Final = re.compile(r"<[^<>\s/]*:[^<>\s]*>")
"""The part of a SICI that stands in angle brackets; any other ``<`` begins a tag of HTML."""

_NEXT: Final = re.compile(
    r"[;,|](?=(?:doi|https?|10\.\d{4}|pmid|pmc\d))|(?<=\w)(?=https?://|pmid:)|\.(?=epub$)"
    r"|;jsessionid=|[。，；：、（）【】《》“”]",
    re.IGNORECASE,
)
"""What stands between several DOIs or other identifiers in one value."""

_SPACED: Final = re.compile(r"(10\.)(\d{4,9})\s?/\s?(\S+)\s*$")
"""A DOI with spaces around its slash, and nothing behind it."""

_VERSION: Final = re.compile(r"(10\.1101/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8})v\d+\b.*$", re.DOTALL)
"""bioRxiv's and medRxiv's addresses name a version behind the DOI."""

_SICI_END: Final = re.compile(r"\.co;\d-[\w#@%*+]$", re.IGNORECASE)

_ASKED: Final = re.compile(r"\?[a-z_]+=|[&?](?:[a-z_.]+=|amp;)|#[a-z][\w-]*$", re.IGNORECASE)
"""What an address asks for beside the DOI: ``?via=ihub``, ``&rft.date=``, ``#abstract``."""

_VIEW: Final = re.compile(
    r"(?:/(?:full|abstract|pdf|epdf|fulltext|summary|references|full/html)|\[(?:doi|pii)\]"
    r"|\.(?:pdf(?:\+html)?|full|long|abstract|short)(?:\.pdf(?:\+html)?)?)$",
    re.IGNORECASE,
)
"""Pages of a publisher about the work, and the mark of MEDLINE."""

_DASHES: Final = str.maketrans(
    dict.fromkeys("‐‑‒–−", "-") | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad")
)
_TEXT_END: Final = ".,;:'’”*\\}"


def doi_in(value: str | None) -> str | None:
    """Return the DOI in `value` in lower case, without URL, label and what follows it.

    Entities and percent signs of an address are decoded, spaces within a SICI and doubled slashes
    taken away. A closing bracket belongs to a DOI only if it opens one; of several DOIs the first
    counts.

    Examples
    --------
    >>> doi_in("https://dx.doi.org/10.1016/S0140-6736(05)67158-X.")
    '10.1016/s0140-6736(05)67158-x'
    >>> doi_in("doi:10.1002/(SICI)1097(1998)17:15&lt;1661::AID-SIM968&gt;3.0.CO;2-2")
    '10.1002/(sici)1097(1998)17:15<1661::aid-sim968>3.0.co;2-2'
    >>> doi_in("10.1659/0276-4741(2004)024 [ 0126:TMORIT]2.0.CO;2")
    '10.1659/0276-4741(2004)024[0126:tmorit]2.0.co;2'
    >>> doi_in("10.1037//0022-3514.83.3.606"), doi_in("https://doi.org/10.5555/a.1?via=ihub")
    ('10.1037/0022-3514.83.3.606', '10.5555/a.1')
    >>> doi_in("not yet") is None
    True
    """
    found = _found(value)
    return None if found is None else found[0]


def is_doi(value: str | None) -> bool:
    """Whether `value` is one DOI and nothing else, as a URL or with a label or without."""
    found = _found(value)
    return found is not None and found[1]


def doi_of_url(value: str | None) -> str | None:
    """Return the DOI that an address is about: one of doi.org, ``…/doi/…`` or ``?doi=``."""
    return doi_in(value) if value and _OF_WORK.search(value) else None


_OF_WORK: Final = re.compile(
    r"doi\.org/|/doi/|[?&]_?doi=|[?&]id=doi(?::|%3a)|(?:://|www\.)\S*[/=]10\.\d{4,9}(?:/|%2f)",
    re.IGNORECASE,
)
"""Addresses that are about a DOI: of doi.org, and of publishers and proxies with it in the path."""


_ALONE: Final = re.compile(
    r"10\.(?!1101/)\d{4,9}/(?!/|.*(?://|[/.](?:full|long|abstract|short|e?pdf|fulltext|summary"
    r"|references)$|pmid:))[\w.:()/-]*\w",
    re.ASCII | re.IGNORECASE,
)
"""A DOI with nothing to take away, as nine in ten are."""


def _found(value: str | None) -> tuple[str, bool] | None:
    """Return the DOI in a value, and whether the value says nothing else."""
    if value and _ALONE.fullmatch(value):
        return value.lower(), True
    if not value or not any(sign in value for sign in ("10.", "%", "&")):
        return None
    text = _decoded(value)
    sici = _SICI.search(text)
    if sici is not None:
        joined = re.sub(r"\s+", "", sici.group())
        text = f"{text[: sici.start()]}{joined} {text[sici.end() :]}"
    found = _DOI.search(text)
    spaced = _SPACED.search(text) if found is None else None
    if spaced is not None and (label := _LABEL.match(text)) and label.end() == spaced.start():
        text = f"{text[: spaced.start()]}{''.join(spaced.groups()[:2])}/{spaced.group(3)}"
        found = _DOI.search(text)
    if found is None:
        return None
    doi = _trimmed(found.group())
    if doi is None:
        return None
    label = _LABEL.match(text)
    begins = label is not None and label.end() == found.start()
    return doi, begins and not text[found.end() :].strip()


def _decoded(value: str) -> str:
    text = value.translate(_DASHES)
    for _ in range(2):  # some sources encode what was encoded already
        if "&" in text:
            text = re.sub(r"&(#?\w{2,8});", lambda m: html.unescape(m.group()), text)
        if "\\" in text:
            text = re.sub(r"\\([_&%#()])", r"\1", text)  # LaTeX's way to write them
        if re.search(r"%[0-9A-Fa-f]{2}", text):
            text = unquote(text)
    return text


def _trimmed(text: str) -> str | None:
    """Return a DOI without what running text, HTML and addresses put behind it."""
    text = text[: _tag_at(text)]
    following = _NEXT.search(text)
    if following is not None:
        text = text[: following.start()]
    asked = _ASKED.search(text)
    if asked is not None:
        text = text[: asked.start()]
    text = _VERSION.sub(r"\1", re.sub(r"/{2,}", "/", text))
    if _SICI_END.search(text):
        return text.lower()
    before = None
    while text != before:
        before = text
        shorter = _VIEW.sub("", text)
        text = (shorter if "/" in shorter else text).rstrip(_TEXT_END).rstrip("/")
        for opening, closing in ("()", "[]", "<>", "{}"):
            if text.endswith(closing) and text.count(closing) > text.count(opening):
                text = text[:-1]
    prefix, slash, suffix = text.partition("/")
    return f"{prefix}/{suffix}".lower() if slash and suffix else None


def _tag_at(text: str) -> int:
    """Return where the first ``<`` or ``>`` stands that is no part of a SICI; else the length."""
    inside = [part.span() for part in _ANGLES.finditer(text)]
    for found in re.finditer("[<>]", text):
        if not any(start <= found.start() < end for start, end in inside):
            return found.start()
    return len(text)
