"""Citation files of an invented review: every record says that it is synthetic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

TRIALS: Final = 8
"""Of as many invented trials there is a main report; they are the first records."""
FIRST_SEARCH: Final = 60
SECOND_SEARCH: Final = 24

_WHO: Final = ("adults", "students", "older adults", "veterans", "parents of young children")
_WHAT: Final = (
    "cognitive behavioural therapy for panic disorder",
    "applied relaxation for generalised anxiety",
    "exposure therapy for agoraphobia",
    "interpersonal therapy for depression",
    "psychoeducation for social anxiety",
    "acceptance and commitment therapy for health anxiety",
    "mindfulness training for stress",
)
_HOW: Final = (
    "a qualitative study of therapists' views", "a cohort study", "a study protocol",
    "a survey of clinics", "a case series", "a feasibility trial without controls",
)  # fmt: skip
_AUTHORS: Final = ("Placeholder, A.", "Sample, B.", "Specimen, C.", "Example, D.", "Mockup, E.")


def title_of(number: int) -> str:
    """Return the title of the record of a number, from 1."""
    if number <= TRIALS:
        return (
            f"Synthetic trial {number:02d}: cognitive behavioural therapy for panic disorder by "
            f"video or face to face in {_WHO[number % len(_WHO)]}"
        )
    if number <= TRIALS + 2:
        return (
            f"Synthetic trial {number - TRIALS:02d}: working alliance and one-year course in a "
            "randomised trial of video sessions"
        )
    what, who = _WHAT[number % len(_WHAT)], _WHO[number // len(_WHAT) % len(_WHO)]
    return f"Synthetic record {number:03d}: {what} in {who}, {_HOW[number % len(_HOW)]}"


def label_of(number: int) -> str:
    """Return what a trial is called."""
    return f"Synthetic {number:02d}"


def report_of(number: int, quotes: Iterable[str]) -> list[str]:
    """Return the lines of an invented report; those of trials hold what is to be extracted."""
    return [
        "SYNTHETIC REPORT, made for demonstration. No trial or person in it is real.", "",
        title_of(number)[:80], title_of(number)[80:], "", *quotes,
    ]  # fmt: skip


def _entry(number: int, *, doi: bool = True, slip: bool = False) -> str:
    title = title_of(number)
    if slip:  # as another database has it: cut short, and another year
        title = title.replace(" by video or face to face", "").replace(
            "cognitive behavioural", "CB"
        )
    author = _AUTHORS[number % len(_AUTHORS)]
    second = _AUTHORS[(number + 2) % len(_AUTHORS)]
    trial = number <= TRIALS + 2
    lines = [
        "TY  - JOUR",
        f"TI  - {title}",
        f"AU  - {author}",
        f"AU  - {second}",
        f"PY  - {2014 + (number if number <= TRIALS else number % 9) + slip}",
        "JO  - Journal of Invented Trials",
        f"VL  - {number % 12 + 1}",
        f"SP  - {100 + 9 * number}",
        f"EP  - {106 + 9 * number}",
        "AB  - Synthetic abstract, for demonstration; nobody took part in it. "
        + (
            "Patients with panic disorder were randomised to treatment by video or face to face. "
            "Severity was measured with the Panic Disorder Severity Scale after treatment. "
            f"Registration SYN-{number if number <= TRIALS else number - TRIALS:05d}."
            if trial
            else f"This invented report describes {_WHAT[number % len(_WHAT)]} and has no "
            "comparison of video with face-to-face treatment."
        ),
        "KW  - synthetic",
        "KW  - demonstration",
    ]
    if doi:
        lines.append(f"DO  - 10.5555/invented.{number:03d}")
    return "\n".join([*lines, "ER  - ", "", ""])


def first_search() -> bytes:
    """Return the RIS file of the first search; one of its entries cannot be read."""
    broken = "TY  - JOUR\nKW  - synthetic\nER  - \n\n"
    return ("".join(map(_entry, range(1, FIRST_SEARCH + 1))) + broken).encode()


def second_search() -> bytes:
    """Return that of another database: copies of some, near copies of others, and new ones."""
    copies = [_entry(number) for number in (1, 2, 4, 5, 14, 22, 31)]
    near = [_entry(number, doi=False, slip=True) for number in (3, 6, 7, 8)]
    new = range(FIRST_SEARCH + 1, FIRST_SEARCH + SECOND_SEARCH - len(copies) - len(near) + 1)
    return "".join([*copies, *near, *map(_entry, new)]).encode()


def third_search() -> bytes:
    """Return that of the search brought up to date: a few records that nobody has looked at."""
    start = FIRST_SEARCH + SECOND_SEARCH
    return "".join([*map(_entry, range(start, start + 9)), _entry(25), _entry(33)]).encode()
