"""The figures of a manuscript: drawn once, then saved in each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.drawings.registry import (
    FOREST,
    REVIEW_FIGURES,
    RunFigure,
    ShownRun,
    figures_of,
    pages_of,
    short_of,
)
from review.export.flow.prisma import figure_of
from review.export.manuscript.document import FigureBlock, plain
from review.export.manuscript.facts import Analysed, Appraised, Facts, printer_of
from review.export.manuscript.results import estimate
from review.export.manuscript.spelled import spell
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE
from review.export.tables.printing import NumberStyle, stated_p
from review.export.tracing.origins import origin
from review.extraction.appraisal.picture import picture
from review.figures.paper import COLUMNS, DEEPEST, MM, Paper, on_paper
from review.figures.prisma import prisma_plot
from review.figures.risk_of_bias import summary_plot, traffic_light_pages
from review.figures.saving import FigureFormat, Made, Task, files_of
from review.living.job.workers import begun
from review.protocol.models import Review
from review.wording import capitalised, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


PRINT: Final = Paper(width=COLUMNS["double"] * MM, height=DEEPEST * MM, title=False)
"""What figures of a manuscript are drawn on: the width of two columns, as high as a page, their
titles in the captions."""


def printed_in(style: NumberStyle) -> Paper:
    """Return the paper of a manuscript, p values in its style."""
    return replace(PRINT, p=partial(stated_p, style=style))


LONGEST: Final = 30
"""Effects of a forest plot that stands in the text; of more the text has all effects by size."""

MOST_PAGES: Final = 3
"""Pages of a figure that a document shows; a longer one lies beside it, as a PDF of all pages."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its files: SVG and PDF, and a PNG at 300 dpi where a document shows it."""

    name: str
    title: str
    alternative: str
    kinds: Sequence[FigureFormat]
    made: Callable[[], Made]
    """What waits for its files, or makes them."""
    supplementary: bool = False
    """Whether the manuscript lists it, and does not show it."""

    @property
    def block(self) -> FigureBlock:
        """The figure as a document shows it."""
        shown = self.made().files[FigureFormat.PNG]
        return FigureBlock(self.name, self.title, self.alternative, shown)

    @property
    def line(self) -> str:
        """The figure as a document lists it: title and files."""
        kinds = ", ".join(made.value.upper() for made in self.kinds)
        return f"{self.title}. figures/{self.name} ({kinds})"


