"""A change report as headed texts and tables, which every way of printing shares."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from review.canonical import fixed
from review.effects import Measure
from review.living.changes import ChangeReport
from review.living.explanation import Explanation, Fragility, Outlook, Shares, SignalTold
from review.living.panel import Panel
from review.living.snapshot import PooledLine, Reading, VariantLine


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences and a table; `right` names the columns of numbers."""

    heading: str
    sentences: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def right(self) -> tuple[str, ...]:
        """The columns after the first: they hold values."""
        return self.headers[1:]


def tell(
    report: ChangeReport,
    explanation: Explanation | None = None,
    panel: Panel | None = None,
    variants: tuple[Sequence[VariantLine], Sequence[VariantLine]] | None = None,
) -> list[Section]:
    """Return the sections of a change report, the plain sentence first."""
    found = [
        Section("What moved", (report.sentence, report.direction)),
        Section("Before and after", (), ("", "before", "after"), tuple(_lines(report))),
        *_happened(report),
    ]
    if variants is not None and any(variants):
        found.append(_variants(*variants))
    if explanation is not None:
        if explanation.shares is not None:
            found.append(_shares(explanation.shares))
        found.append(_signals(explanation.signals, first=report.before is None))
        if explanation.fragility_after is not None:
            found.append(_fragility(explanation.fragility_before, explanation.fragility_after))
        if explanation.outlook is not None:
            found.append(_outlook(explanation.outlook, explanation.settled))
        if explanation.notes:
            found.append(Section("Notes", explanation.notes))
    if panel is not None:
        found += panel_sections(panel)
    return found


def text(value: float | None, decimals: int = 2) -> str:
    """Return a number for people; nothing for None."""
    return "" if value is None else fixed(value, decimals)


def limits(value: tuple[float, float] | None) -> str:
    """Return ``[-0.17, 1.33]``; nothing for None."""
    return "" if value is None else f"[{fixed(value[0], 2)}, {fixed(value[1], 2)}]"


def p_text(value: float | None) -> str:
    """Return a p value with three decimals, ``<0.001`` below that."""
    if value is None:
        return ""
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def pooled_lines(line: PooledLine | None) -> dict[str, str]:
    """Return a pooled result as what it is called and what it is."""
    if line is None:
        return {}
    tests = {"adhoc": "Hartung-Knapp, floored", "knha": "Hartung-Knapp"}
    test = tests.get(line.test, line.test) if line.k > 1 else "z"  # one trial has its own interval
    level = f"{line.level * 100:g}% interval"
    natural = line.natural
    back = (
        {} if natural is None else {natural.scale: f"{natural.estimate:.2f} {limits(natural.ci)}"}
    )
    return {
        "trials (k)": str(line.k),
        f"estimate ({Measure(line.measure).scale})": text(line.estimate),
        **back,
        f"{level} ({test})": limits(line.ci),
        f"{level} (z)": limits(line.z_ci),
        "prediction interval": limits(line.pi),
        "p": p_text(line.p),
        "tau²": text(line.tau2, 3),
        "I² (%)": text(line.I2, 1),
        **({"Q": f"{line.Q:.2f} (df {line.Q_df}, p {p_text(line.Q_p)})"} if line.k > 1 else {}),
    }


def reading_lines(reading: Reading | None) -> dict[str, str]:
    """Return a conclusion and its p as what they are called and what they are."""
    if reading is None:
        return {}
    if reading.margin is None:
        return {"conclusion": reading.conclusion.value}
    label = f"margin {reading.margin:.2f}"
    return {
        f"conclusion, {label}": reading.conclusion.value,
        f"one-sided p, {label}": p_text(reading.noninferiority_p),
    }


def _lines(report: ChangeReport) -> list[tuple[str, str, str]]:
    was, now = pooled_lines(report.before), pooled_lines(report.after)
    for reading in report.readings:
        was |= reading_lines(reading.before)
        now |= reading_lines(reading.after)
    return [(name, was.get(name, ""), now.get(name, "")) for name in now | was]


def _happened(report: ChangeReport) -> list[Section]:
    found = []
    if report.before is not None and report.added:
        found.append(Section(f"Added ({len(report.added)})", ("; ".join(report.added),)))
    if report.removed:
        told = "; ".join(f"{item.study} ({item.reason})" for item in report.removed)
        found.append(Section(f"Removed ({len(report.removed)})", (told,)))
    for heading, changes in (
        ("Corrected", report.corrected),
        ("Plan", report.plan_changes),
        ("Engine", report.engine),
    ):
        if changes:
            rows = tuple((c.where, c.what, c.old or "", c.new or "") for c in changes)
            found.append(Section(heading, (), ("in", "value", "old", "new"), rows))
    return found


def _shares(shares: Shares) -> Section:
    rows = tuple(
        (s.what, text(s.estimate, 3), text(s.lower, 3), text(s.tau2, 3), text(s.in_order, 3))
        for s in (*shares.shares, shares.total)
    )
    how = "all orders" if shares.exact else "orders drawn with a fixed seed"
    told = (
        f"Shapley values over {how}; they sum to the total. Of the change of the estimate, "
        f"{shares.data_at_old_tau2:.3f} is the data at the old tau² and "
        f"{shares.tau2_reestimated:.3f} its new estimate."
    )
    return Section(
        "Who moved it",
        (told,),
        ("event", "estimate", "lower limit", "tau²", "estimate, in order of entry"),
        rows,
    )


