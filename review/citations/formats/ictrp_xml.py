"""Trials from the registry platform of the World Health Organization (ICTRP), "Export to XML"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Entry, Item
from review.citations.formats.xml import Cut, entries_in, first_text

KIND: Final = "trial registration"
"""What kind of reference an entry of a registry is."""


def read_ictrp_xml(text: str, *, file: str) -> Iterator[Item]:
    """Yield the trials of an ICTRP file in order."""
    for cut in entries_in(text, ("Trial", "trial"), file=file):
        yield _entry(cut) if isinstance(cut, Cut) else cut


def _entry(cut: Cut) -> Entry:
    def one(*names: str) -> str | None:
        return first_text(cut.element, *names, *(name.lower() for name in names))

    year, remarks = fields.year_of([one("Date_registration3", "Date_registration")])
    public, scientific = one("Public_title"), one("Scientific_title")
    return Entry(
        line=cut.line,
        raw=cut.raw,
        kind=KIND,
        title=public or scientific,
        abstract=summary_of(
            {
                "Scientific title": scientific if public else None,
                "Condition": one("Condition"),
                "Intervention": one("Intervention"),
                "Primary outcome": one("Primary_outcome"),
                "Secondary outcome": one("Secondary_outcome"),
                "Study design": one("Study_design"),
                "Inclusion criteria": one("Inclusion_Criteria"),
                "Status": one("Recruitment_Status"),
            }
        ),
        year=year,
        journal=one("Source_Register"),
        accession=one("TrialID"),
        url=one("web_address"),
        remarks=(*cut.remarks, *remarks),
    )


def summary_of(parts: Mapping[str, str | None], begins: str | None = None) -> str | None:
    """Return a registration as text to screen by, such as ``Condition: Insomnia.``, and so on."""
    said = [f"{name}: {value.rstrip('. ')}." for name, value in parts.items() if value]
    return fields.one_line(" ".join([begins or "", *said]))
