"""Small files of other programs, constructed for tests; trials and numbers are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

COLUMNS = (
    "", "study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type",
    "instrument", "time", "time_weeks", "rating", "n_arm1", "n_arm2", ".g", ".g_se",
    "event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2", "country",
)  # fmt: skip


def sample(name: str) -> Path:
    """Return a published file that is kept outside the repository; skip without it."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{name} is kept outside the repository")
    return path


def trial(study: str, **cells: str) -> dict[str, str]:
    """Return one Metapsy row: cbt against care as usual on the BDI unless told otherwise."""
    return {
        "study": study, "condition_arm1": "cbt", "condition_arm2": "cau", "outcome_type": "msd",
        "instrument": "bdi", "time": "post", "time_weeks": "12", "rating": "self-reported",
        "n_arm1": "20", "n_arm2": "22", ".g": "-0.5", ".g_se": "0.31", "country": "Norway",
        **cells,
    }  # fmt: skip


def metapsy(
    rows: Sequence[Mapping[str, str]],
    *,
    columns: Sequence[str] = COLUMNS,
    delimiter: str = ",",
    comma: bool = False,
) -> bytes:
    """Return a Metapsy file of rows, numbered as R numbers them."""

    def cell(name: str, number: int, row: Mapping[str, str]) -> str:
        text = str(number) if name == "" else row.get(name, "NA")
        return '"' + (text.replace(".", ",") if comma and name in NUMBERS else text) + '"'

    lines = [delimiter.join(f'"{name}"' for name in columns)]
    lines += [
        delimiter.join(cell(name, number, row) for name in columns)
        for number, row in enumerate(rows, start=1)
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


NUMBERS = frozenset({".g", ".g_se", "time_weeks", "mean_arm1", "sd_arm1"})


def rm5(*, better: str = "Favours Drug", second: str = "", head: str = "") -> bytes:
    """Return a RevMan 5 review with one dichotomous outcome of two trials."""
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
{head}<COCHRANE_REVIEW>
<STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES>
<STUDY ID="STD-A" NAME="Åse 2001" YEAR="2001"><REFERENCE PRIMARY="YES"><AU>Åse B</AU>
<TI>A trial.</TI></REFERENCE><IDENTIFIERS><IDENTIFIER TYPE="DOI" VALUE="10.1/a"/></IDENTIFIERS>
</STUDY>
<STUDY ID="STD-B" NAME="Berg 2004" YEAR="2004"/>
</INCLUDED_STUDIES></STUDIES></STUDIES_AND_REFERENCES>
<ANALYSES_AND_DATA><COMPARISON ID="CMP-001" NO="1"><NAME>Drug or placebo</NAME>
<DICH_OUTCOME EFFECT_MEASURE="OR" EFFECT_SIZE="0.5" CHI2="0.1" METHOD="MH" RANDOM="NO"
 CI_START="0.2" CI_END="1.2" STUDIES="2" TOTALS="YES" NO="1">
<NAME>Death</NAME><GROUP_LABEL_1>Drug</GROUP_LABEL_1><GROUP_LABEL_2>Placebo</GROUP_LABEL_2>
<GRAPH_LABEL_1>{better}</GRAPH_LABEL_1><GRAPH_LABEL_2>Favours Placebo</GRAPH_LABEL_2>
<DICH_DATA STUDY_ID="STD-A" EVENTS_1="4" TOTAL_1="50" EVENTS_2="8" TOTAL_2="48" O_E="0.0"/>
<DICH_DATA STUDY_ID="STD-B" EVENTS_1="3" TOTAL_1="30" EVENTS_2="5" TOTAL_2="31" O_E="0.0"/>
{second}
</DICH_OUTCOME></COMPARISON></ANALYSES_AND_DATA></COCHRANE_REVIEW>
""".encode("iso-8859-1")
