"""The numbers in files that a review was exported to, each with what it is of.

Files are read as readers and programs read them: cells by their headings, text by its words.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import openpyxl
from docx.table import Table

from review.figures.numbers import MINUS

EXACT = 1e-8
"""Numbers for programs agree to this, relative above 1: metafor's search for tau² ends there."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A number in a file: of which analysis, study (empty for the pooled result) and quantity."""

    export: str
    place: str
    analysis: str
    study: str
    quantity: str
    value: float
    within: float
    """How far the true number may be: half of the last digit in print."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.analysis, self.study, self.quantity


POOLED = (
    "k", "participants", "estimate", "se", "p", "ci_low", "ci_high", "z_ci_low", "z_ci_high",
    "pi_low", "pi_high", "tau2", "tau2_ci_low", "tau2_ci_high", "I2", "H2", "Q", "Q_df", "Q_p",
)  # fmt: skip
STUDY = ("n_intervention", "n_comparator", "yi", "vi", "ci_low", "ci_high", "weight")
RAW = ("n", "estimate", "variance")
AS_EFFECT = {"effect": "estimate", "effect_ci_low": "ci_low", "effect_ci_high": "ci_high"}

TITLES = {
    "Any CBT against control": "any-cbt",
    "Face-to-face CBT against control": "face-to-face",
    "Multimedia CBT against control": "multimedia",
}


def number(text: str) -> tuple[float, float] | None:
    """Return a printed number and half of its last digit; None for a bound (< 0.001) and for words.

    Examples
    --------
    >>> number("−1.42"), number("1,234"), number("< .001")
    ((-1.42, 0.005), (1234.0, 0.5), None)
    """
    plain = text.replace(MINUS, "-").replace(",", "").strip().removesuffix("%").strip()
    if not re.fullmatch(r"-?\d*\.?\d+", plain):
        return None
    decimals = len(plain.partition(".")[2])
    return float(plain), 0.5 * 10.0**-decimals


_ROUNDED = re.compile(rf"[-{MINUS}]?(?:\d[\d,]*\.?\d*|\.\d+)")


def numbers(text: str) -> list[tuple[float, float]]:
    """Return the numbers of a text such as ``1.23 [0.91, 1.55]``."""
    spaced = text.replace(", ", " ").replace("\xa0", " ")
    return [found for one in _ROUNDED.findall(spaced) if (found := number(one)) is not None]


def exact(
    export: str, place: str, of: tuple[str, str], given: Mapping[str, Any], names: Iterable[str],
    called: Mapping[str, str] | None = None,
) -> Iterator[Printed]:  # fmt: skip
    """Yield the named cells of a row for programs."""
    for name in names:
        if (cell := given.get(name)) in (None, ""):
            continue
        value = float(cell)
        quantity = (called or {}).get(name, name)
        yield Printed(export, place, *of, quantity, value, EXACT * max(1.0, abs(value)))


def rounded(
    export: str, place: str, of: tuple[str, str], texts: Mapping[str, str]
) -> Iterator[Printed]:
    """Yield printed numbers; a pair of quantities (``ci``) is an interval."""
    for quantity, text in texts.items():
        found = numbers(text)
        names = [quantity]
        if quantity.endswith(("ci", "pi")):
            names = [f"{quantity}_low", f"{quantity}_high"]
        if "<" in text or len(found) != len(names):
            continue
        for name, (value, half) in zip(names, found, strict=True):
            yield Printed(export, place, *of, name, value, half * (1 + 1e-9))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def of_tables(export: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Printed]:
    """Numbers of the tables for programs, by the names of their files or sheets."""
    for name, rows in tables.items():
        for i, row in enumerate(rows, 1):
            place = f"{name}, row {i}"
            if name.startswith("study_results_"):
                of = name.removeprefix("study_results_"), row["study"]
                yield from exact(export, place, of, row, STUDY)
            elif name in ("pooled_estimates", "variants"):
                yield from exact(export, place, (row["analysis"], ""), row, POOLED)
            elif name == "summary_of_findings":
                of = row["analysis"], ""
                yield from exact(export, place, of, row, ("k", "participants"))
                yield from exact(export, place, of, row, AS_EFFECT, AS_EFFECT)
            elif name in ("results", "reported_numbers"):
                of = "raw", f"{row['study']} / {row['arm']}"
                yield from exact(export, place, of, row, RAW)


def of_csv(folder: Path) -> Iterator[Printed]:
    return of_tables("tables, CSV", {path.stem: _rows(path) for path in folder.glob("*.csv")})


def of_xlsx(folder: Path) -> Iterator[Printed]:
    """Cells of the workbook; its columns stand in the order of the CSV's."""
    book = openpyxl.load_workbook(folder / "tables.xlsx", read_only=True, data_only=True)
    tables = {}
    for sheet in book:
        path = folder / f"{sheet.title}.csv"
        if path.exists():
            names = path.read_text("utf-8-sig").splitlines()[0].replace('"', "").split(",")
            cells = list(sheet.iter_rows(min_row=2, values_only=True))
            tables[sheet.title] = [dict(zip(names, row, strict=False)) for row in cells]
    return of_tables("tables, XLSX", tables)


