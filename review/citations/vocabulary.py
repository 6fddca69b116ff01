"""The closed choices of searching, importing and finding duplicates."""

from __future__ import annotations

from enum import StrEnum


class SourceKind(StrEnum):
    """Where records come from, in the words of the PRISMA 2020 flow diagram."""

    DATABASE = "database"
    REGISTER = "register"
    WEBSITE = "website"
    ORGANISATION = "organisation"
    CITATION_SEARCHING = "citation_searching"
    OTHER = "other"

    @property
    def is_other_method(self) -> bool:
        """Whether PRISMA counts it under "identification of studies via other methods"."""
        return self not in (SourceKind.DATABASE, SourceKind.REGISTER)


class Format(StrEnum):
    """A format of citation files."""

    RIS = "ris"
    NBIB = "nbib"
    PUBMED_XML = "pubmed_xml"
    ENDNOTE_XML = "endnote_xml"
    REFER = "refer"
    REFWORKS = "refworks"
    CIW = "ciw"
    BIBTEX = "bibtex"
    CSL_JSON = "csl_json"
    CSV = "csv"


class Band(StrEnum):
    """How sure the comparison of two records was."""

    CERTAIN = "certain"
    """Linked without a person."""
    POSSIBLE = "possible"
    """Queued for a person."""
    MANUAL = "manual"
    """Offered by a person, whom the comparison had not helped."""


class Verdict(StrEnum):
    """What a person says of two records."""

    DUPLICATE = "duplicate"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    """Takes an earlier verdict back."""
