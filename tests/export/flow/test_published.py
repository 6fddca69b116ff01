"""A published flow that does not close is rejected, and the difference is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.errors import FileError
from review.export.flow.model import FlowDoesNotCloseError
from review.export.flow.published import check_published, read_published_flow
from tests.extraction.formats.files import sample

CLOSES: dict[str, Any] = {
    "database.hits": 100,
    "additional.records": 2,
    "database.hits.duplicates.removed": 30,
    "records.screened": 72,
    "full.text.assessed.for.eligibility": 20,
    "full.text.excluded.reasons": {"Protocol": 8, "Wrong outcome": 5},
    "included": 7,
}


def written(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps({**CLOSES, **{k.replace("_", "."): v for k, v in changes.items()}}))
    return path


def test_both_readings_of_duplicates_removed_close(tmp_path: Path) -> None:
    removed = read_published_flow(written(tmp_path))
    assert (removed.closes, removed.notes) == (True, ())
    left = read_published_flow(
        written(tmp_path, database_hits_duplicates_removed=70, records_screened=72)
    )
    assert left.closes
    assert "is read as the 70 records that were left" in left.notes[0]
    check_published(left)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"included": 9}, "7 is not 9 (difference -2)"),
        ({"records_screened": 50}, "72 is not 50 (difference 22)"),
        ({"full_text_assessed_for_eligibility": 90, "included": 77}, "90 is not 72"),
    ],
)
def test_a_difference_is_named(tmp_path: Path, changes: dict[str, int], words: str) -> None:
    flow = read_published_flow(written(tmp_path, **changes))
    with pytest.raises(FlowDoesNotCloseError) as caught:
        check_published(flow)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "not an object"),
        ("{", "not JSON"),
        ('{"included": 1.5}', "1.5 is not a count"),
        ("{}", "missing"),
        ('{"full.text.excluded.reasons": 3}', "reasons and counts"),
    ],
)
def test_what_is_no_flow_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "flow.json"
    path.write_text(content)
    with pytest.raises(FileError, match=words):
        read_published_flow(path)


def test_the_published_counts_are_rejected(cli: Callable[..., Result]) -> None:
    """suicide-psyctr 23.1.1: 1131 assessed, 817 excluded, 153 included."""
    file = sample("metapsy/suicide-psyctr_v23.1.1_search_flow.json")
    ran = cli("flow", "check", file, "--json", status=1)
    found = json.loads(ran.stdout)
    assert found["closes"] is False
    assert [i["difference"] for i in found["identities"]] == [0, 161]
    assert "314 is not 153 (difference 161)" in ran.stderr
    assert "difference -954" in ran.stderr