@dataclass(frozen=True, slots=True)
class Drawings:
    """All figures of a review, and why some are not there."""

    drawn: tuple[Drawing, ...]
    left_out: tuple[str, ...]
    """A sentence for each that could not be drawn, without its full stop."""

    @property
    def shown(self) -> dict[str, FigureBlock]:
        """What stands in the manuscript, by name, in the order of the text."""
        blocks = [d.block for d in reversed(self.drawn) if not d.supplementary]
        return {block.name: block for block in reversed(blocks)}

    def files(self) -> dict[str, bytes]:
        """Return all files by name, in the order of the text."""
        for drawing in reversed(self.drawn):
            drawing.made()
        return {
            f"{drawing.name}.{kind.value}": content
            for drawing in self.drawn
            for kind, content in drawing.made().files.items()
        }

    def texts(self) -> dict[str, Sequence[Sequence[str]]]:
        """Return what each page of a PDF says, by file, where its writer knows."""
        told = {f"{d.name}.{FigureFormat.PDF.value}": d.made().texts for d in self.drawn}
        return {name: texts for name, texts in told.items() if texts is not None}

    @property
    def supplement(self) -> tuple[str, ...]:
        """The list of supplementary figures with their files, then those left out."""
        lines = [drawing.line for drawing in self.drawn if drawing.supplementary]
        if any(len(drawing.kinds) == 1 for drawing in self.drawn):
            lines.append(f"A figure of more than {MOST_PAGES} pages is a PDF alone.")
        reasons = f"Not drawn: {'; '.join(dict.fromkeys(self.left_out))}." if self.left_out else ""
        return (*lines, reasons) if reasons else tuple(lines)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A figure laid out, before its files are made."""

    name: str
    title: str
    alternative: str
    pages: Sequence[Figure]
    """One, or more than documents show."""
    key: str | None = None
    """Of the run that is drawn."""
    supplementary: bool = False

    @property
    def kinds(self) -> Sequence[FigureFormat]:
        """A PDF of many pages, or each format that is wanted."""
        shown = FigureFormat.PNG
        if len(self.pages) > 1:
            return [FigureFormat.PDF]
        return [made for made in FigureFormat if made is not shown or not self.supplementary]

    @property
    def task(self) -> Task:
        """What makes its files."""
        return Task(self.pages, self.kinds, origin(self.key) if self.key else None)


def drawings(
    session: Session,
    review: Review,
    facts: Facts,
    style: NumberStyle,
    executor: Executor | None = None,
) -> Drawings:
    """Draw every figure of a review in the order of the text, those of the supplement last.

    With an executor all are laid out when this returns, and its workers make files, the same bytes,
    until they are asked for; without one all are made.
    """
    left_out: list[str] = []
    laid_out: list[tuple[Sketch, Sequence[FigureFormat]]] = []

    def tasks() -> Iterator[Task]:
        for item in _every(session, review, facts, style):
            if isinstance(item, str):
                left_out.append(item)
            else:
                pages = [spell(page, facts.spelling) for page in item.pages]
                item = replace(item, title=facts.spelling.text(item.title), pages=pages)
                laid_out.append((replace(item, pages=()), item.kinds))
                yield item.task

    # a worker loads what draws and nothing of the database, in a third of the time
    drawn = [
        Drawing(sketch.name, sketch.title, sketch.alternative, kinds, own, sketch.supplementary)
        for own, (sketch, kinds) in zip(begun(executor, files_of, tasks()), laid_out, strict=True)
    ]
    drawn.sort(key=lambda drawing: drawing.supplementary)
    return Drawings(tuple(drawn), tuple(left_out))


def _every(
    session: Session, review: Review, facts: Facts, style: NumberStyle
) -> Iterator[Sketch | str]:
    """Yield each figure, or why it could not be drawn."""
    yield from _of_flow(facts, style)
    for appraised in facts.appraised:
        yield from _of_bias(appraised, style)
    for analysed in facts.analysed:
        yield from _of_runs(session, review, analysed, style)
    for whole in REVIEW_FIGURES:
        words = capitalised(whole.words)
        try:
            with on_paper(printed_in(style)):
                pages = pages_of(whole.draw(session, review))
        except InvalidDataError as reason:
            yield str(reason)
        else:
            for name, part, shown in _parts(whole.name, pages):
                yield Sketch(name, f"{words}{part}", f"{words}{part}", shown, supplementary=True)


def _of_runs(
    session: Session, review: Review, analysed: Analysed, style: NumberStyle
) -> Iterator[Sketch | str]:
    latest = analysed.latest
    run = ShownRun(session, review, latest.analysis, latest.number, latest.inputs, latest.results)
    figures = [figure for figure in figures_of(run) if figure.wanted(run)]
    if latest.results.pooled.k == 1:
        figures = [figure for figure in figures if figure.name == FOREST]
        yield f"{analysed.plan.title} has one trial, and a forest plot alone"
    for figure in figures:
        try:
            with on_paper(printed_in(style)):
                pages = pages_of(figure.draw(run))
                network = latest.results.network is not None  # a row a treatment, not a trial
                long = len(pages) > 1 or (len(latest.results.effects) > LONGEST and not network)
                short = figure.short(run) if figure.short is not None and long else None
        except InvalidDataError as reason:
            yield str(reason)
        else:
            if long and figure.supplementary_if_long:
                figure = replace(figure, supplementary=True)
            yield from _of_run(figure, pages, short, analysed, style)


def _of_run(
    figure: RunFigure,
    pages: Sequence[Figure],
    short: Figure | None,
    analysed: Analysed,
    style: NumberStyle,
) -> Iterator[Sketch]:
    """Yield a figure of a run, behind its short form where it has one."""
    title, told, key = analysed.plan.title, _told(analysed, style), analysed.latest.key
    if short is not None:
        k = counted(len(analysed.latest.results.effects), "effect")
        file = figure.file(analysed.slug)
        whole = "in the supplement" if len(pages) <= MOST_PAGES else f"the file figures/{file}.pdf"
        words = f"{k} by size; the {figure.words} with every trial is {whole}"
        name = short_of(file)
        yield Sketch(name, f"{title}: {words}", f"{capitalised(words)}. {told}", [short], key)
    for name, part, shown in _parts(figure.file(analysed.slug), pages):
        words = f"{figure.words}{part}"
        yield Sketch(
            name, f"{title}: {words}", f"{capitalised(words)}. {told}", shown, key,
            supplementary=figure.supplementary or len(shown) > 1,
        )  # fmt: skip


def _parts(name: str, pages: Sequence[Figure]) -> Iterator[tuple[str, str, Sequence[Figure]]]:
    """Yield the name of each page with its number in words, or all as one if they are many."""
    if len(pages) == 1 or len(pages) > MOST_PAGES:
        yield name, f", {len(pages)} pages" if len(pages) > 1 else "", pages
        return
    for n, page in enumerate(pages, start=1):
        yield f"{name}-{n}", f", part {n} of {len(pages)}", [page]


def _of_flow(facts: Facts, style: NumberStyle) -> Iterator[Sketch]:
    if facts.flow is None:
        return
    with on_paper(printed_in(style)):
        drawn = prisma_plot(figure_of(facts.flow))
    included = counted(facts.flow.n("included_studies"), "included study", "included studies")
    yield Sketch(
        FLOW_FIGURE,
        "PRISMA 2020 flow of records, reports and studies",
        f"Flow diagram from records identified to {included}; the numbers are in the text.",
        [drawn],
    )


def _of_bias(appraised: Appraised, style: NumberStyle) -> Iterator[Sketch]:
    content = picture(appraised.standings, title=f"Risk of bias: {appraised.tool}")
    judged = "; ".join(f"{label} {n}" for label, n in appraised.judgements.items())
    told = f"Overall judgements: {judged or 'none yet'}."
    with on_paper(printed_in(style)):
        drawn = (
            ("summary", "summary of domains", [summary_plot(content)]),
            ("traffic_light", "judgements of each result", traffic_light_pages(content)),
        )
    for name, what, pages in drawn:
        title = f"Risk of bias, {appraised.tool}: {what}"
        for file, part, shown in _parts(f"{BIAS_FIGURE}_{appraised.family}_{name}", pages):
            yield Sketch(file, f"{title}{part}", told, shown, supplementary=len(shown) > 1)


def _told(analysed: Analysed, style: NumberStyle) -> str:
    """Return the result as one who cannot see the figure is told."""
    results = analysed.latest.results
    shown = plain(estimate(analysed, printer_of(analysed, style)))
    effects = counted(len(results.effects), "effect")
    word = analysed.latest.conclusion(results.headline.conclusion)
    return f"{effects}; {shown}; conclusion: {word}." if word else f"{effects}; {shown}."