_HEADINGS = {
    "n intervention": "n_intervention", "n comparator": "n_comparator", "Effect": "yi",
    "Variance": "vi", "CI": "ci", "Weight": "weight",
}  # fmt: skip
_POOLED_HEADINGS = {
    "k": "k", "Estimate": "estimate", "95% CI": "ci", "CI": "ci", "95% CI (z)": "z_ci",
    "Prediction interval": "pi", "p": "p", "τ²": "tau2", "I²": "I2",
}  # fmt: skip


def of_docx(path: Path, export: str = "tables, DOCX") -> Iterator[Printed]:
    """Cells of Word tables: of trials, by the analysis in their captions, and of pooled results."""
    for at, (caption, table) in enumerate(_captioned(path), 1):
        head, *rows = [[cell.text for cell in row.cells] for row in table.rows]
        if "n intervention" in head:
            (analysis,) = [slug for title, slug in TITLES.items() if title in caption]
            known = _HEADINGS
        elif head[0] == "Analysis" and "Estimate" in head:
            analysis, known = "", _POOLED_HEADINGS
        else:
            continue
        for i, row in enumerate(rows, 1):
            of = (analysis, row[0]) if analysis else (TITLES.get(row[0], ""), "")
            if of == ("", ""):
                continue
            texts = {known[h]: t for h, t in zip(head, row, strict=True) if h in known}
            yield from rounded(export, f"table {at}, row {i}", of, texts)


