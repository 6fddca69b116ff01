"""The content of the pages of a release, and of a preview of one that is not made yet.

All of it comes from the manifest and from runs, plans and earlier releases, none of which ever
changes: built twice, the pages are the same, byte by byte.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.errors import InvalidDataError, Remedy
from review.export.drawings.forest import Sort, forest_of
from review.export.reproduction.script import scripts
from review.export.runs import LatestRun
from review.export.site.kept import Kept, kept_now, read_kept
from review.export.site.model import (
    SiteAnalysis,
    SiteContent,
    SiteOrder,
    SiteRelease,
    SiteTrial,
    SiteVersion,
)
from review.export.views.analysis import figures_of, margins_of
from review.export.views.current import contents_of
from review.export.views.plan_versions import plan_lines
from review.export.views.row import given_of
from review.figures.forest_values import ForestRow
from review.living.releases.files import citation_file
from review.living.releases.releases import (
    ReleaseDiff,
    as_it_would_be,
    difference,
    releases,
    runs_of,
    write_data,
)
from review.living.reports.changes import compare
from review.living.reports.levels import whole_tables_of
from review.living.reports.pages import Section
from review.living.reports.sections import tell
from review.living.reports.sentence import conclusion_word
from review.living.runs.models import Release, Run
from review.living.runs.queries import newest_of_each
from review.living.runs.scales import scale_of_run
from review.protocol.models import Review
from review.protocol.queries import plan_of


def site_of_release(session: Session, review: Review, release: Release) -> SiteContent:
    """Return the content of the pages of a release."""
    made = list(releases(session, review))
    earlier = made[: made.index(release)]
    return _content(
        session, release.manifest, earlier, created=release.created, sha256=release.sha256
    )


def site_now(session: Session, review: Review, *, now: datetime) -> SiteContent:
    """Return the content of the pages of a release that would be made now; nothing is stored.

    Raises InvalidDataError where there is no run.
    """
    if not newest_of_each(session, review):
        raise InvalidDataError(
            "there is no run to show", remedy=Remedy("make one with", "review repool")
        )
    manifest = as_it_would_be(session, review, now=now)
    manifest["shown"] = kept_now(session, review)
    return _content(session, manifest, list(releases(session, review)), created=now, sha256="")


def _content(
    session: Session,
    manifest: dict[str, Any],
    earlier: Sequence[Release],
    *,
    created: datetime,
    sha256: str,
) -> SiteContent:
    runs = runs_of(session, manifest)
    kept = read_kept(manifest)
    before = earlier[-1] if earlier else None
    diff = difference(session, before.manifest, manifest) if before is not None else None
    withheld = frozenset(manifest.get("withheld", ()))
    told = {
        one.version: (one.created, one.manifest, runs_of(session, one.manifest)) for one in earlier
    }
    told[manifest["version"]] = (created, manifest, runs)
    this = SiteRelease(
        manifest["version"], created, manifest["because"], sha256, tuple(_sections(diff))
    )
    others = []
    for place, one in enumerate(earlier):
        found = difference(session, earlier[place - 1].manifest, one.manifest) if place else None
        others.append(
            SiteRelease(one.version, one.created, one.because, one.sha256, tuple(_sections(found)))
        )
    return SiteContent(
        slug=manifest["review"],
        title=manifest["title"],
        version=manifest["version"],
        released=bool(sha256),
        created=created,
        because=manifest["because"],
        licence=manifest["licence"],
        authors=tuple(manifest["authors"]),
        searches=tuple(
            (source, (at or "not said")[:10]) for source, at in manifest["searches"].items()
        ),
        software=tuple((name, str(value)) for name, value in manifest["software"].items()),
        history=(manifest["history"]["seq"], manifest["history"]["hash"]),
        sha256=sha256,
        analyses=tuple(
            _analysis(slug, run, diff, kept, told, withheld=slug in withheld)
            for slug, run in sorted(runs.items(), key=lambda item: plan_title(item[1]))
        ),
        kept=kept,
        releases=(this, *reversed(others)),
        manifest=manifest,
    )


def plan_title(run: Run) -> str:
    """Return the title of a run's plan."""
    return plan_of(run.version).title


def _sections(diff: ReleaseDiff | None) -> list[Section]:
    return diff.sections[1:] if diff is not None else []


