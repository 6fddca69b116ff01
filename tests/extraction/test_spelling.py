"""One spelling of each name: the known one, else the first of the table."""

from __future__ import annotations

from typing import Any

from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.spelling import Spelling, as_spelled


def spelled(*rows: dict[str, Any], arms: dict[str, list[str]]) -> list[ExtractionRow]:
    numbered = [NumberedRow(2, ExtractionRow.model_validate(row)) for row in rows]
    found = as_spelled(numbered, studies=arms, arms=arms, timepoints=["post"])
    return [item.row for item in found]


def test_a_name_takes_the_known_spelling_and_else_the_first_of_the_table() -> None:
    contrast = {"study": "choi  (2012)", "arm": "video", "versus_arm": "Room", "favours": "VIDEO",
                "instrument": "bdi", "timepoint": "Post"}  # fmt: skip
    later = {**contrast, "arm": "ROOM", "versus_arm": None, "favours": "Neither"}
    one, two = spelled(contrast, later, arms={"Choi (2012)": ["Video"]})
    assert (one.study, one.arm, one.versus_arm, one.favours, one.timepoint) == (
        "Choi (2012)", "Video", "Room", "Video", "post",
    )  # fmt: skip
    assert (two.arm, two.favours) == ("Room", "Neither")


def test_arms_of_two_studies_are_spelled_apart() -> None:
    rows = [{"study": "A", "arm": "Video"}, {"study": "B", "arm": "VIDEO"}]
    assert [row.arm for row in spelled(*rows, arms={})] == ["Video", "VIDEO"]


def test_two_known_names_that_are_alike_stay_two() -> None:
    names = Spelling(["Choi", "CHOI"])
    assert [names.of(name) for name in ("Choi", "CHOI", "choi")] == ["Choi", "CHOI", "Choi"]