def _signals(fired: tuple[SignalTold, ...], *, first: bool) -> Section:
    if not fired:
        told = "A first run has nothing to compare with." if first else "No signal fired."
        return Section("Signals", (told,))
    rows = tuple(
        (
            signal.kind,
            text(signal.margin),
            text(signal.value, 3),
            text(signal.threshold, 3),
            f"{signal.before} to {signal.after}" if signal.before else "; ".join(signal.trials),
        )
        for signal in fired
    )
    return Section("Signals", (), ("signal", "margin", "value", "threshold", "where"), rows)


def _removal_text(fragility: Fragility | None) -> str:
    if fragility is None:
        return ""
    if fragility.removals is None:
        return "none, or too many trials to try"
    return f"{fragility.removals} ({' / '.join(' + '.join(s) for s in fragility.sets[:3])})"


def _shift_text(fragility: Fragility | None) -> str:
    if fragility is None or fragility.shift is None:
        return ""
    return f"{fragility.shift:+.2f} in {fragility.shift_study}"


def _fragility(before: Fragility | None, after: Fragility) -> Section:
    rows = (
        (
            "fewest trials whose removal turns the claim",
            _removal_text(before),
            _removal_text(after),
        ),
        ("smallest shift of one trial that turns it", _shift_text(before), _shift_text(after)),
    )
    return Section("Fragility", (), ("", "before", "after"), rows)


def _outlook(outlook: Outlook, settled: bool | None) -> Section:
    shown = [
        name
        for index, (name, _) in enumerate(outlook.trials[0].probabilities)
        if any(trial.probabilities[index][1] >= 0.005 for trial in outlook.trials)
    ]
    rows = tuple(
        (
            str(trial.per_arm) if trial.per_arm is not None else f"variance {trial.variance:.3f}",
            text(trial.change),
            *(text(dict(trial.probabilities)[name]) for name in shown),
        )
        for trial in outlook.trials
    )
    needed = (
        f"With {outlook.needed_per_arm} an arm the next trial would show noninferiority with "
        "probability 0.8."
        if outlook.needed_per_arm is not None
        else "No single next trial shows noninferiority with probability 0.8."
    )
    few = f"At this tau² noninferiority needs at least {outlook.fewest_trials} trials of any size."
    firm = "No single next trial is likely to turn the conclusion." if settled else ""
    return Section(
        "The next trial",
        tuple(
            s for s in (needed, few, firm, f"Value of perfect information {outlook.evpi:.4f}.") if s
        ),
        ("participants an arm", "any change", *shown),
        rows,
    )


def _variants(before: Sequence[VariantLine], after: Sequence[VariantLine]) -> Section:
    was = {line.label: line for line in before}
    rows = tuple(
        (
            line.label,
            str(line.k),
            f"{line.estimate:.2f}" if line.estimate is not None else line.note or "",
            limits(line.ci),
            was[line.label].conclusion or "" if line.label in was else "",
            line.conclusion or "",
        )
        for line in after
    )
    headers = ("analysis", "k", "estimate", "interval", "conclusion before", "conclusion after")
    return Section("Sensitivity", (), headers, rows)


def panel_sections(panel: Panel) -> list[Section]:
    """Return the panel for repeated looks, apart from the headline."""
    looks = tuple(
        (
            str(look.k),
            text(look.estimate),
            limits(look.sequence),
            text(look.e_value, 2),
            p_text(look.anytime_p),
            text(look.fraction),
            text(look.z),
            text(look.bound),
            look.status,
        )
        for look in panel.looks
    )
    headers = (
        "trials", "estimate", "confidence sequence", "e-value", "anytime p", "information", "z",
        "bound", "trial sequential analysis",
    )  # fmt: skip
    return [Section("Repeated looks (not the headline)", panel.sentences, headers, looks)]


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the sections as a Markdown document."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += [f"## {section.heading}", ""]
        lines += [line for sentence in section.sentences for line in (sentence, "")]
        if section.rows:
            lines.append(f"| {' | '.join(section.headers)} |")
            lines.append("|" + " --- |" * len(section.headers))
            cells = [[cell.replace("|", "\\|") for cell in row] for row in section.rows]
            lines += [f"| {' | '.join(row)} |" for row in cells]
            lines.append("")
    return "\n".join(lines)


STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}th,td{padding:.2em .8em;text-align:left}"
    "thead th{border-bottom:1px solid}"
)


def html_page(title: str, sections: Sequence[Section]) -> str:
    """Return the sections as one HTML page without scripts; every text is escaped."""
    name = html.escape(title)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{name}</title><style>{STYLE}</style></head><body><h1>{name}</h1>",
    ]
    for section in sections:
        parts.append(f"<h2>{html.escape(section.heading)}</h2>")
        parts += [f"<p>{html.escape(sentence)}</p>" for sentence in section.sentences]
        if section.rows:
            head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in section.headers)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>")
            for row in section.rows:
                first, *rest = (html.escape(cell) for cell in row)
                cells = "".join(f"<td>{cell}</td>" for cell in rest)
                parts.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
            parts.append("</tbody></table>")
    return "\n".join([*parts, "</body></html>\n"])
