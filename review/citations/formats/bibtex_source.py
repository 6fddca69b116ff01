"""The source text of BibTeX files: where entries begin and end, and slips that can be mended.

Programs write BibTeX that its grammar does not allow: entries without a key, fields without the
comma between them, an ``@`` at the start of a line within an abstract. What is mended here keeps
its line, and is remarked on where it could have been meant otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

_START: Final = re.compile(r"^[ \t]*@[ \t]*([A-Za-z]+)[ \t]*([{(])", re.MULTILINE)
_START_BEHIND: Final = re.compile(r"[ \t,]*@[ \t]*([A-Za-z]+)[ \t]*([{(])")
"""An entry that begins in the line in which the one before ends."""
_TYPES: Final = frozenset(re.findall(r"\w+", """
    article artwork audio bibnote book bookinbook booklet collection commentary conference dataset
    electronic image inbook incollection inproceedings inreference jurisdiction legal legislation
    letter manual mastersthesis misc movie music mvbook mvcollection mvproceedings mvreference
    online patent performance periodical phdthesis preprint proceedings reference report review
    software standard suppbook suppcollection suppperiodical techreport thesis unpublished video www
"""))  # fmt: skip
"""Types of entries of BibTeX and biblatex."""

_NO_ENTRY: Final = frozenset({"string", "comment", "preamble"})
_KEY_AND_COMMA: Final = re.compile(r"[ \t]*[^\s{}=,\"]*[ \t]*(?:,|$)")
_FIELD: Final = re.compile(r"\s*[A-Za-z][\w-]*\s*=\s*[{\"\w]")
_NO_COMMA: Final = re.compile(r"([}\"])[ \t]*(?=\n[ \t]*[A-Za-z][\w-]*[ \t]*=[ \t]*[{\"\w])")
_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)

AT: Final = "\ue000"
"""Stands before an ``@`` that begins no entry, so that the parser does not take it for one."""


@dataclass(frozen=True, slots=True)
class Source:
    """An entry as the file has it, as the parser gets it, and what was mended."""

    line: int
    raw: str
    mended: str
    remarks: tuple[str, ...] = ()


def sources(text: str) -> Iterator[Source | str]:
    """Yield entries and, as plain text, what stands between them, in order and without a gap."""
    place = line = 0
    for start, end in _spans(text):
        between = text[place:start]
        if between:
            yield between
        line += between.count("\n")
        raw = text[start:end]
        yield _mended(raw, line + 1, last=end == len(text))
        line += raw.count("\n")
        place = end
    if place < len(text):
        yield text[place:]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where entries, strings, comments and preambles begin and end."""
    sure, place = _Starts(text), 0
    while found := (_START_BEHIND.match(text, place) if place else None) or _START.search(
        text, place
    ):
        start = found.end() - len(found.group().lstrip(" \t,"))
        if found.group(2) == "(":
            end = _closing_parenthesis(text, found.end(), sure)
            if end is None:
                following = _START.search(text, found.end())
                end = following.start() if following else len(text)
        else:
            end = _end(text, found.end(), sure)
        yield start, end
        place = end


class _Starts:
    """Where lines of a text begin an entry, found in one pass over it."""

    def __init__(self, text: str) -> None:
        self.all: list[int] = []
        self.sure: list[int] = []
        """Those beyond doubt: a type that there is, and a key."""
        for found in _START.finditer(text):
            self.all.append(found.start())
            if found.group(1).lower() not in _TYPES:
                continue
            rest_ends = text.find("\n", found.end())
            rest = text[found.end() : rest_ends if rest_ends >= 0 else len(text)]
            if _KEY_AND_COMMA.fullmatch(rest.rstrip()) or "=" in rest:
                self.sure.append(found.start())

    def after(self, place: int) -> int | None:
        """Return the next sure one from a place on."""
        at = bisect_left(self.sure, place)
        return self.sure[at] if at < len(self.sure) else None

    def limit(self, place: int) -> int | None:
        """Return how far an entry in parentheses may go: to the next sure one, or over some that
        are not, so that thousands that nobody closes are not each looked for to the end.
        """  # noqa: D205 -- one rule, whose reason is half of it
        at = bisect_left(self.all, place) + _PASSED_OVER
        ends = (self.after(place), self.all[at] if at < len(self.all) else None)
        return min((end for end in ends if end is not None), default=None)


