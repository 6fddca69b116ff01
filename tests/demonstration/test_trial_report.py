"""The report to try the entering page with: always the same, and it says that it is invented."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from review.demonstration.trial_report import FIRST_PAGE, trial_report

EXAMPLE = Path(__file__).parents[2] / "examples" / "invented-trial.pdf"


def test_the_example_is_what_the_program_makes() -> None:
    assert EXAMPLE.read_bytes() == trial_report() == trial_report()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads the text back")
def test_its_text_can_be_selected_and_every_page_says_that_it_is_invented() -> None:
    text = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(EXAMPLE), "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pages = text.rstrip("\f").split("\f")
    assert len(pages) == 2
    for place, page in enumerate(pages):
        assert "INVENTED TRIAL" in page
        assert str(FIRST_PAGE + place) in page
    plain = re.sub(r"\s+", " ", text)
    assert "5.6 (0.9) and 5.8 (0.8), n = 50 and 49" in plain
    assert "−0.20 [−0.54, 0.14]" in plain
