"""Reading the fields that a review added, version by version."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.fields import FieldSpec
from review.extraction.models import FieldVersion
from review.protocol.models import Review


def field_versions(session: Session, review: Review) -> Sequence[FieldVersion]:
    """Return the newest version of each custom field, in the order of the form.

    Those without a place stand last, in the order in which they were made.
    """
    every = session.scalars(
        sa.select(FieldVersion)
        .where(FieldVersion.review_id == review.id)
        .order_by(FieldVersion.number, FieldVersion.id)
    ).all()
    newest = {version.slug: version for version in every}.values()
    return sorted(newest, key=lambda field: (field.place is None, field.place or 0))


def field_spec(version: FieldVersion) -> FieldSpec:
    """Return a field's version as a value."""
    return FieldSpec(
        slug=version.slug,
        level=version.level,
        label=version.label,
        kind=version.kind,
        choices=tuple(version.choices),
        lowest=version.lowest,
        highest=version.highest,
        retired=version.retired,
        help=version.help,
        place=version.place,
    )


def field_specs(session: Session, review: Review) -> list[FieldSpec]:
    """Return the custom fields of a review's form, retired ones too."""
    return [field_spec(version) for version in field_versions(session, review)]


def earlier_specs(session: Session, review: Review) -> list[FieldSpec]:
    """Return the earlier versions of a review's custom fields, the newest first."""
    newest = {version.id for version in field_versions(session, review)}
    every = session.scalars(
        sa.select(FieldVersion)
        .where(FieldVersion.review_id == review.id)
        .order_by(FieldVersion.number.desc(), FieldVersion.id)
    )
    return [field_spec(version) for version in every if version.id not in newest]