def _captioned(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield each table of a document with the text above it."""
    above = ""
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            yield above, block
        elif block.text:
            above = block.text


def of_findings_docx(path: Path) -> Iterator[Printed]:
    """The printed summary of findings: ``Difference in … 1.23 (0.91 to 1.55)``, ``6,466 (70)``."""
    for table in docx.Document(str(path)).tables:
        head, *rows = [[cell.text for cell in row.cells] for row in table.rows]
        if head[0] != "Outcome":
            continue
        for i, row in enumerate(rows, 1):
            of, place = (TITLES[row[0]], ""), f"row {i}"
            (effect,) = re.findall(r"(\S+) \((\S+) to ([^)]+)\)", row[1])
            (people,) = re.findall(r"(\S+) \((\d+)\)", row[2])
            names = ("estimate", "ci_low", "ci_high", "participants", "k")
            for quantity, text in zip(names, (*effect, *people), strict=True):
                yield from rounded("summary of findings, DOCX", place, of, {quantity: text})


def of_numbers_json(text: str) -> Iterator[Printed]:
    """Numbers of the manuscript's text, each as text and as value."""
    names = {"egger/stat": "egger_stat", "egger/p": "egger_p", "participants": "participants"}
    for name, kept in json.loads(text)["numbers"].items():
        analysis, _, rest = name.partition("/")
        quantity = names.get(rest, rest.removeprefix("pooled/") if "pooled/" in rest else None)
        if analysis not in TITLES.values() or quantity is None or quantity not in {
            *POOLED, "ci", "pi", "tau2_ci", "egger_stat", "egger_p",
        }:  # fmt: skip
            continue
        values = kept["value"] if isinstance(kept["value"], list) else [kept["value"]]
        each = [quantity] if len(values) == 1 else [f"{quantity}_low", f"{quantity}_high"]
        given = dict(zip(each, values, strict=True))
        yield from exact("numbers.json", name, (analysis, ""), given, given)
        yield from rounded("numbers.json, text", name, (analysis, ""), {quantity: kept["text"]})


def of_report(path: Path) -> Iterator[Printed]:
    """Forest plots of the one page: n, n, effect with interval, weight; below, the pooled one."""
    page = path.read_text("utf-8")
    for plot in re.findall(r'<table class="plot forest">.*?</table>', page, re.DOTALL):
        bare = re.sub(r"<svg.*?</svg>", "", plot, flags=re.DOTALL)
        (title,) = re.findall(r"<caption>(.*?), by", bare)
        for row in bare.split("<tr")[2:]:
            opened = re.split(r"<t[hd](?=[ >])", row)[1:]  # cells are not closed
            cells = [re.sub(r"<[^>]+>", "", f"<td{cell}").strip() for cell in opened]
            of = TITLES[title], ""
            place = f"{title}, {cells[0]}"
            if cells[0].startswith("Pooled"):
                (k,) = re.findall(r"\d+", cells[0])
                effect, _, ci = cells[4].partition(" ")
                yield from rounded("report.html", place, of, {"k": k, "estimate": effect, "ci": ci})
            elif cells[0] == "Prediction interval":
                yield from rounded("report.html", place, of, {"pi": cells[4]})
            elif cells[0]:
                effect, _, ci = cells[4].partition(" ")
                texts = {
                    "n_intervention": cells[1], "n_comparator": cells[2], "yi": effect, "ci": ci,
                    "weight": cells[5],
                }  # fmt: skip
                yield from rounded("report.html", place, (TITLES[title], cells[0]), texts)


def of_figure(path: Path, analysis: str, studies: Iterable[str]) -> Iterator[Printed]:
    """Texts of a forest plot as SVG: on the line of a study, its effect with interval."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text"):
        place = (float(element.get("x", "nan")), "".join(element.itertext()).strip())
        lines.setdefault(round(float(element.get("y", "nan")), 1), []).append(place)
    known = set(studies)
    for line in lines.values():
        texts = [text for _, text in sorted(line)]
        effect = next((t for t in texts if "[" in t), None)
        if texts[0] in known and effect is not None:
            one, _, ci = effect.partition(" ")
            of = analysis, texts[0]
            yield from rounded("forest plot, SVG", texts[0], of, {"yi": one, "ci": ci})


def of_release(folder: Path) -> Iterator[Printed]:
    for name, wanted in (("effects", STUDY), ("pooled", POOLED)):
        for i, row in enumerate(_rows(folder / f"{name}.csv"), 1):
            of = row["analysis"], row.get("study", "")
            yield from exact("release", f"{name}.csv, row {i}", of, row, wanted)
    for i, row in enumerate(_rows(folder / "numbers.csv"), 1):
        of = "raw", f"{row['study']} / {row['arm']}"
        yield from exact("release", f"numbers.csv, row {i}", of, row, RAW)


def of_guideline(folder: Path) -> Iterator[Printed]:
    called = {**AS_EFFECT, "participants": "participants", "studies": "k"}
    for i, row in enumerate(_rows(folder / "guideline.csv"), 1):
        yield from exact("guideline", f"row {i}", (TITLES[row["outcome"]], ""), row, called, called)


def of_revman(folder: Path) -> Iterator[Printed]:
    rows = {
        "Experimental N": "n_intervention", "Control N": "n_comparator", "GIV Mean": "yi",
        "Weight": "weight", "CI start": "ci_low", "CI end": "ci_high",
    }  # fmt: skip
    pooled = {
        "Mean": "estimate", "CI start": "ci_low", "CI end": "ci_high", "Heterogeneity Tau²": "tau2",
        "Heterogeneity Chi²": "Q", "Heterogeneity df": "Q_df", "Heterogeneity I²": "I2",
    }  # fmt: skip
    for i, row in enumerate(_rows(folder / "data-rows.csv"), 1):
        of = TITLES[row["Analysis name"]], row["Study"]
        yield from exact("RevMan", f"data-rows.csv, row {i}", of, row, rows, rows)
    for i, row in enumerate(_rows(folder / "overall-estimates-and-settings.csv"), 1):
        of = TITLES[row["Analysis name"]], ""
        yield from exact("RevMan", f"overall-estimates.csv, row {i}", of, row, pooled, pooled)


def of_fhir(path: Path) -> Iterator[Printed]:
    words = {"p-value": "p", "Tau squared": "tau2", "I-squared (%)": "I2"}
    for entry in json.loads(path.read_text("utf-8"))["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] != "Evidence":
            continue
        of, (statistic,) = (TITLES[resource["title"]], ""), resource["statistic"]
        given = {"estimate": statistic["quantity"]["value"]}
        given["k"] = statistic["sampleSize"]["numberOfStudies"]
        given["participants"] = statistic["sampleSize"]["numberOfParticipants"]
        for one in statistic["attributeEstimate"]:
            if one["type"]["text"] in words:
                given[words[one["type"]["text"]]] = one["quantity"]["value"]
            elif one["type"]["text"] == "Confidence interval":
                given["ci_low"], given["ci_high"] = (
                    one["range"][end]["value"] for end in ("low", "high")
                )
        yield from exact("FHIR", resource["title"], of, given, given)
