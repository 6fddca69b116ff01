"""Lines of RIS: tags, what begins and ends an entry, and text that looks like a tag."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from review.citations.formats.tagged import Block, reads_on

_TAG: Final = re.compile(r"([A-Z][A-Z0-9])  ?-(?:[ \t](.*)|$|(?=\S)(.*))")
"""Two characters, one or two spaces, a hyphen; the space after it is missing in some files."""

STRICT: Final = re.compile(r"[A-Z][A-Z0-9]  -")
START: Final = re.compile(r"\s{0,3}TY {0,3}-\s*(.*?)\s*$")
END: Final = re.compile(r"\s{0,3}ER {0,3}-\s*$")
BARE_END: Final = re.compile(r"ER[ \t]*$")
_END_WITH_TEXT: Final = re.compile(r"\s{0,3}ER {1,3}-\s+(\S.*)$")

TYPES: Final = frozenset(re.findall(r"\w+", """
    ABST ADVS AGGR ANCIENT ART BILL BLOG BOOK CASE CHAP CHART CLSWK COMP CONF CPAPER CTLG DATA DBASE
    DICT EBOOK ECHAP EDBOOK EJOUR ELEC ENCYC EQUA FIGURE GEN GOVDOC GRANT HEAR ICOMM INPR INTV JFULL
    JOUR LEGAL MANSCPT MAP MGZN MPCT MULTI MUSIC NEWS PAMP PAT PCOMM POD PRESS RPRT SER SLIDE SOUND
    STAND STAT STD THES UNBILL UNPB UNPD VIDEO WEB
"""))  # fmt: skip
"""Types of reference, of the specifications of 2001 and 2011 and of EndNote."""

_LOOSE: Final = frozenset(re.findall(r"\w\w", """
    A1 A2 A3 AB AD AN AU C1 C2 CY DA DB DO DP ED EP ET ID IS JA JF JO KW LA LK M1 M3 N1 N2
    PB PY RN SE SN SP ST T1 T2 T3 TI UR VL VO Y1 Y2
