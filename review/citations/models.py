"""Searches, batches, records, rejects, and the duplicate pairs among records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.elements import SQLCoreOperations

from review.citations.vocabulary import Band, Format, SourceKind, Verdict
from review.db import Base, CanonicalJson, index_where, open_choice
from review.history.rules import Held
from review.history.withdrawal import Revocable, Withdrawable, unique_while_standing
from review.protocol.models import Review


class Search(Base):
    """One search of one source, as PRISMA-S wants it reported."""

    __tablename__ = "search"
    __table_args__ = (sa.CheckConstraint("hits >= 0", name="hits"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    kind: Mapped[SourceKind]
    source: Mapped[str]
    """What was searched, such as PsycINFO; the name the flow prints."""
    platform: Mapped[str | None]
    """Through what, such as Ovid."""
    database: Mapped[str | None]
    """Which segment and years, such as ``APA PsycInfo <1806 to November 2026>``."""
    strategy: Mapped[str | None]
    ran_on: Mapped[str] = mapped_column(sa.String(10))
    """The date, ``2026-11-20``."""
    limits: Mapped[str | None]
    hits: Mapped[int | None]
    """What the source said that it found; None where it did not say."""
    searched_by: Mapped[str]

    review: Mapped[Review] = relationship()


class Batch(Withdrawable, Base):
    """One imported file; triggers forbid DELETE, and any UPDATE but that it is withdrawn."""

    __tablename__ = "batch"
    __table_args__ = (
        unique_while_standing("uq_batch_file", "review_id", "sha256"),
        sa.CheckConstraint("read = stored + rejected", name="closes"),
        sa.CheckConstraint("stored > 0 AND rejected >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    search_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("search.id", ondelete="RESTRICT"), index=True
    )
    file: Mapped[str]
    """Its name, without the folder."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    format: Mapped[Format] = mapped_column(open_choice(Format))
    encoding: Mapped[str]
    columns: Mapped[dict[str, str]] = mapped_column(CanonicalJson, default=dict)
    """Our fields and the file's columns for them that a person named at import."""
    read: Mapped[int]
    """Records seen in the file."""
    stored: Mapped[int]
    rejected: Mapped[int]
    imported_at: Mapped[datetime]

    search: Mapped[Search | None] = relationship()


def _withdrawn_batches() -> sa.Select[Any]:
    """Return the ids of withdrawn batches; on the table itself, which no reading narrows."""
    table = Batch.__table__
    return sa.select(table.c.id).where(table.c.withdrawn_because.is_not(None))


