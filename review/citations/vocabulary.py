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
    OVID = "ovid"
    ICTRP_XML = "ictrp_xml"
    BIBTEX = "bibtex"
    CSL_JSON = "csl_json"
    CSV = "csv"
    XLSX = "xlsx"


class NoticeKind(StrEnum):
    """What a source says has happened to a work, or that the record is itself the notice of."""

    RETRACTED = "retracted"
    PARTLY_RETRACTED = "partly retracted"
    CONCERN = "under an expression of concern"
    CORRECTED = "corrected"
    REPUBLISHED = "republished"
    UPDATED = "updated"
    COMMENTED = "commented on"
    RETRACTION = "notice of a retraction"
    CONCERN_NOTICE = "expression of concern"
    CORRECTION = "notice of a correction"
    REPUBLICATION = "republication of another"
    UPDATE = "update of another"
    COMMENT = "comment on another"

    @property
    def is_serious(self) -> bool:
        """Whether the work's results may not stand: it is shown wherever the record is."""
        return self in (
            NoticeKind.RETRACTED,
            NoticeKind.PARTLY_RETRACTED,
            NoticeKind.CONCERN,
        )


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