"""))  # fmt: skip
"""Tags that are taken with one space too; a wrapped line that begins ``CT - guided`` is text."""

TEXTS: Final = frozenset({"AB", "N2", "N1"})
"""Tags of running text, which some programs wrap without indenting it: a line of it may begin like
a tag (``AD - Alzheimer disease``)."""

LISTS: Final = ("KW", "DE")
"""Tags of keywords: several, in small letters, often a line each."""

_NAMES: Final = ("AU", "A1", "A2", "A3", "ED")
_SENTENCES: Final = ("N1", "N2", "TI", "T1")
"""Tags whose own values go on in small letters."""

_SENTENCE: Final = 4
"""Words from which a value may be the rest of a sentence; ``LA  - eng`` is none."""

_WIDE: Final = 65
"""Characters of a line that may have been wrapped; a shorter one was ended."""

_SHORT: Final = frozenset({"AU", "A1", "A2", "ED", "IS", "VL", "SP", "EP", "PY", "Y1", "SN", "LA"})
"""Tags whose values are never wrapped."""

_ONCE: Final = _SHORT | {"TI", "T1", "JO", "JF", "JA", "CY", "PB", "SE", "ET"}
"""Tags that stand in one place of a record."""

_VALUES: Final[Mapping[str, re.Pattern[str]]] = {
    "DO": re.compile(r".*10\.\d{4}"),
    "UR": re.compile(r"\S*(?:://|www\.)\S*"),
    "L2": re.compile(r"\S*(?:://|www\.)\S*"),
    "PY": re.compile(r"\D{0,12}(?:1[5-9]|20)\d\d"),
    "Y1": re.compile(r"\D{0,12}(?:1[5-9]|20)\d\d"),
    "SN": re.compile(r"[\dXx(-][\dXx ();-]{6,}"),
    "VL": re.compile(r"\S{1,20}( \S{1,20})?$"),
    "IS": re.compile(r"\S{1,20}( \S{1,20})?$"),
    "SP": re.compile(r"\S{0,8}\d\S{0,12}$"),
    "EP": re.compile(r"\S{0,8}\d\S{0,12}$"),
}
"""What the values of some tags look like; wrapped text that begins like the tag does not."""


def type_of(line: str, block: Block | None, following: str) -> str | None:
    """Return what a line that begins an entry says of its type; None for any other line.

    Within the running text of an entry (`block`) that has not ended, only a type that there is, or
    a line that a tag follows, begins the next: "TY - typhoid" in an abstract does not.
    """
    if "TY" not in line[:5]:
        return None
    found = START.match(line)
    if found is None:
        return None
    kind = found.group(1)
    if block is None or block.last not in TEXTS or kind.upper() in TYPES:
        return kind
    if STRICT.match(line.lstrip()) is None or tag_of(following) is None or block.wrapped:
        return None
    return kind


def is_text(
    block: Block, tag: tuple[str, str], line: str, following: str, *, loose: bool
) -> tuple[bool, bool]:
    """Return whether a line like a tag goes on with the text before it, and if that is a doubt.

    What speaks for text: one space before the hyphen in a record that writes two; a value that the
    tag cannot have; a tag that had its place before, or that a line without a tag goes on with,
    while the text is wrapped; a sentence that goes on in small letters. Text whose lines are
    indented is none at the margin.
    """
    name, value = tag
    if block.wrapped and block.indented and line[:1] not in " \t":
        return False, False
    pattern = _VALUES.get(name)
    fits = None if pattern is None else pattern.match(value) is not None
    goes_on = (
        bool(following.strip())
        and tag_of(following, loose=loose) is None
        and END.match(following) is None
    )
    if not loose and STRICT.match(line.lstrip()) is None:
        if fits or (name in LISTS and not block.wrapped and not goes_on):
            return False, True
        return True, True
    if not block.wrapped and not goes_on:
        return False, False
    if name == block.last or name in LISTS:
        # a part of the text, or keywords a line each, unless a sentence goes on
        reads = name != "N1" and reads_on(block.last_line, value)
        words = max(len(value.split()), len(following.split()) if goes_on else 0)
        text = reads and goes_on and words >= _SENTENCE
        return text, text
    named = name in _NAMES and not goes_on and _ONE_NAME.fullmatch(value) is not None
    misplaced = (name in _SHORT and goes_on) or (
        name in _ONCE and name in block.values and not named
    )
    sentence = fits is None and (
        (
            reads_on(block.last_line, value)
            and (goes_on or (value.endswith(".") and len(value.split()) >= _SENTENCE))
        )
        or (goes_on and name not in _SENTENCES and reads_on(block.last_line, following))
    )
    text = fits is False or misplaced or sentence
    return text, text


def tag_of(line: str, *, loose: bool = False) -> tuple[str, str] | None:
    """Return tag and value of a line; `loose` where its record writes one space everywhere."""
    found = _TAG.match(line)
    if found is None and line.startswith("DOI - "):
        return "DO", line[6:].strip()  # three letters, in exports that name the field so
    if found is None and line[:1] in (" ", "\t"):
        # Some word processors indent; only the full two-space form is taken for a tag there.
        stripped = line.lstrip()
        found = _TAG.match(stripped) if STRICT.match(stripped) else None
        line = stripped
    if found is None:
        return None
    tag = found.group(1)
    if not loose and not STRICT.match(line) and tag not in _LOOSE:
        return None
    return tag, (found.group(2) or found.group(3) or "").strip()


def end_with_text(line: str, block: Block, following: str) -> str | None:
    """Return what stands behind an ``ER`` that ends an entry; None for any other line.

    ``ER  - positive tumours`` within wrapped text ends nothing, unless the next entry follows.
    """
    found = _END_WITH_TEXT.match(line) if "ER" in line[:5] else None
    if found is None:
        return None
    said = found.group(1)
    if START.match(said) or START.match(following) or block.last not in TEXTS:
        return said
    if STRICT.match(line.lstrip()) is None or following.strip():
        return None
    return None if reads_on(block.last_line, said) else said


def separator_of(block: Block, text: str) -> str:
    """Return what stands between a value and a line without a tag that goes on with it.

    EndNote writes keywords and names a line each below one tag.
    """
    before = block.last_line
    if block.last in LISTS:
        return "\n" if len(before) < _WIDE else " "
    if block.last in _NAMES and "," in before and _LISTED_NAME.match(text):
        return "\n"
    return " "


_ONE_NAME: Final = re.compile(r"[^\W\d_a-z][^,.;:]{0,30}, ?[^\W\d_a-z][^,;:]{0,30}")
"""``Smith, John A.``: a name, wherever it stands."""

_LISTED_NAME: Final = re.compile(r"[^\W\d_][^,;]{0,40},\s*[^\W\d_]")

_ORDINARY: Final = re.compile(r"^(?:[ \t]{0,3}TY  -|TY -)(?:[ \t]|$)", re.MULTILINE)
ODD_START: Final = re.compile(
    rf"^([^\S\n]*)(ty)([^\S\n]*)([-‐‑–—−])[^\S\n]*(?:{'|'.join(sorted(TYPES))})[^\S\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that begins an entry, in whatever spelling: a type that there is follows."""


def spelling_of(text: str) -> Callable[[str], str] | None:
    r"""Return what gives a line its usual spelling; None for files that have it.

    Some programs write ``TY\t- ``, ``TY-``, ``ty  - `` or another dash, or indent all lines. All
    tags of a file are spelled as its first ``TY`` is.

    Examples
    --------
    >>> spelled = spelling_of("ty\t-jour\nti\t-Sleep\ner\t-")
    >>> spelled("ti\t-Sleep"), spelled("text")
    ('TI  - Sleep', 'text')
    """
    if _ORDINARY.search(text) is not None:
        return None
    start = ODD_START.search(text)
    if start is None:
        return None
    indent, ty, gap, dash = start.groups()
    small = "" if ty == "TY" else "(?i)"
    tags = "[A-Z][A-Z0-9]" if gap else "|".join(sorted(_LOOSE | {"TY", "ER", "L1", "L2", "J2"}))
    between = rf"[^\S\n]{{{max(1, len(gap) - 1)},{len(gap) + 1}}}" if gap else ""
    line = re.compile(rf"{small}[^\S\n]{{0,{len(indent)}}}({tags}){between}{re.escape(dash)}(.*)$")

    def spelled(written: str) -> str:
        found = line.match(written)
        if found is None:
            return written
        return f"{found.group(1).upper()}  - {found.group(2).strip()}"

    return spelled