def _analysis(
    slug: str,
    run: Run,
    diff: ReleaseDiff | None,
    kept: Kept | None,
    told: Mapping[str, tuple[datetime, Mapping[str, Any], Mapping[str, Run]]],
    *,
    withheld: bool,
) -> SiteAnalysis:
    inputs, results = contents_of(run)
    scale, line = scale_of_run(inputs), results.pooled
    names = [effect.study for effect in results.effects]
    report = dict(diff.changes).get(slug) if diff is not None else None
    moved = ""
    if report is not None:
        moved = report.unconcluded if withheld else report.sentence
    elif diff is not None:
        moved = "New in this release." if slug in diff.added else "Unchanged."
    return SiteAnalysis(
        slug=slug,
        title=inputs.plan.title,
        run=run.number,
        key=run.key,
        plan_version=run.version.number,
        direction=scale.direction(inputs.plan),
        estimate=scale.number(line.estimate, line.ci),
        interval=scale.interval(line.ci),
        measure=scale.shown,
        k=line.k,
        counts=scale.counts,
        conclusion=conclusion_word(
            inputs.plan.kind, results.headline.conclusion, withheld=withheld
        )
        or "",
        withheld=withheld,
        figures=figures_of((inputs, results), scale),
        margins=margins_of((inputs, results), scale, withheld=withheld),
        orders=tuple(
            _order(run, sort, kept, names, withheld=withheld)
            for sort in (Sort if results.network is None else (Sort.YEAR,))
        ),
        trials=tuple(
            SiteTrial(
                study_id=trial.study_id,
                study=effect.study,
                about=", ".join(
                    part.replace("_", " ")
                    for part in (
                        trial.instrument, trial.rater, trial.timepoint, trial.analysis_set,
                    )
                    if part != "not_reported"
                ),
                value=scale.of_trial(trial).alone(effect.yi, effect.ci),
                weight=f"{effect.weight:.1f}%",
                recipe=effect.recipe,
                given=tuple(given_of(trial, quotes=kept.quotes if kept else None)),
                not_used=trial.not_used,
            )
            for trial, effect in zip(inputs.trials, results.effects, strict=True)
        ),
        left_out=tuple((one.study, one.reason) for one in inputs.left_out),
        versions=tuple(_versions(slug, told)),
        moved=moved,
        changes=tuple(tell(report)) if report is not None and not withheld else (),
        plan=tuple(plan_lines(inputs.plan)),
        certainty=kept.certainty.get(slug, "") if kept else "",
        network=whole_tables_of(results, scale),
    )  # fmt: skip


def _order(
    run: Run, sort: Sort, kept: Kept | None, names: Sequence[str], *, withheld: bool
) -> SiteOrder:
    inputs, results = contents_of(run)
    judged = kept.bias if kept is not None else ()
    bias = next((one for one in judged if {row.label for row in one.rows} & set(names)), None)
    bias = bias if results.network is None else None  # its rows are treatments
    forest = forest_of(inputs, results, bias=bias, withheld=withheld, sort=sort)
    return SiteOrder(
        sort.value,
        forest,
        _places(forest.rows, names),
    )


def _places(rows: Sequence[object], names: Sequence[str]) -> tuple[int | None, ...]:
    """Return which trial each row is of; of those of one name each the next."""
    left: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        left.setdefault(name, []).append(place)
    return tuple(
        left[row.label].pop(0) if isinstance(row, ForestRow) and left.get(row.label) else None
        for row in rows
    )


def _versions(
    slug: str, told: Mapping[str, tuple[datetime, Mapping[str, Any], Mapping[str, Run]]]
) -> list[SiteVersion]:
    found = []
    for version, (created, manifest, runs) in told.items():
        if slug not in runs:
            continue
        inputs, results = contents_of(runs[slug])
        scale, line = scale_of_run(inputs), results.pooled
        withheld = slug in manifest.get("withheld", ())
        word = conclusion_word(inputs.plan.kind, results.headline.conclusion, withheld=withheld)
        found.append(
            SiteVersion(
                version, created, line.k, scale.number(line.estimate, line.ci),
                scale.interval(line.ci),
                word or "", runs[slug].number,
            )
        )  # fmt: skip
    return found


def data_of(session: Session, content: SiteContent) -> dict[str, bytes]:
    """Return the files of data and scripts of a release, by name."""
    manifest = content.manifest
    runs = runs_of(session, manifest)
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        write_data(place, list(runs.values()), frozenset(manifest.get("withheld", ())))
        citation_file(
            place, content.title, content.version, content.licence, content.authors,
            content.created,
        )  # fmt: skip
        found = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
    latest = []
    for slug, run in runs.items():
        inputs, results = contents_of(run)
        unmoved = compare((inputs, results), (inputs, results))
        latest.append(LatestRun(slug, run.number, inputs, results, unmoved, run.key))
    for name, text in scripts(content.title, latest).items():
        found[name] = text.encode()
    text = json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
    found["manifest.json"] = (text + "\n").encode()
    return found


def released_digest(content: SiteContent, name: str) -> str | None:
    """Return the SHA-256 that the manifest has of a file; None of one that is not in it."""
    digest = content.manifest.get("files", {}).get(name)
    return None if digest is None else str(digest)


def stamp(content: SiteContent) -> str:
    """Return when the release was made, as its pages print it."""
    return utc_text(content.created)[:16].replace("T", " ")
