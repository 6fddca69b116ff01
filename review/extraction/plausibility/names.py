"""One study, arm, treatment, time or instrument under two names that are nearly one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from review.extraction.evidence import Evidence
from review.extraction.plausibility.finding import Finding, Kind, Severity
from review.extraction.twins import twins


def name_findings(
    items: Sequence[Evidence],
    labels: Mapping[int, str] | None = None,
    only: Collection[int] | None = None,
) -> Iterator[Finding]:
    """Yield names that may be two spellings of one; of each pair, the one that came later.

    Parameters
    ----------
    items
        The results that count.
    labels
        All studies of the review by id, also those without results; None takes those of `items`.
    only
        Studies whose arms, treatments and times are looked at, and not what the studies are called.
    """
    studies = labels if labels is not None else {item.study_id: item.study for item in items}
    id_of = {label: study for study, label in sorted(studies.items(), reverse=True)}
    for label, other in twins(studies[i] for i in sorted(studies) if only is None):
        yield _finding(id_of[label], label, "study", label, other)
    arms: dict[int, dict[str, int]] = defaultdict(dict)
    treatments: dict[str, tuple[int, int]] = {}
    for item in items:
        for arm in (item.arm, item.versus):
            if arm is not None and arm.arm_id is not None:
                arms[item.study_id].setdefault(arm.label, arm.arm_id)
                here = (arm.arm_id, item.study_id)
                treatments[arm.treatment] = min(here, treatments.get(arm.treatment, here))
    for study, found in arms.items():
        if only is not None and study not in only:
            continue
        for label, other in twins(sorted(found, key=found.__getitem__)):
            yield _finding(study, studies[study], "arm", label, other)
    yield from _of_review("treatment", treatments, studies)
    for kind in ("timepoint", "instrument"):
        named: dict[str, tuple[int, int]] = {}
        for item in items:
            here = (item.result_id, item.study_id)
            named[getattr(item, kind)] = min(here, named.get(getattr(item, kind), here))
        yield from _of_review(kind, named, studies)


def _of_review(
    kind: str, named: Mapping[str, tuple[int, int]], studies: Mapping[int, str]
) -> Iterator[Finding]:
    for name, other in twins(sorted(named, key=named.__getitem__)):
        study = named[name][1]
        yield _finding(study, studies[study], kind, name, other)


def _finding(study_id: int, study: str, kind: str, name: str, other: str) -> Finding:
    of = f' "{study}"' if kind == "arm" else ""
    act = "rename" if kind == "timepoint" else "merge"
    into = f'"{other}"' if kind == "timepoint" else f'--into "{other}"'
    remedy = f'review {kind} {act}{of} "{name}" {into}'
    return Finding(
        kind=Kind.NEARLY_ONE_NAME,
        severity=Severity.DOUBT,
        study_id=study_id,
        study=study,
        place=kind if kind == "study" else f"{kind} {name}",
        message=f'nearly the same name as "{other}": the same {kind}? ({remedy})',
        numbers={"name": name, "other": other},
    )
