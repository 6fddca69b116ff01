"""RevMan 5 reviews (``.rm5``): the rows of their analyses, read from XML that is not trusted."""

from __future__ import annotations

from typing import Final, cast

from lxml import etree

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.formats.cochrane import KEY
from review.extraction.formats.source import (
    NUMBER,
    SourceRow,
    SourceTable,
    StatedPool,
)
from review.extraction.formats.table import given
from review.extraction.vocabulary import Format

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ELEMENTS: Final = 1_000_000
MAX_ATTRIBUTES: Final = 200
"""Of one element; RevMan's largest have about forty."""

_TYPES: Final = {
    "DICH_DATA": "DICH", "CONT_DATA": "CONT", "IV_DATA": "IV", "IPD_DATA": "IPD",
    "OTHER_DATA": "OTHER",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "EVENTS_1": "events_1", "EVENTS_2": "events_2", "TOTAL_1": "total_1", "TOTAL_2": "total_2",
    "MEAN_1": "mean_1", "MEAN_2": "mean_2", "SD_1": "sd_1", "SD_2": "sd_2",
    "O_E": "o_e", "ESTIMABLE": "estimable", "ORDER": "order",
    "WEIGHT": "weight", "EFFECT_SIZE": "effect",
    "CI_START": "effect_ci_low", "CI_END": "effect_ci_high",
}  # fmt: skip


def read_revman(data: bytes, *, file: str, sheet: str | None = None) -> SourceTable:
    """Read the data of an ``.rm5`` file; raise FileError with every problem, by line.

    Risk of bias, text and references without data are left where they are. Entity declarations,
    more than 64 MiB, a million elements or 200 attributes on one are refused.
    """
    if sheet is not None:
        raise FileError(file, [Problem(None, None, "a RevMan file has no sheets")])
    root = _tree(data, file)
    studies = {s.get("ID", ""): s for s in root.iter("STUDY")}
    rows: list[SourceRow] = []
    problems: list[Problem] = []
    pools: list[StatedPool] = []
    for comparison in root.iter("COMPARISON"):
        for outcome in comparison:
            if not isinstance(outcome.tag, str) or not outcome.tag.endswith("_OUTCOME"):
                continue
            pool = _pool(comparison, outcome)
            if pool is not None:
                pools.append(pool)
            for element in outcome.iter(*_TYPES):
                study = studies.get(element.get("STUDY_ID", ""))
                if study is None:
                    reason = f"no study of the file has the id {element.get('STUDY_ID')!r}"
                    problems.append(Problem(_line(element), "STUDY_ID", reason))
                    continue
                row = _row(comparison, outcome, element, study, problems)
                rows.append(row)
    if not rows and not problems:
        problems = [Problem(None, None, "no analysis of the file holds data of a study")]
    if problems:
        raise FileError(file, problems)
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    return SourceTable(Format.REVMAN, columns, tuple(rows), tuple(pools))


def _tree(data: bytes, file: str) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise FileError(file, [Problem(None, None, "it is larger than 64 MiB")])
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        problem = Problem(error.lineno, None, f"not well-formed XML: {error.msg}")
        raise FileError(file, [problem]) from None
    except (LookupError, ValueError) as error:
        raise FileError(file, [Problem(1, None, f"not readable XML: {error}")]) from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):  # type: ignore[union-attr]
        reason = "the file declares XML entities; RevMan writes none, and it was not read"
        raise FileError(file, [Problem(None, None, reason)])
    for number, element in enumerate(root.iter(), start=1):
        if number > MAX_ELEMENTS or len(element.attrib) > MAX_ATTRIBUTES:
            reason = "more elements or attributes than a review has; it was not read"
            raise FileError(file, [Problem(_line(element), None, reason)])
    if root.tag != "COCHRANE_REVIEW":
        reason = f"the document is <{root.tag}>; a RevMan 5 file is a <COCHRANE_REVIEW>"
        raise FileError(file, [Problem(_line(root), None, reason)])
    return root


def _line(element: etree._Element) -> int:
    return cast(int, element.sourceline)


def _text(element: etree._Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())


