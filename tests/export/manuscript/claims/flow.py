"""The flow of a review counted anew: what became of each record, by SQL and the rules of PRISMA."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from tests.export.manuscript.claims.reading import Read


@dataclass(frozen=True)
class Counted:
    """Records by the box they stand in, and what the included ones lead to."""

    boxes: Counter[str]
    reasons: Counter[str]
    studies: set[int]
    reports: int
    unlinked: int
    of_withdrawn: int

    def n(self, *names: str) -> int:
        """Return how many stand in some boxes."""
        return sum(self.boxes[name] for name in names)

    @property
    def screened(self) -> int:
        """Records with a settled title and abstract."""
        return self.n("excluded") + self.sought

    @property
    def sought(self) -> int:
        """Reports that were to be retrieved, as far as it was tried."""
        return self.n("missing") + self.n("no full text yet") + self.assessed + self.n("waiting")

    @property
    def assessed(self) -> int:
        """Reports that were settled in full text."""
        return self.n("report excluded", "included")


def flow(read: Read) -> Counted:
    """Return the flow of a review as the tables have it."""
    records = read.all(
        "select c.id from record c join batch b on b.id = c.batch_id where c.review_id = :r and "
        "b.withdrawn_because is null order by c.id"
    )
    first = _first_of_each(read)
    removed = _newest(read, "removal", "cause")
    retrieved = _newest(read, "retrieval", "outcome")
    titles, texts = _settled(read, "title_abstract"), _settled(read, "full_text")
    links = dict(
        map(tuple, read.all(
            "select l.record_id, l.study_id from report_link l join study s on s.id = l.study_id "
            "where s.review_id = :r and l.id in "
            "(select max(id) from report_link group by record_id)"
        ))
    )  # fmt: skip
    gone = {
        row[0]
        for row in read.all(
            "select id from study where review_id = :r and excluded_because is not null"
        )
    }
    boxes, reasons = Counter[str](), Counter[str]()
    included: list[int] = []
    for (record,) in records:
        box, reason = _box(record, first, removed, titles, retrieved, texts)
        boxes[box] += 1
        if reason is not None:
            reasons[reason] += 1
        if box == "included":
            included.append(record)
    linked = [links[record] for record in included if record in links]
    return Counted(
        boxes, reasons, set(linked) - gone,
        sum(study not in gone for study in linked), len(included) - len(linked),
        sum(study in gone for study in linked),
    )  # fmt: skip


def _box(
    record: int,
    first: dict[int, int],
    removed: dict[int, str],
    titles: dict[int, tuple[str, str | None]],
    retrieved: dict[int, str],
    texts: dict[int, tuple[str, str | None]],
) -> tuple[str, str | None]:
    if first.get(record, record) != record:
        return "duplicate", None
    cause = removed.get(record, "restored")
    if cause != "restored":
        return ("automation" if cause == "automation_tool" else "other"), None
    said = titles.get(record)
    if said is None:
        return "awaiting", None
    if said[0] == "exclude":
        return "excluded", None
    judged = texts.get(record)
    if judged is None:
        kept = {"not_retrieved": "missing", "retrieved": "waiting"}
        return kept.get(retrieved.get(record, ""), "no full text yet"), None
    return ("report excluded", judged[1]) if judged[0] == "exclude" else ("included", None)


def _newest(read: Read, table: str, column: str) -> dict[int, str]:
    rows = read.all(
        f"select t.record_id, t.{column} from {table} t join record c on c.id = t.record_id "
        f"where c.review_id = :r and t.id in (select max(id) from {table} group by record_id)"
    )
    return {row[0]: str(row[1]).lower() for row in rows}


def _first_of_each(read: Read) -> dict[int, int]:
    """Return the lowest record of each group of duplicates, by record."""
    said = {
        row[0]: str(row[1]).lower()
        for row in read.all(
            "select d.pair_id, d.verdict from duplicate_decision d where d.id in "
            "(select max(id) from duplicate_decision group by pair_id)"
        )
    }
    parent: dict[int, int] = {}

    def root(record: int) -> int:
        while parent.get(record, record) != record:
            record = parent[record]
        return record

    for pair, one, other, band in read.all(
        "select id, earlier_id, later_id, band from duplicate_pair where review_id = :r order by id"
    ):
        verdict = said.get(pair, "undecided")
        if verdict == "duplicate" or (verdict == "undecided" and str(band).lower() == "certain"):
            low, high = sorted((root(one), root(other)))
            parent[high] = low
    return {record: root(record) for record in parent}


def _settled(read: Read, stage: str) -> dict[int, tuple[str, str | None]]:
    """Return what was settled of each record at a stage: the verdict, and the reason to exclude."""
    required = read.one(
        "select required from stage_setting where review_id = :r and lower(stage) = :s", s=stage
    )
    reasons = read.all("select id, label, place from exclusion_reason")
    labels = {row[0]: row[1] for row in reasons}
    places = {row[1]: row[2] for row in reasons}
    cast: dict[int, dict[int, Any]] = defaultdict(dict)
    for record, person, verdict, reason in read.all(
        "select d.record_id, d.person_id, d.verdict, d.reason_id from decision d "
        "join record c on c.id = d.record_id where c.review_id = :r and lower(d.stage) = :s and "
        "not exists (select 1 from decision_withdrawal w where w.decision_id = d.id) "
        "order by d.id", s=stage,
    ):  # fmt: skip
        cast[record][person] = (str(verdict).lower(), labels.get(reason))
    settled: dict[int, tuple[str, str | None]] = {}
    for record, of in cast.items():
        verdicts = {verdict for verdict, _ in of.values()}
        if len(of) < (required or 2):
            continue
        if verdicts == {"exclude"}:
            given = [reason for _, reason in of.values() if reason]
            settled[record] = ("exclude", min(given, key=places.__getitem__, default=None))
        elif verdicts == {"include"} or (stage == "title_abstract" and "exclude" not in verdicts):
            settled[record] = ("include", None)
    for record, verdict, reason in read.all(
        "select j.record_id, j.verdict, j.reason_id from adjudication j join record c on "
        "c.id = j.record_id where c.review_id = :r and lower(j.stage) = :s order by j.id", s=stage,
    ):  # fmt: skip
        settled[record] = (str(verdict).lower(), labels.get(reason))
    return settled