def _standing(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return conditions that are asked of rows only where any batch was withdrawn at all."""
    return sa.or_(~sa.exists(_withdrawn_batches()), sa.and_(*conditions))


def _withdrawn_records() -> sa.Select[Any]:
    table = Record.__table__
    return sa.select(table.c.id).where(table.c.batch_id.in_(_withdrawn_batches()))


class Record(Revocable, Base):
    """One entry of one export file, as it stands there; triggers forbid UPDATE and DELETE.

    Its import is one event of the history, that of its batch, with the SHA-256 of the file.
    """

    __tablename__ = "record"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "position"),
        sa.CheckConstraint("year BETWEEN 1000 AND 2999", name="year"),
        sa.CheckConstraint("position >= 1", name="position"),
        # few files say something of the work, and an index has those alone
        index_where("ix_record_notices", "review_id", where="notices <> '[]'"),
    )
    __held__ = Held.ROWS
    __told_by__ = ("batch",)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id", ondelete="RESTRICT"))
    position: Mapped[int]
    """Its place among the records of the file, from 1; rejects have places too."""
    line: Mapped[int]
    """The line of the file where it begins."""
    kind: Mapped[str | None]
    """The type of reference in the words of the file, such as JOUR."""
    title: Mapped[str | None]
    abstract: Mapped[str | None]
    authors: Mapped[list[str]] = mapped_column(CanonicalJson)
    year: Mapped[int | None]
    journal: Mapped[str | None]
    volume: Mapped[str | None]
    issue: Mapped[str | None]
    pages: Mapped[str | None]
    doi: Mapped[str | None]
    """Lower case, without ``https://doi.org/``."""
    pmid: Mapped[str | None]
    accession: Mapped[str | None]
    """The source's own number, such as ``WOS:000514379300001``."""
    issn: Mapped[str | None]
    url: Mapped[str | None]
    language: Mapped[str | None]
    keywords: Mapped[list[str]] = mapped_column(CanonicalJson)
    remarks: Mapped[list[str]] = mapped_column(CanonicalJson)
    """What the reading of this record did not understand, such as a year ``10 15``."""
    notices: Mapped[list[list[str]]] = mapped_column(CanonicalJson, default=list)
    """What the file says of retractions, corrections and concerns: kind and words of each."""
    labels: Mapped[list[list[str]]] = mapped_column(CanonicalJson, default=list)
    """What the file says was decided elsewhere: tool, decision and words of each; never votes."""
    raw: Mapped[str] = mapped_column(deferred=True)
    """The entry as the file has it; loaded when asked for, within the session."""

    batch: Mapped[Batch] = relationship()
    added: Mapped[list[AddedAbstract]] = relationship(order_by="AddedAbstract.id", viewonly=True)

    @hybrid_property
    def abstract_known(self) -> str | None:
        """Its abstract, or where its file has none the newest that somebody found elsewhere."""
        return self.abstract or (self.added[-1].text if self.added else None)

    @abstract_known.inplace.expression
    @classmethod
    def _abstract_known(cls) -> sa.ColumnElement[str | None]:
        return sa.func.coalesce(cls.abstract, cls.newest_added(AddedAbstract.text))

    @classmethod
    def newest_added(cls, column: Any) -> sa.ScalarSelect[Any]:
        """Return a column of the abstract that was added last."""
        return (
            sa.select(column)
            .where(AddedAbstract.record_id == cls.id)
            .order_by(AddedAbstract.id.desc())
            .limit(1)
            .correlate(cls)
            .scalar_subquery()
        )

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that its batch was not withdrawn."""
        return _standing(cls.batch_id.not_in(_withdrawn_batches()))

    @classmethod
    def contains(cls, text: str) -> sa.ColumnElement[bool]:
        """Return the condition that title, abstract, DOI or PMID has a text, in any case."""
        return sa.or_(*(column.icontains(text, autoescape=True) for column in cls.searched()))

    @classmethod
    def searched(cls) -> tuple[SQLCoreOperations[str | None], ...]:
        """Return the columns in which words are looked for."""
        return (cls.title, cls.abstract_known, cls.doi, cls.pmid)

    @classmethod
    def says_something(cls) -> sa.ColumnElement[bool]:
        """Return the condition that its file says something of the work, in words of the index."""
        return cls.notices != sa.literal_column("'[]'")


class AddedAbstract(Base):
    """The abstract of a record whose file has none, as somebody found it elsewhere.

    The newest counts; triggers forbid UPDATE and DELETE. Records stay as their files have them,
    and duplicates are found by what files say.
    """

    __tablename__ = "added_abstract"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    text: Mapped[str]
    source: Mapped[str]
    """Where it was found, such as PubMed."""
    added_at: Mapped[datetime]


class Reject(Revocable, Base):
    """An entry that could not be read, with the reason; triggers forbid UPDATE and DELETE."""

    __tablename__ = "reject"
    __table_args__ = (sa.UniqueConstraint("batch_id", "position"),)
    __held__ = Held.ROWS
    __told_by__ = ("batch",)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id", ondelete="RESTRICT"))
    position: Mapped[int]
    line: Mapped[int]
    reason: Mapped[str]
    raw: Mapped[str]

    batch: Mapped[Batch] = relationship()

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that its batch was not withdrawn."""
        return _standing(cls.batch_id.not_in(_withdrawn_batches()))


class DedupeRun(Base):
    """One comparison of new records with all before them; triggers forbid UPDATE and DELETE.

    Its pairs are one event of the history, that of the run, with their SHA-256.
    """

    __tablename__ = "dedupe_run"
    __table_args__ = (sa.CheckConstraint("compared_to >= compared_from", name="compared"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    compared_from: Mapped[int]
    """Records of the review with a greater id were compared, ..."""
    compared_to: Mapped[int]
    """... up to this one."""
    rules: Mapped[str]
    """Version of the rules."""
    ran_at: Mapped[datetime]


class ComparedKeys(Base):
    """The keys by which the records of one run are found again; made anew where they are missing.

    Derived from the records, so it is no part of the history.
    """

    __tablename__ = "compared_keys"
    __held__ = Held.DERIVED

    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dedupe_run.id", ondelete="RESTRICT"), primary_key=True
    )
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    version: Mapped[int]
    """Of the rules that made the keys."""
    after_id: Mapped[int]
    """Records of the review with a greater id have keys here, ..."""
    up_to_id: Mapped[int]
    """... up to this one."""
    records: Mapped[bytes]
    """Ids as 64-bit numbers, the least byte first; one for each key."""
    keys: Mapped[bytes]
    """The keys, likewise."""


class DuplicatePair(Revocable, Base):
    """Two records that are, or may be, the same; triggers forbid UPDATE and DELETE."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        sa.UniqueConstraint("earlier_id", "later_id"),
        sa.CheckConstraint("earlier_id < later_id", name="order"),
        sa.CheckConstraint("score >= 0 AND score <= 1", name="score"),
    )
    __held__ = Held.ROWS
    __told_by__ = ("dedupe_run", "duplicate_pair")

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    run_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("dedupe_run.id", ondelete="RESTRICT"), index=True
    )
    """None for a pair that a person made."""
    earlier_id: Mapped[int] = mapped_column(sa.ForeignKey("record.id", ondelete="RESTRICT"))
    later_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True
    )
    band: Mapped[Band]
    score: Mapped[float]
    rule: Mapped[str]
    """Which rule decided, in words."""
    evidence: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """What was compared, and how alike it was."""

    earlier: Mapped[Record] = relationship(foreign_keys=[earlier_id])
    later: Mapped[Record] = relationship(foreign_keys=[later_id])

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that neither record was withdrawn with its batch."""
        return _standing(
            cls.earlier_id.not_in(_withdrawn_records()), cls.later_id.not_in(_withdrawn_records())
        )


class DuplicateDecision(Base):
    """What a person said of a pair; the newest counts; triggers forbid UPDATE and DELETE."""

    __tablename__ = "duplicate_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    pair_id: Mapped[int] = mapped_column(
        sa.ForeignKey("duplicate_pair.id", ondelete="RESTRICT"), index=True
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    verdict: Mapped[Verdict]
    reason: Mapped[str | None]
    decided_at: Mapped[datetime]

    pair: Mapped[DuplicatePair] = relationship()
