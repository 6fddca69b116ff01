"""What readers saw last of each analysis, and which trials moved since: found by SQL, written anew.

The last release that is not the review as it stands; without one, of each analysis the last run on
other data.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, Final

from tests.export.manuscript.claims.reading import Read, decoded

Baseline = tuple[dict[str, Any], dict[str, Any]]
"""Results and inputs of a run."""

NO_DATA: Final = frozenset({"study", "characteristics", "year", "not_used"})
"""What of a trial's input is no number, and no choice among its results."""

WITHDRAWN: Final = {"retracted", "partly retracted", "under an expression of concern"}
"""What records say of works that can no longer be relied on."""


def _data(inputs: dict[str, Any]) -> dict[str, str]:
    def kept(trial: dict[str, Any]) -> str:
        return json.dumps({k: v for k, v in trial.items() if k not in NO_DATA}, sort_keys=True)

    return {str(trial["study_id"]): kept(trial) for trial in inputs["trials"]}


def _release(read: Read) -> str | None:
    """Return the release that readers saw, if there is one."""
    versions = list(read.manifests)
    if not versions:
        return None
    newest = {
        row[0]
        for row in read.all(
            "select n.key from run n where n.id in (select max(r.id) from run r join analysis a "
            "on a.id = r.analysis_id where a.review_id = :r group by a.id)"
        )
    }
    given = {facts["key"] for facts in read.manifests[versions[-1]]["runs"].values()}
    searched = str(read.one("select max(ran_on) from search where review_id = :r") or "")
    if given == newest and searched <= read.released[versions[-1]]:
        versions.pop()
    return versions[-1] if versions else None


def _row(read: Read, title: str) -> tuple[Any, ...] | None:
    """Return the run of an analysis that readers saw: results, inputs, number, day."""
    version, rows = _release(read), read.runs(title)
    if version is not None:
        keys = {facts["key"] for facts in read.manifests[version]["runs"].values()}
        given = {
            row[0]
            for row in read.all(
                "select r.id from run r join analysis a on a.id = r.analysis_id "
                "where a.review_id = :r and r.key in "
                f"({', '.join(repr(key) for key in sorted(keys))})"
            )
        }
        return next((row for row in rows if row[4] in given), None)
    for later, earlier in pairwise(rows):
        if _data(later[1]) != _data(earlier[1]):
            return tuple(earlier)
    return tuple(rows[1]) if len(rows) > 1 else None


def baseline(read: Read, title: str) -> Baseline | None:
    """Return results and inputs that readers saw last; None where they saw none."""
    row = _row(read, title)
    return None if row is None else (row[0], row[1])


def since(read: Read, title: str) -> str:
    """Return what print calls it."""
    version, row = _release(read), _row(read, title)
    assert row is not None
    if version is not None:
        return f"version {version} of {read.released[version]}"
    return f"the results of {row[3][:10]} (run {row[2]})"


def seen_on(read: Read, title: str) -> str | None:
    """Return the day on which readers saw it."""
    version, row = _release(read), _row(read, title)
    if row is None:
        return None
    return read.released[version] if version is not None else str(row[3])[:10]


def replanned(read: Read) -> set[str]:
    """Return the analyses whose plan is another one."""
    return {
        title
        for title in read.titles
        if (before := baseline(read, title)) and before[1]["plan"] != read.runs(title)[0][1]["plan"]
    }


def trials_moved(read: Read) -> dict[str, dict[str, str]]:
    """Return trials that were added, removed, renamed, corrected or retracted, by name."""
    moved: dict[str, dict[str, str]] = {
        word: {} for word in ("added", "removed", "renamed", "corrected", "retracted")
    }
    labels = {
        row[0]: row[1] for row in read.all("select id, label from study where review_id = :r")
    }
    for title in read.titles:
        before = baseline(read, title)
        if before is None:
            continue
        inputs = read.runs(title)[0][1]
        old = {t["study_id"]: t["study"] for t in before[1]["trials"]}
        new = {t["study_id"]: t["study"] for t in inputs["trials"]}
        moved["added"] |= {name: "" for study, name in new.items() if study not in old}
        moved["removed"] |= {name: "" for study, name in old.items() if study not in new}
        moved["renamed"] |= {
            name: labels[study] for study, name in old.items() if labels.get(study, name) != name
        }
        was, now = _data(before[1]), _data(inputs)
        moved["corrected"] |= {
            new[int(study)]: "" for study in was.keys() & now.keys() if was[study] != now[study]
        }
        retracted = {
            row[0]
            for row in read.all(
                "select l.study_id, c.notices from report_link l join record c "
                "on c.id = l.record_id where c.review_id = :r"
            )
            if WITHDRAWN & {kind for kind, _ in decoded(row[1])}
        }
        moved["retracted"] |= {name: "" for study, name in new.items() if study in retracted}
    return moved