def _row(
    comparison: etree._Element,
    outcome: etree._Element,
    element: etree._Element,
    study: etree._Element,
    problems: list[Problem],
) -> SourceRow:
    parent = element.getparent()
    within = parent is not None and parent.tag.endswith("_SUBGROUP")
    kind = _TYPES[str(element.tag)]
    line = _line(element)
    cells = {
        "study": study.get("NAME", "") or study.get("ID", ""),
        "year": study.get("YEAR", ""),
        "comparison": _text(comparison, "NAME"),
        "outcome": _text(outcome, "NAME"),
        "subgroup": _text(parent, "NAME") if within and parent is not None else "",
        "type": kind,
        "measure": outcome.get("EFFECT_MEASURE", ""),
        "method": outcome.get("METHOD", "IV" if kind != "DICH" else ""),
        "random": outcome.get("RANDOM", ""),
        "swap_events": outcome.get("SWAP_EVENTS", ""),
        "label_1": _text(outcome, "GROUP_LABEL_1"),
        "label_2": _text(outcome, "GROUP_LABEL_2"),
        "graph_1": _text(outcome, "GRAPH_LABEL_1"),
        "graph_2": _text(outcome, "GRAPH_LABEL_2"),
        "citation": _citation(study),
        "doi": _doi(study),
        **{name: element.get(key, "") for key, name in _ATTRIBUTES.items()},
    }
    if kind == "IV":
        cells |= {"estimate": element.get("ESTIMATE", cells["effect"]), "se": element.get("SE", "")}
    elif kind == "IPD":
        cells["variance"] = element.get("VAR", "")
    else:
        cells["effect_se"] = element.get("SE", "")
        cells["o_e"] = ""
    if kind == "OTHER":
        cells["text"] = " ".join("".join(map(str, element.itertext())).split())
    checked = _checked(cells, line, problems)
    return SourceRow(line, {name: checked.get(name, "") for name in KEY}, checked)


def _checked(cells: dict[str, str], line: int, problems: list[Problem]) -> dict[str, str]:
    checked = {}
    for name, value in cells.items():
        try:
            checked[name] = given(clean_text(value))
        except InvalidDataError as error:
            problems.append(Problem(line, name, str(error)))
            continue
        if name in _NUMERIC and checked[name] and not NUMBER.fullmatch(checked[name]):
            problems.append(Problem(line, name.upper(), f'"{value}" is not a number'))
    if not checked.get("study"):
        problems.append(Problem(line, "NAME", "the study has no name"))
    return checked


_NUMERIC: Final = frozenset(
    {"events_1", "events_2", "total_1", "total_2", "mean_1", "mean_2", "sd_1", "sd_2",
     "o_e", "variance", "estimate", "se"}
)  # fmt: skip


def _doi(study: etree._Element) -> str:
    for element in study.iter("IDENTIFIER"):
        if element.get("TYPE", "").upper() == "DOI":
            return element.get("VALUE", "")
    return ""


def _citation(study: etree._Element) -> str:
    """Return the primary reference in one line, empty where RevMan holds none."""
    references = list(study.iter("REFERENCE"))
    references.sort(key=lambda reference: reference.get("PRIMARY") != "YES")
    for reference in references:
        parts = [_text(reference, tag) for tag in ("AU", "TI", "SO", "YR")]
        if any(parts):
            return ". ".join(part.rstrip(".") for part in parts if part)
    return ""


def _pool(comparison: etree._Element, outcome: etree._Element) -> StatedPool | None:
    """Return the pooled line that the file states; None where RevMan was told to print none."""

    def number(name: str) -> float | None:
        text = outcome.get(name, "")
        return float(text) if NUMBER.fullmatch(text) else None

    estimate = number("EFFECT_SIZE")
    totals = outcome.get("TOTALS", "YES")
    if estimate is None or totals != "YES" or outcome.get("ESTIMABLE") == "NO":
        return None
    studies = number("STUDIES")
    return StatedPool(
        comparison=_text(comparison, "NAME"),
        outcome=_text(outcome, "NAME"),
        kind=str(outcome.tag).removesuffix("_OUTCOME"),
        measure=outcome.get("EFFECT_MEASURE", ""),
        method=outcome.get("METHOD", "IV"),
        random=outcome.get("RANDOM") == "YES",
        k=int(studies) if studies is not None else None,
        estimate=estimate,
        ci_low=number("CI_START"),
        ci_high=number("CI_END"),
        q=number("CHI2"),
        level=(number("CI_TOTAL") or 95) / 100,
    )
