"""Releases: a version of a review, frozen into a folder that anybody can check and cite.

The folder holds the data that entered the newest runs (CSV with a codebook), the plans and runs,
what changed since the last release, checksums, and the files that archives read. The database keeps
the manifest: which runs, which plans, which files with which SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session

from review.canonical import sha256_of, utc_text
from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError, Remedy
from review.files import flush_all, move_folder, new_folder
from review.history.queries import head
from review.living.estimates.pooling import engine_versions
from review.living.job import staleness
from review.living.releases.files import citation_file, data_files, zenodo_file
from review.living.reports.changes import ChangeReport, compare
from review.living.reports.noticing import withheld_among
from review.living.reports.pages import Section, markdown
from review.living.reports.sections import tell
from review.living.runs import queries
from review.living.runs.models import Release, Run, SearchInterval
from review.protocol.models import Review

Drawing = Callable[[Path], None]
"""Draws one figure to a path."""


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """What somebody who makes a release decides."""

    version: str
    because: str
    licence: str = "CC-BY-4.0"
    authors: tuple[str, ...] = ()
    """``Family, Given``; without any the review itself is the author."""


@dataclass(frozen=True, slots=True)
class ReleaseDiff:
    """What changed from one release to another: data and results by analysis, methods, searches."""

    before: str
    after: str
    changes: tuple[tuple[str, ChangeReport], ...]
    unchanged: tuple[str, ...]
    added: tuple[str, ...]
    """Analyses that only the later release has."""
    dropped: tuple[str, ...]
    searches: tuple[tuple[str, str | None, str | None], ...]

    @property
    def sections(self) -> list[Section]:
        """The difference as headed texts and tables."""
        found = [Section(f"Release {self.before} to {self.after}")]
        if self.searches:
            rows = tuple((s, old or "", new or "") for s, old, new in self.searches)
            found.append(Section("Searches", (), ("source", "before", "after"), rows))
        for heading, names in (
            ("Analyses added", self.added),
            ("Analyses dropped", self.dropped),
            ("Unchanged", self.unchanged),
        ):
            if names:
                found.append(Section(heading, ("; ".join(names),)))
        for name, report in self.changes:
            found += [Section(name), *tell(report)]
        return found


def releases(
    session: Session, review: Review, *, after: int = 0, limit: int | None = None
) -> Sequence[Release]:
    """Return the releases of a review, the oldest first.

    A page of them begins `after` one by its id.
    """
    return session.scalars(
        sa.select(Release)
        .where(Release.review_id == review.id, Release.id > after)
        .order_by(Release.id)
        .limit(limit)
    ).all()


def release_called(session: Session, review: Review, version: str) -> Release:
    """Return a release by its version; raise NotFoundError with the versions there are."""
    found = {release.version: release for release in releases(session, review)}
    if version not in found:
        known = ", ".join(found) or "none yet"
        raise NotFoundError(f"review {review.slug} has no release {version!r} ({known})")
    return found[version]


def create_release(
    session: Session,
    review: Review,
    spec: ReleaseSpec,
    *,
    folder: Path,
    now: datetime,
    figures: Mapping[str, Drawing] | None = None,
    shown: Mapping[str, Any] | None = None,
) -> Release:
    """Write the folder of a new release and keep its manifest.

    The folder is complete on the disk, under a name of its own, before the transaction ends, and
    gets its name when it has ended. Where that was interrupted, the same command finishes it.
    What of the review its pages show beside the runs (`export.site.kept`) is `shown`: it goes into
    the manifest, for it changes later.

    Raises
    ------
    AlreadyExistsError
        If the version or the folder exists.
    InvalidDataError
        If the version is not numbers with dots, there is no run, or runs are out of date.
    """
    making = folder.with_name(f".{folder.name}.making")
    if (interrupted := _interrupted(session, review, spec, making, folder)) is not None:
        _when_it_ends(session, making, folder)
        return interrupted
    _check(session, review, spec, folder)
    shutil.rmtree(making, ignore_errors=True)  # of a try that was interrupted
    runs = queries.newest_of_each(session, review)
    if not runs:
        raise InvalidDataError(
            "there is no run to release", remedy=Remedy("make one with", "review repool")
        )
    previous = releases(session, review)
    facts = _facts(session, review, spec, runs, now, previous[-1].version if previous else None)
    if shown is not None:
        facts["shown"] = dict(shown)
    new_folder(making)
    _when_it_ends(session, making, folder)
    _write(session, review, spec, runs, facts, making, previous, figures or {}, now)
    manifest = {**facts, "files": _checksums(making)}
    release = Release(
        review_id=review.id,
        version=spec.version,
        created=now,
        because=spec.because,
        manifest=manifest,
        sha256=sha256_of(manifest),
        history_seq=facts["history"]["seq"],
        history_hash=facts["history"]["hash"],
    )
    session.add(release)
    session.flush()
    _json(making / "manifest.json", manifest)
    lines = [f"{digest}  {name}\n" for name, digest in _checksums(making).items()]
    (making / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    flush_all(making)
    return release


def _interrupted(
    session: Session, review: Review, spec: ReleaseSpec, making: Path, folder: Path
) -> Release | None:
    """Return the release whose folder is complete and waits for its name; None otherwise."""
    known = {release.version: release for release in releases(session, review)}
    release = known.get(spec.version)
    if release is None or folder.exists() or not (making / "manifest.json").exists():
        return None
    manifest = json.loads((making / "manifest.json").read_bytes())
    return release if sha256_of(manifest) == release.sha256 else None


def _when_it_ends(session: Session, making: Path, folder: Path) -> None:
    """Name the folder once the transaction has ended; throw it away where it was rolled back."""

    def name(_: Session) -> None:
        move_folder(making, folder)

    def throw_away(_: Session) -> None:
        shutil.rmtree(making, ignore_errors=True)

    sa_event.listen(session, "after_commit", name, once=True)
    sa_event.listen(session, "after_rollback", throw_away, once=True)


def _check(session: Session, review: Review, spec: ReleaseSpec, folder: Path) -> None:
    if not re.fullmatch(r"\d+(\.\d+){0,2}", spec.version):
        raise InvalidDataError("a version is numbers with dots, such as 1.0 or 2.1.3")
    if spec.version in {release.version for release in releases(session, review)}:
        raise AlreadyExistsError(f"review {review.slug} already has a release {spec.version}")
    if folder.exists():
        raise AlreadyExistsError(f"{folder} exists already")
    since = staleness.last_look(session, review)
    wanted = staleness.to_look_at(session, since)
    if wanted is None or staleness.versions_by_review(session, review, wanted):
        raise InvalidDataError(
            "something changed since the last job",
            remedy=Remedy("compute the analyses first, with", "review repool"),
        )


def _facts(
    session: Session,
    review: Review,
    spec: ReleaseSpec,
    runs: Sequence[Run],
    now: datetime,
    previous: str | None,
) -> dict[str, Any]:
    seq, hash_ = head(session)
    return {
        "review": review.slug,
        "title": review.title,
        "version": spec.version,
        "created": utc_text(now),
        "because": spec.because,
        "previous": previous,
        "licence": spec.licence,
        "authors": list(spec.authors),
        "searches": _searched(session, review),
        "software": dict(engine_versions()),
        "history": {"seq": seq, "hash": hash_},
        "runs": {run.version.analysis.slug: _run_facts(run) for run in runs},
        "withheld": sorted(_withheld(session, review, runs)),
    }


def _withheld(session: Session, review: Review, runs: Sequence[Run]) -> Collection[str]:
    entered = {run.version.analysis.slug: queries.snapshot_of(run)[0] for run in runs}
    return withheld_among(session, review, entered)


def as_it_would_be(session: Session, review: Review, *, now: datetime) -> dict[str, Any]:
    """Return the manifest that a release made now would have, without files; nothing is stored."""
    previous = releases(session, review)
    spec = ReleaseSpec("preview", "as it stands, not released")
    runs = queries.newest_of_each(session, review)
    return _facts(session, review, spec, runs, now, previous[-1].version if previous else None)


def _searched(session: Session, review: Review) -> dict[str, str | None]:
    found = session.scalars(
        sa.select(SearchInterval)
        .where(SearchInterval.review_id == review.id)
        .order_by(SearchInterval.source)
    )
    return {one.source: utc_text(one.searched) if one.searched else None for one in found}


def _run_facts(run: Run) -> dict[str, Any]:
    _, results = queries.snapshot_of(run)
    return {
        "number": run.number,
        "key": run.key,
        "plan_version": run.version.number,
        "plan_sha256": run.version.sha256,
        "k": results.pooled.k,
        "estimate": results.pooled.estimate,
        "ci": list(results.pooled.ci),
        "conclusion": results.headline.conclusion.value,
    }


def _write(
    session: Session,
    review: Review,
    spec: ReleaseSpec,
    runs: Sequence[Run],
    facts: dict[str, Any],
    place: Path,
    previous: Sequence[Release],
    figures: Mapping[str, Drawing],
    now: datetime,
) -> None:
    write_data(place, runs, facts["withheld"])
    sections = (
        difference(session, previous[-1].manifest, facts).sections
        if previous
        else [Section("First release", (spec.because,))]
    )
    title = f"{review.title}: what changed"
    (place / "CHANGES.md").write_text(markdown(title, sections), encoding="utf-8")
    citation_file(place, review.title, spec.version, spec.licence, spec.authors, now)
    zenodo_file(place, review.title, review.question, spec.version, spec.licence, spec.authors)
    for name, draw in figures.items():
        draw(place / name)


def write_data(place: Path, runs: Sequence[Run], withheld: Collection[str]) -> None:
    """Write the data, plans and runs of a release; those that are `withheld` have no conclusion."""
    found = [(run.version.analysis.slug, queries.snapshot_of(run)) for run in runs]
    data_files(place, found, withheld)
    _json(place / "plans.json", {run.version.analysis.slug: run.version.plan for run in runs})
    _json(
        place / "runs.json",
        {
            run.version.analysis.slug: {
                "number": run.number,
                "created": utc_text(run.created),
                "key": run.key,
                "software": run.software,
                "inputs": run.inputs,
                "results": run.results,
            }
            for run in runs
        },
    )


def runs_of(session: Session, manifest: Mapping[str, Any]) -> dict[str, Run]:
    """Return the runs that a manifest names, by analysis."""
    keys = {facts["key"]: slug for slug, facts in manifest["runs"].items()}
    rows = session.scalars(sa.select(Run).where(Run.key.in_(list(keys))).order_by(Run.id)).all()
    found = {keys[run.key]: run for run in rows}
    return {slug: found[slug] for slug in manifest["runs"]}


def _json(path: Path, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _checksums(place: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(place.iterdir())
    }


def diff_releases(session: Session, review: Review, before: str, after: str) -> ReleaseDiff:
    """Say what changed from one release to another; raise NotFoundError."""
    one, other = (release_called(session, review, version) for version in (before, after))
    return difference(session, one.manifest, other.manifest)


def difference(session: Session, old: Mapping[str, Any], new: Mapping[str, Any]) -> ReleaseDiff:
    """Say what changed from one manifest to another."""
    before, after = old["version"], new["version"]
    shared = [name for name in new["runs"] if name in old["runs"]]
    changed = [n for n in shared if old["runs"][n]["key"] != new["runs"][n]["key"]]
    sources = sorted({*old["searches"], *new["searches"]})
    dates = [(s, old["searches"].get(s), new["searches"].get(s)) for s in sources]
    return ReleaseDiff(
        before=before,
        after=after,
        changes=tuple((n, _compared(session, old["runs"][n], new["runs"][n])) for n in changed),
        unchanged=tuple(n for n in shared if n not in changed),
        added=tuple(n for n in new["runs"] if n not in old["runs"]),
        dropped=tuple(n for n in old["runs"] if n not in new["runs"]),
        searches=tuple(row for row in dates if row[1] != row[2]),
    )


def _compared(session: Session, old: Mapping[str, Any], new: Mapping[str, Any]) -> ChangeReport:
    one, other = (
        session.scalars(sa.select(Run).where(Run.key == facts["key"])).one() for facts in (old, new)
    )
    engines = (one.software, other.software)
    return compare(queries.snapshot_of(one), queries.snapshot_of(other), engines=engines)
