"""The PRISMA flow: every identity holds, templates are filled, and a gap is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from review.citations.vocabulary import SourceKind
from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.export.flow.column import Earlier, FlowInputs, StatedVersion
from review.export.flow.counting import count_flow
from review.export.flow.model import (
    BatchLine,
    Flow,
    FlowDoesNotCloseError,
    Identity,
    Template,
    check,
)
from review.export.flow.prisma import figure_of, flow_of, listed
from review.extraction.linking.actions import link_report, unlink_report
from review.history.actions import writing
from review.screening.conduct import note_previous_version
from review.screening.fates import fates_of
from review.screening.ledger import Ledger
from review.screening.retrieval import note_retrieval
from review.screening.rules import Ballot
from review.screening.vocabulary import RemovalCause, RetrievalOutcome, Stage, Verdict
from tests.conftest import NOW
from tests.screening.builders import (
    attributed,
    import_records,
    link_duplicates,
    make_review,
    say,
    the_review,
)

ABSTRACT, FULL = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT
IN, OUT = Verdict.INCLUDE, Verdict.EXCLUDE
LATER = NOW + timedelta(days=30)


def _both(verdict: Verdict, reason: int | None = None) -> list[Ballot]:
    return [Ballot(1, 1, verdict, reason), Ballot(2, 2, verdict, reason)]


def twelve() -> Ledger:
    """Twelve records, counted by hand in the first test; 11 and 12 come by other methods."""
    return Ledger(
        records={record: 1 if record <= 6 else 2 if record <= 10 else 3 for record in range(1, 13)},
        duplicates={7: 1},
        removals={2: RemovalCause.AUTOMATION_TOOL, 3: RemovalCause.OTHER},
        ballots={
            (ABSTRACT, 1): _both(IN),
            (ABSTRACT, 4): _both(IN),
            (ABSTRACT, 5): _both(IN),
            (ABSTRACT, 6): _both(OUT),
            (ABSTRACT, 8): _both(IN),
            (ABSTRACT, 9): _both(IN),
            (ABSTRACT, 10): _both(IN)[:1],
            (ABSTRACT, 11): _both(IN),
            (ABSTRACT, 12): _both(OUT),
            (FULL, 1): _both(IN),
            (FULL, 4): _both(OUT, 2),
            (FULL, 5): _both(OUT, 1),
            (FULL, 8): _both(IN),
            (FULL, 11): _both(IN),
        },
        retrievals={
            **dict.fromkeys((1, 4, 5, 8, 11), RetrievalOutcome.RETRIEVED),
            9: RetrievalOutcome.NOT_RETRIEVED,
        },
    )


def inputs() -> FlowInputs:
    return FlowInputs(
        review="alliance",
        title="Alliance",
        fates=fates_of(twelve()),
        batches=(
            BatchLine(1, "PubMed", SourceKind.DATABASE, "pubmed.ris", 6, 0, 6),
            BatchLine(2, "ISRCTN", SourceKind.REGISTER, "isrctn.csv", 5, 1, 4),
            BatchLine(3, "Chasing", SourceKind.CITATION_SEARCHING, "c.ris", 2, 0, 2),
        ),
        reasons=("wrong population", "wrong comparator", "no outcome"),
        links={1: 70, 8: 70, 11: 71},
        not_retrieved={9: "withdrawn by the publisher"},
    )


def numbers(flow: Flow) -> dict[str, int]:
    return {key: box.n for key, box in flow.boxes.items()}


def test_a_flow_counted_by_hand() -> None:
    assert numbers(count_flow(inputs())) == {
        "records_identified": 10,
        "duplicates_removed": 1,
        "removed_by_automation_tools": 1,
        "removed_for_other_reasons": 1,
        "records_screened": 6,
        "records_excluded": 1,
        "awaiting_screening": 1,
        "reports_sought": 5,
        "reports_not_retrieved": 1,
        "awaiting_retrieval": 0,
        "awaiting_assessment": 0,
        "reports_assessed": 4,
        "reports_excluded": 2,
        "reports_included": 2,
        "other_records_identified": 2,
        "other_duplicates_removed": 0,
        "other_removed_by_automation_tools": 0,
        "other_removed_for_other_reasons": 0,
        "other_records_screened": 2,
        "other_records_excluded": 1,
        "other_awaiting_screening": 0,
        "other_reports_sought": 1,
        "other_reports_not_retrieved": 0,
        "other_awaiting_retrieval": 0,
        "other_awaiting_assessment": 0,
        "other_reports_assessed": 1,
        "other_reports_excluded": 0,
        "other_reports_included": 1,
        "included_studies": 2,
        "included_reports": 3,
        "reports_not_linked": 0,
        "reports_of_withdrawn_studies": 0,
        "studies_outside": 0,
        "studies_pooled": 0,
    }


def test_studies_that_no_record_led_to_are_not_in_the_flow_and_it_says_so() -> None:
    given = replace(inputs(), studies=frozenset({70, 71, 80, 81}), pooled=frozenset({70, 80}))
    flow = count_flow(given)
    assert (flow.n("included_studies"), flow.boxes["studies_outside"].ids) == (2, (80, 81))
    assert flow.notes[0] == (
        "Not in this flow: 2 studies of the review that no included record leads to, 1 in a "
        "meta-analysis."
    )
    assert figure_of(flow).included.lines[-1] == "Studies included in meta-analysis (n = 2)"
    assert figure_of(flow).note.startswith("Not in this flow")


def test_reports_of_no_study_and_of_withdrawn_ones_are_not_reports_of_included_studies() -> None:
    given = replace(inputs(), links={1: 70, 8: 70}, withdrawn=frozenset({70}))
    flow = count_flow(given)
    assert [flow.n(key) for key in ("included_studies", "included_reports")] == [0, 0]
    assert flow.boxes["reports_not_linked"].ids == (11,)
    assert flow.boxes["reports_of_withdrawn_studies"].ids == (1, 8)


def test_sources_and_reasons_are_lines_within_boxes() -> None:
    flow = count_flow(inputs())
    sources = [(part.label, part.n) for part in flow.boxes["records_identified"].parts]
    assert sources == [("Databases: PubMed", 6), ("Registers: ISRCTN", 4)]
    reasons = [(part.label, part.n, part.ids) for part in flow.boxes["reports_excluded"].parts]
    assert reasons == [("wrong population", 1, (5,)), ("wrong comparator", 1, (4,))]
    assert flow.notes == ("Not counted: 1 entry of the files that could not be read.",)
    assert [(line.duplicates, line.included) for line in flow.batches] == [(0, 1), (1, 1), (0, 1)]


def test_every_record_is_in_the_boxes_that_count_it() -> None:
    flow = count_flow(inputs())
    assert all(len(box.ids) == box.n and len(set(box.ids)) == box.n for box in flow.boxes.values())
    assert flow.boxes["records_screened"].ids == (1, 4, 5, 6, 8, 9)
    with pytest.raises(NotFoundError, match="no box 'eligible'"):
        flow.box("eligible")
    assert flow.box("reports_excluded/2").ids == (4,)


def test_without_other_methods_the_template_has_no_such_column() -> None:
    given = inputs()
    batches = [*given.batches[:2], replace(given.batches[2], kind=SourceKind.DATABASE)]
    flow = count_flow(replace(given, batches=batches))
    assert not flow.other_methods
    assert flow.n("records_identified") == 12
    assert not any(key.startswith("other_") for key in flow.boxes)


def test_a_batch_without_a_search_is_counted_and_said() -> None:
    given = inputs()
    flow = count_flow(replace(given, batches=[replace(given.batches[0], kind=None),
                                              *given.batches[1:]]))  # fmt: skip
    assert flow.boxes["records_identified"].parts[0].label == "Source unstated"
    assert "No search was stated for: pubmed.ris." in flow.notes


def test_a_flow_that_does_not_close_names_the_difference() -> None:
    given = inputs()
    lost = [replace(given.batches[0], stored=8, read=8), *given.batches[1:]]
    with pytest.raises(FlowDoesNotCloseError) as caught:
        count_flow(replace(given, batches=lost))
    assert str(caught.value) == (
        "the flow does not close: records stored by batch = records in the ledger: "
        "14 is not 12 (difference 2)"
    )


def test_an_excluded_report_without_a_reason_of_the_list_does_not_close() -> None:
    with pytest.raises(FlowDoesNotCloseError, match="excluded by reason = reports included"):
        count_flow(replace(inputs(), reasons=("wrong population",)))


def test_all_differences_are_named_at_once() -> None:
    flow = count_flow(inputs())
    wrong = replace(flow, identities=(Identity("a = b", 3, 1), Identity("c = d", 1, 1),
                                      Identity("e = f", 0, 4)))  # fmt: skip
    with pytest.raises(FlowDoesNotCloseError, match=r"3 is not 1 \(difference 2\); e = f: 0"):
        check(wrong)
    assert len(flow.identities) == 24


def test_a_stated_previous_version_fills_the_template_for_updates() -> None:
    flow = count_flow(replace(inputs(), stated=StatedVersion("Norwood 2018", 12, 13)))
    assert flow.template is Template.UPDATED
    assert (flow.n("previous_studies"), flow.n("previous_reports")) == (12, 13)
    assert (flow.n("total_studies"), flow.n("total_reports")) == (14, 16)
    assert flow.boxes["included_studies"].label == "New studies included in review"
    assert flow.boxes["total_studies"].stated == 12


def test_a_withdrawn_study_is_not_counted_and_its_reports_are_shown() -> None:
    flow = count_flow(replace(inputs(), withdrawn=frozenset({70})))
    assert (flow.n("included_studies"), flow.n("reports_of_withdrawn_studies")) == (1, 2)


def test_an_update_counts_what_is_new_and_what_was_carried_over() -> None:
    given = inputs()
    ledger = twelve()
    then = Ledger(
        records={r: b for r, b in ledger.records.items() if b < 3},
        duplicates={7: 1},
        removals=ledger.removals,
        ballots={
            key: ledger.ballots[key]
            for key in [(ABSTRACT, r) for r in (1, 4, 5, 6, 9)] + [(FULL, 1), (FULL, 4)]
        },
        retrievals={r: ledger.retrievals[r] for r in (1, 4, 5, 9)},
    )
    flow = count_flow(replace(given, earlier=Earlier(NOW, fates_of(then), {1: 70}), version="2"))
    # included before: 1. Unfinished then: 5 (unread), 8 and 10 (undecided). New: 11, 12.
    assert [flow.n(k) for k in ("previous_studies", "previous_reports")] == [1, 1]
    assert flow.boxes["records_identified"].ids == (5, 8, 10)
    assert [p.label for p in flow.boxes["records_identified"].parts] == [
        "Carried over from the previous version"
    ]
    assert flow.n("other_records_identified") == 2
    assert flow.n("included_reports") == 2  # 8 and 11
    assert flow.n("included_studies") == 1  # 71; 8 reports a study that was there
    assert [flow.n(k) for k in ("total_studies", "total_reports")] == [2, 3]
    assert flow.living is not None
    assert flow.living.trigger == "new records from Chasing (c.ris)"
    changes = {change.box: (change.before, change.now) for change in flow.living.changes}
    assert changes["records_screened"] == (5, 6)
    assert changes["other_records_identified"] == (0, 2)
    assert "records_identified" not in changes  # of all versions: 10 before and now


def test_a_report_no_longer_included_is_said() -> None:
    given = inputs()
    ledger = twelve()
    earlier = Earlier(NOW, given.fates, given.links)
    reversed_ = replace(ledger, ballots={**ledger.ballots, (FULL, 11): _both(OUT, 1)})
    flow = count_flow(replace(given, fates=fates_of(reversed_), earlier=earlier))
    assert (flow.n("withdrawn_reports"), flow.n("withdrawn_studies")) == (1, 1)
    assert (flow.n("total_reports"), flow.n("total_studies")) == (2, 1)


@pytest.fixture
def finished(database: Database) -> list[int]:
    """Ten records in two batches, finished but for one report without a study."""
    make_review(database)
    first = import_records(database, [f"A {i}" for i in range(6)], source="PubMed")
    for who in ("anna", "ben"):
        say(database, who, IN, *first[:3])
        say(database, who, OUT, *first[3:])
    with writing(database, attributed("anna")) as session:
        review = the_review(session)
        got = {"outcome": RetrievalOutcome.RETRIEVED, "handle": "anna", "now": NOW}
        note_retrieval(session, review, first[:3], **got)  # type: ignore[arg-type]
    for who in ("anna", "ben"):
        say(database, who, IN, *first[:2], stage=FULL)
        say(database, who, OUT, first[2], stage=FULL, reason="2")
    with writing(database, attributed("anna")) as session:
        link_report(session, the_review(session), first[0], "Day 2002", handle="anna", now=NOW,
                    new=True)  # fmt: skip
    second = import_records(database, [f"B {i}" for i in range(4)], source="PsycINFO", at=LATER)
    link_duplicates(database, [(first[0], second[0])], at=LATER)
    for who in ("anna", "ben"):
        say(database, who, OUT, *second[1:], at=LATER)
    return [*first, *second]


def test_a_flow_from_the_database(database: Database, finished: list[int]) -> None:
    with database.reading() as session:
        review = the_review(session)
        flow = flow_of(session, review)
        assert flow.n("records_identified") == len(finished)
        assert (flow.n("included_studies"), flow.n("included_reports")) == (1, 1)
        assert flow.n("reports_not_linked") == 1
        rows = listed(session, review, flow, "reports_excluded")
        assert [(row["record"], row["under"]) for row in rows] == [
            (finished[2], "wrong comparator")
        ]
        assert listed(session, review, flow, "included_studies") == [{"study": "Day 2002"}]


def test_a_flow_since_a_time(database: Database, finished: list[int]) -> None:
    with database.reading() as session:
        review = the_review(session)
        flow = flow_of(session, review, since=NOW + timedelta(days=1), trigger="monthly search")
        assert flow.template is Template.UPDATED
        assert flow.boxes["records_identified"].ids == tuple(finished[6:])
        assert (flow.n("previous_reports"), flow.n("included_reports")) == (2, 0)
        assert flow.n("duplicates_removed") == 1
        assert flow.living is not None
        assert flow.living.trigger == "monthly search"
        with pytest.raises(InvalidDataError, match="there was no version"):
            flow_of(session, review, since=NOW - timedelta(days=1))


def test_unlinking_takes_a_report_from_its_study(database: Database, finished: list[int]) -> None:
    with writing(database, attributed("anna")) as session:
        unlink_report(
            session, the_review(session), finished[0], handle="anna", now=LATER, reason="another"
        )
    with database.reading() as session:
        flow = flow_of(session, the_review(session))
    assert (flow.n("included_studies"), flow.n("reports_not_linked")) == (0, 2)


def test_stated_studies_come_from_the_newest_statement(
    database: Database, finished: list[int]
) -> None:
    for studies in (11, 12):
        with writing(database, attributed("anna")) as session:
            note_previous_version(
                session, the_review(session), citation="Norwood 2018", studies=studies,
                reports=studies, now=NOW,
            )  # fmt: skip
    with database.reading() as session:
        flow = flow_of(session, the_review(session))
    assert flow.n("previous_studies") == 12
    assert flow.n("total_reports") == 12 + 1  # the other one leads to no study yet
    assert len(finished) == 10


def test_a_figure_says_every_number_of_its_flow() -> None:
    flow = count_flow(replace(inputs(), stated=StatedVersion("Norwood 2018", 12, 13)))
    figure = figure_of(flow)
    assert figure.other is not None
    assert figure.previous is not None
    rows = [box for branch in (figure.main, figure.other) for row in branch.rows for box in row]
    lines = [line for box in rows if box for line in box.lines]
    assert "Records screened (n = 6)" in lines
    assert "Duplicate records removed (n = 1)" in lines
    assert "Reports excluded (n = 2):" in lines
    assert "   wrong population (n = 1)" in lines
    assert "Records awaiting screening (n = 1)" in lines
    assert figure.included.lines[0] == "New studies included in review (n = 2)"
