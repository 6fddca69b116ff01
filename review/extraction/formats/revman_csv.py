"""RevMan's analyses as CSV: RevMan Web's data rows, and the analysis data of RevMan 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from review.errors import FileError, Problem
from review.extraction.formats.cochrane import KEY, USED
from review.extraction.formats.source import (
    NUMBER,
    SourceRow,
    SourceTable,
    StatedPool,
)
from review.extraction.formats.table import read_table
from review.extraction.vocabulary import Format
from review.tabular.table import Table

WEB: Final = {
    "study": "study", "study year": "year", "analysis group": "comparison number",
    "analysis number": "outcome number", "analysis name": "outcome", "comparison": "comparison",
    "comparison name": "comparison", "analysis group name": "comparison", "outcome": "outcome",
    "subgroup": "subgroup", "subgroup name": "subgroup",
    "experimental mean": "mean_1", "experimental sd": "sd_1", "experimental cases": "events_1",
    "experimental n": "total_1", "control mean": "mean_2", "control sd": "sd_2",
    "control cases": "events_2", "control n": "total_2",
    "o-e": "o_e", "variance": "variance", "giv mean": "estimate", "giv se": "se",
    "weight": "weight", "mean": "effect", "ci start": "effect_ci_low", "ci end": "effect_ci_high",
    "effect measure": "measure", "statistical method": "method",
    "experimental group": "label_1", "control group": "label_2",
}  # fmt: skip
"""RevMan Web's names; some versions leave out the names of groups and comparisons."""

REVMAN5: Final = {
    "name": "study", "year of study": "year", "comparison number": "comparison number",
    "outcome number": "outcome number", "subgroup number": "subgroup number",
    "data type": "data type", "statistical method": "method", "effect measure": "measure",
    "analysis model": "model", "events 1": "events_1", "mean 1": "mean_1", "sd 1": "sd_1",
    "total 1": "total_1", "events 2": "events_2", "mean 2": "mean_2", "sd 2": "sd_2",
    "total 2": "total_2", "o-e": "o_e", "variance": "variance", "effect estimate": "effect",
    "se": "effect_se", "ci start": "effect_ci_low", "ci end": "effect_ci_high",
    "weight": "weight", "q": "q", "group label 1": "label_1", "group label 2": "label_2",
    "left graph label": "graph_1", "right graph label": "graph_2",
}  # fmt: skip

_TYPES: Final = {"DIC": "DICH", "CON": "CONT", "GIV": "IV", "IV": "IV", "IPD": "IPD"}


def read_revman_csv(data: bytes, *, file: str, sheet: str | None = None) -> SourceTable:
    """Read either layout, told by its header; raise FileError with every problem."""
    plain = re.sub(rb"[._]", b" ", data[: data.find(b"\n") + 1].lower())
    web = b"comparison number" not in plain
    required = [("study",)] if web else [("comparison number",), ("outcome number",), ("name",)]
    names = WEB if web else REVMAN5
    used = [old for old, new in names.items() if new in USED]
    numeric = {re.sub(r"[ -]", sign, old) for old in used for sign in " ._-"} | set(used)
    table = read_table(data, file=file, required=required, numeric=numeric, sheet=sheet)
    spaced = {re.sub(r"[._-]", " ", old): new for old, new in names.items()}
    renamed = {c: spaced.get(re.sub(r"[._-]", " ", c), c) for c in table.columns}
    rows, pools = _web(table, renamed) if web else _revman5(table, renamed)
    rows = [row for row in rows if row.cells["type"]]
    if not rows:
        raise FileError(file, [Problem(None, None, "no row of the file holds data of a study")])
    columns = tuple(dict.fromkeys(renamed.values()))
    return SourceTable(Format.REVMAN_WEB, columns, tuple(rows), tuple(pools), table.remarks)


def _web(table: Table, renamed: Mapping[str, str]) -> tuple[list[SourceRow], list[StatedPool]]:
    rows = []
    for line in table.lines:
        cells = {renamed[name]: value for name, value in line.cells.items()}
        number = cells.get("comparison number", "")
        cells["comparison"] = cells.get("comparison") or (f"Comparison {number}" if number else "")
        cells["outcome"] = cells.get("outcome") or f"Analysis {cells.get('outcome number', '')}"
        cells["type"] = _kind(cells)
        rows.append(SourceRow(line.line, {name: cells.get(name, "") for name in KEY}, cells))
    return rows, []


def _kind(cells: Mapping[str, str]) -> str:
    """Return what kind of data a row of RevMan Web holds: it fills the others with blanks or 0."""

    def some(*names: str) -> bool:
        return any(_number(cells.get(name, "")) for name in names)

    if some("estimate") or (some("se") and cells.get("estimate")):
        return "IV"
    if some("o_e", "variance"):
        return "IPD"
    if some("sd_1", "sd_2", "mean_1", "mean_2"):
        return "CONT"
    return "DICH" if cells.get("events_1") and cells.get("events_2") else ""


def _number(text: str) -> float:
    return float(text) if NUMBER.fullmatch(text) else 0.0


def _revman5(table: Table, renamed: Mapping[str, str]) -> tuple[list[SourceRow], list[StatedPool]]:
    """Return the rows of trials; those of comparisons, outcomes and subgroups name what follows."""
    rows: list[SourceRow] = []
    pools: list[StatedPool] = []
    heads: dict[tuple[str, str, str], dict[str, str]] = {}
    for line in table.lines:
        cells = {renamed[name]: value for name, value in line.cells.items()}
        one, two, three = (
            cells.get(f"{level} number") or "0" for level in ("comparison", "outcome", "subgroup")
        )
        if (one, two, three) not in heads:
            heads[one, two, three] = cells
            if two != "0" and three == "0":
                pools += _pool(heads.get((one, "0", "0"), {}), cells)
            continue
        outcome = heads.get((one, two, "0"), {})
        inherited = {n: outcome.get(n, "") for n in _INHERITED}
        cells |= {
            **inherited,
            "comparison": heads.get((one, "0", "0"), {}).get("study", f"Comparison {one}"),
            "outcome": outcome.get("study", ""),
            "subgroup": heads[one, two, three].get("study", "") if three != "0" else "",
            "type": _TYPES.get(outcome.get("data type", "")[:3].upper(), ""),
        }
        if cells["type"] == "IV":
            cells |= {"estimate": cells.get("effect", ""), "se": cells.get("effect_se", "")}
        rows.append(SourceRow(line.line, {name: cells.get(name, "") for name in KEY}, cells))
    return rows, pools


_INHERITED: Final = ("method", "measure", "model", "label_1", "label_2", "graph_1", "graph_2")


def _pool(comparison: Mapping[str, str], outcome: Mapping[str, str]) -> list[StatedPool]:
    def number(name: str) -> float | None:
        text = outcome.get(name, "")
        return float(text) if NUMBER.fullmatch(text) else None

    estimate = number("effect")
    if estimate is None:
        return []
    return [
        StatedPool(
            comparison=comparison.get("study", ""),
            outcome=outcome.get("study", ""),
            kind=_TYPES.get(outcome.get("data type", "")[:3].upper(), ""),
            measure=outcome.get("measure", ""),
            method=outcome.get("method", ""),
            random=outcome.get("model", "").lower().startswith("random"),
            k=None,
            estimate=estimate,
            ci_low=number("effect_ci_low"),
            ci_high=number("effect_ci_high"),
            q=number("q"),
        )
    ]