_PASSED_OVER: Final = 20
"""Lines that look as if they began an entry, within an entry in parentheses."""


def _end(text: str, place: int, sure: _Starts) -> int:
    """Return where an entry ends: behind its closing brace, or where the next one surely begins."""
    depth = 1
    following = sure.after(place)
    for brace in _BRACE.finditer(text, place):
        if following is not None and brace.start() > following:
            break
        depth += (brace.group() == "{") - (brace.group() == "}")
        if depth == 0:
            return brace.end()
    return len(text) if following is None else following


_MARK: Final = re.compile(r"\\.|[{}()\"]", re.DOTALL)


def _closing_parenthesis(text: str, place: int, sure: _Starts) -> int | None:
    """Return where an entry in parentheses ends, behind the closing one; None where none closes."""
    following = sure.limit(place)
    depth, opened, quoted = 0, 1, False
    for mark in _MARK.finditer(text, place, len(text) if following is None else following):
        sign = mark.group()
        depth += (sign == "{") - (sign == "}")
        if sign == '"' and depth == 0:
            quoted = not quoted
        elif depth == 0 and not quoted:
            opened += (sign == "(") - (sign == ")")
            if opened == 0:
                return mark.end()
    return None


def _mended(raw: str, line: int, *, last: bool) -> Source:
    remarks: list[str] = []
    head = _START.match(raw)
    assert head is not None
    closed = _closing_parenthesis(raw, head.end(), _Starts(raw)) if head.group(2) == "(" else None
    if closed is not None:
        inside = raw[head.end() : closed - 1]
        braced = f"{raw[: head.end() - 1]}{{{inside}}}{raw[closed:]}"
        return replace(_mended(braced, line, last=last), raw=raw)
    if head.group(1).lower() in _NO_ENTRY:
        return Source(line, raw, raw)
    body = raw[head.end() :]
    if _FIELD.match(body) or re.match(r"\s*,", body):
        body = f"record{line}," + re.sub(r"^(\s*),", r"\1", body)
    spaced = re.match(r"\s*([^\s{}=,\"][^{}=,\"\n]*\s[^{}=,\"\n]*),", body)
    if spaced:
        body = (
            spaced.group().replace(spaced.group(1), "-".join(spaced.group(1).split()))
            + body[spaced.end() :]
        )
    body = _with_commas(body, remarks)
    body = re.sub(r"(^[ \t]*)@", rf"\1{AT}@", body, flags=re.MULTILINE)
    depth = 1
    for brace in _BRACE.finditer(body):
        depth += (brace.group() == "{") - (brace.group() == "}")
    whole = depth == 1 and body.rstrip().endswith(("}", '"', ","))
    if depth > 0 and (whole or not last):  # the last one may have been cut off
        remarks.append("a closing brace is missing")
        stripped = body.rstrip()
        body = stripped + "}" * depth + body[len(stripped) :]
    begins = f"@{head.group(1)}{head.group(2)}"
    return Source(line, raw, begins + body, tuple(remarks))


def lost_starts(between: str) -> Iterator[tuple[int, str]]:
    """Yield lines of a text between entries that name a type of entry, from 0, and what they say.

    They are comments, or entries that were damaged where they begin.
    """
    for number, line in enumerate(between.split("\n")):
        if any(kind.lower() in _TYPES for kind in re.findall(r"@[ \t]*([A-Za-z]+)", line)):
            yield number, line.strip()


def _with_commas(body: str, remarks: list[str]) -> str:
    """Put the commas that are missing between fields, at the depth where fields stand."""
    parts, place = [], 0
    for found in _NO_COMMA.finditer(body):
        depth = 1
        for brace in _BRACE.finditer(body, 0, found.end(1)):
            depth += (brace.group() == "{") - (brace.group() == "}")
        quotes = body.count('"', 0, found.end(1))
        if depth != 1 or (found.group(1) == '"' and quotes % 2):
            continue
        parts.append(body[place : found.end(1)] + ",")
        place = found.end(1)
        name = re.match(r"\s*([\w-]+)", body[place:])
        remarks.append(f"a comma was put before {name.group(1) if name else 'a field'}")
    return "".join([*parts, body[place:]])
