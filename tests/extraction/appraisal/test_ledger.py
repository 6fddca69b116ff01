"""Appraisals in the database: blind, append-only, settled beside what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review.db import Database
from review.errors import AlreadyExistsError, FileError, InvalidDataError, NotFoundError
from review.extraction.appraisal import queries
from review.extraction.appraisal.actions import (
    adopt_tool,
    appraise,
    appraise_all,
    set_assessors,
    settle,
)
from review.extraction.appraisal.agreement import domain_agreement
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.appraisal.certainty import certainties, rate_certainty, ratings
from review.extraction.appraisal.form import Form, Stated, Target
from review.extraction.appraisal.grade import Step
from review.extraction.appraisal.models import AppraisalAnswer, AppraisalRow
from review.extraction.appraisal.picture import merged_domains, of_target, picture
from review.extraction.appraisal.rules import judgement_of
from review.extraction.appraisal.vocabulary import (
    About,
    Certainty,
    Consideration,
    Design,
    Kind,
    State,
)
from review.figures.risk_of_bias import Blank
from review.history.actions import Attribution, writing
from review.history.queries import events
from review.people.actions import join_review, person_called
from review.people.rules import Role
from review.protocol.actions import revise_analysis
from review.protocol.queries import plan_of, versions
from review.protocol.specs import AnalysisSpec
from review.screening.actions import screener
from tests.conftest import NOW
from tests.extraction.appraisal.samples import ALLIANCE, a_review, form, the_review

ROB = "rob2-parallel"
FROZEN = (
    "appraisal_tool",
    "appraisal",
    "appraisal_answer",
    "appraisal_judgement",
    "certainty_rating",
    "certainty_step",
)


def say(database: Database, by: Attribution, person: str, given: Form, tool: str = ROB) -> bool:
    with writing(database, by) as session:
        return appraise(session, the_review(session), tool, given, handle=person, now=NOW)


def state(database: Database, target: Target = ALLIANCE) -> State:
    with database.reading() as session:
        found = {s.target: s.state for s in queries.standings(session, the_review(session), ROB)}
    return found[target]


def test_two_assessors_who_agree_settle_a_result(database: Database, by: Attribution) -> None:
    a_review(database, by)
    assert say(database, by, "ada", form())
    assert state(database) is State.AWAITING
    with database.reading() as session:
        assert queries.judgements(session, the_review(session), ROB) == {}
    assert say(database, by, "ben", form(q1_1="NI"))
    with database.reading() as session:
        settled = queries.judgements(session, the_review(session), "rob2")
    assert list(settled) == [ALLIANCE]
    assert (settled[ALLIANCE].judgement, settled[ALLIANCE].label) == ("low", "Low")
    assert settled[ALLIANCE].state is State.AGREED
    assert settled[ALLIANCE].version == "2019-08-22"


def test_an_assessor_sees_nobody_elses_appraisal_until_all_have_judged(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    say(database, by, "ada", form(q1_2="N"))

    def seen(handle: str) -> tuple[list[str], int, int]:
        with database.reading() as session:
            (sheet,) = queries.sheets(session, the_review(session), ROB, handle=handle)
        return [said.person for said in sheet.said], sheet.hidden, len(sheet.differences)

    assert seen("ada") == (["ada"], 0, 0)
    assert seen("ben") == ([], 1, 0)
    say(database, by, "ben", form())
    assert seen("ben") == (["ada", "ben"], 0, 3)
    assert seen("cleo")[0] == ["ada", "ben"]


def test_an_assessor_may_judge_again_while_blind_and_not_after(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    assert say(database, by, "ada", form(q1_2="N"))
    assert not say(database, by, "ada", form(q1_2="N")), "the same again is nothing new"
    assert say(database, by, "ada", form())
    say(database, by, "ben", form())
    with pytest.raises(InvalidDataError, match="judgements may be seen now"):
        say(database, by, "ada", form(q1_2="N"))
    with pytest.raises(InvalidDataError, match="has its 2 assessors"):
        say(database, by, "cleo", form())
    assert not say(database, by, "ada", form()), "the same again is no change"
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(AppraisalRow.id))) == 3


def test_a_consensus_stands_beside_what_both_said(database: Database, by: Attribution) -> None:
    a_review(database, by)
    say(database, by, "ada", form(q1_2="N"))
    decision: dict[str, Any] = {
        "handle": "cleo",
        "now": NOW,
        "reason": "the registry says concealed",
    }
    with writing(database, by) as session, pytest.raises(InvalidDataError, match="has 1 of its 2"):
        settle(session, the_review(session), ROB, form(), **decision)
    say(database, by, "ben", form())
    assert state(database) is State.CONFLICT
    with writing(database, by) as session:
        review = the_review(session)
        with pytest.raises(InvalidDataError, match="needs a reason"):
            settle(session, review, ROB, form(), handle="cleo", now=NOW, reason=" ")
        assert settle(session, review, ROB, form(), **decision)
        assert not settle(session, review, ROB, form(), **decision)
    with database.reading() as session:
        (sheet,) = queries.sheets(session, the_review(session), ROB, handle="dan")
    assert [(s.person, s.kind, s.appraisal.overall.judgement) for s in sheet.said] == [
        ("ada", Kind.ASSESSOR, "high"),
        ("ben", Kind.ASSESSOR, "low"),
        ("cleo", Kind.CONSENSUS, "low"),
    ]
    assert state(database) is State.CONSENSUS


def test_one_assessor_is_enough_where_the_review_says_so_and_is_told_apart(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        set_assessors(session, the_review(session), 1)
    say(database, by, "ada", form())
    assert state(database) is State.SINGLE
    assert say(database, by, "ada", form(q1_2="N")), "nobody else is there to be blind to"
    with pytest.raises(InvalidDataError):
        say(database, by, "ben", form())
    with database.reading() as session:
        found = queries.standings(session, the_review(session), ROB)
    assert "One assessor alone: 1 of 1." in picture(found, title="T").note
    with writing(database, by) as session:
        set_assessors(session, the_review(session), 2)
    assert state(database) is State.AWAITING
    with writing(database, by) as session, pytest.raises(InvalidDataError, match="1 to 5"):
        set_assessors(session, the_review(session), 0)


def test_a_result_is_an_outcome_perhaps_by_instrument_and_timepoint(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    whole = Target("Day (2002)", "alliance")
    late = Target("Day (2002)", "alliance", None, "12 months")
    wai = Target("Day (2002)", "alliance", "wai")
    answers: dict[Target, dict[str, Any]] = {whole: {}, late: {"q1_2": "N"}, wai: {"q1_2": "NI"}}
    for target, changed in answers.items():
        for person in ("ada", "ben"):
            say(database, by, person, form(target, **changed))
    with database.reading() as session:
        found = queries.judgements(session, the_review(session), ROB)

    def judged(**what: str) -> str | None:
        settled = judgement_of(found, study="Day (2002)", **what)
        return settled.judgement if settled else None

    assert judged(outcome="alliance", instrument="cali", timepoint="post") == "low"
    assert judged(outcome="alliance", instrument="cali", timepoint="12 months") == "high"
    assert judged(outcome="alliance", instrument="wai", timepoint="12 months") == "some_concerns"
    assert judged(outcome="symptoms") is None
    assert judgement_of(found, study="Yuen (2013)", outcome="alliance") is None


def test_targets_that_are_not_there_are_named(database: Database, by: Attribution) -> None:
    a_review(database, by)
    for target, words in (
        (Target("Day (2002)"), "say of which outcome"),
        (Target("Nobody (1900)", "alliance"), "has no study 'Nobody"),
        (Target("Day (2002)", "mood"), "has no outcome 'mood'"),
        (Target("Day (2002)", "alliance", "phq"), "phq does not measure alliance"),
    ):
        with pytest.raises((InvalidDataError, NotFoundError), match=words):
            say(database, by, "ada", form(target))


def test_a_tool_of_studies_judges_no_result(database: Database, by: Attribution) -> None:
    a_review(database, by)
    whole = shipped_tool(ROB).model_copy(
        update={"slug": "ours", "family": "ours", "about": About.STUDY}
    )
    with writing(database, by) as session:
        adopt_tool(session, the_review(session), whole, now=NOW)
    with pytest.raises(InvalidDataError, match="judges studies as a whole"):
        say(database, by, "ada", form(), "ours")
    for person in ("ada", "ben"):
        say(database, by, person, form(Target("Day (2002)")), "ours")
    with database.reading() as session:
        found = queries.judgements(session, the_review(session), "ours")
    result = judgement_of(found, study="Day (2002)", outcome="alliance", timepoint="post")
    assert result is not None
    assert result.judgement == "low"


def test_many_forms_are_taken_all_or_none(database: Database, by: Attribution) -> None:
    a_review(database, by)
    good = form(Target("Day (2002)", "alliance"))
    bad = [form(Target("Ertelt (2010)", "alliance"), q1_2=None), form(Target("X", "alliance"))]
    with (
        pytest.raises(FileError) as caught,
        writing(database, by) as session,
    ):
        appraise_all(
            session, the_review(session), ROB, [good, *bad], file="f.csv", handle="ada", now=NOW
        )
    assert "question 1.2 has no answer" in str(caught.value)
    assert "has no study 'X'; see them with: review study list" in str(caught.value)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(AppraisalRow.id))) == 0


def test_a_new_version_of_a_tool_leaves_what_was_judged_with_the_old_one(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    say(database, by, "ada", form())
    say(database, by, "ben", form())
    old = shipped_tool(ROB)
    with writing(database, by) as session:
        review = the_review(session)
        assert not adopt_tool(session, review, old, now=NOW), "it is there already"
        changed = old.model_copy(update={"title": "Something else"})
        with pytest.raises(AlreadyExistsError, match="version of its own"):
            adopt_tool(session, review, changed, now=NOW)
        newer = old.model_copy(update={"version": "2027"})
        assert adopt_tool(session, review, newer, now=NOW + timedelta(days=1))
        other_scale = newer.model_copy(update={"slug": "x", "scale": old.scale[:3]})
        with pytest.raises(InvalidDataError, match="has another scale"):
            adopt_tool(session, review, other_scale, now=NOW)
    with database.reading() as session:
        assert queries.judgements(session, the_review(session), ROB)[ALLIANCE].version == (
            "2019-08-22"
        )
    say(database, by, "ada", form(q1_2="N"))
    assert state(database) is State.AWAITING, "the newest version that was used counts"
    say(database, by, "ben", form(q1_2="N"))
    with database.reading() as session:
        settled = queries.judgements(session, the_review(session), ROB)[ALLIANCE]
    assert (settled.version, settled.judgement) == ("2027", "high")


def test_an_unknown_tool_is_named_with_the_remedy(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with pytest.raises(NotFoundError) as told:
        say(database, by, "ada", form(), "robins-i")
    assert str(told.value.remedy) == "adopt it with: review rob adopt robins-i"
    with database.reading() as session, pytest.raises(NotFoundError, match="rob2-parallel"):
        queries.judgements(session, the_review(session), "rob1")


def test_who_only_views_does_not_judge(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        person = person_called(session, "vera")
        join_review(session, review_id=the_review(session).id, person=person, role=Role.VIEWER)
    with pytest.raises(InvalidDataError, match="viewer"):
        say(database, by, "vera", form())


def test_a_statistician_judges_bias_though_they_screen_nothing(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        review = the_review(session)
        person = person_called(session, "stella")
        join_review(session, review_id=review.id, person=person, role=Role.STATISTICIAN)
        with pytest.raises(InvalidDataError, match="statistician"):
            screener(session, review, "stella")
    assert say(database, by, "stella", form())


def test_the_database_itself_refuses_to_change_what_was_judged(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    say(database, by, "ada", form())
    with writing(database, by) as session:
        few = {Consideration.IMPRECISION: Step(-1, "few")}
        rate: dict[str, Any] = {
            "handle": "ada",
            "now": NOW,
            "design": Design.RANDOMISED,
        }
        rate_certainty(session, the_review(session), "alliance", steps=few, **rate)
    for table in FROZEN:
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with (
                pytest.raises(sa.exc.DatabaseError, match=f"rows of {table} are never changed"),
                database.engine.begin() as connection,
            ):
                connection.execute(sa.text(statement))


def test_the_database_itself_refuses_a_judgement_without_ground(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    say(database, by, "ada", form())
    copy = (
        "INSERT INTO appraisal (tool_id, study_id, outcome_id, person_id, kind, overall, "
        "overall_proposed, overall_support, reason, judged_at, nonce, seal) SELECT tool_id, "
        "study_id, outcome_id, person_id, {0}, overall, {1}, NULL, NULL, judged_at, nonce, seal "
        "FROM appraisal"
    )
    for kind, proposal in (("'consensus'", "overall"), ("kind", "NULL"), ("kind", "'high'")):
        with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
            connection.execute(sa.text(copy.format(kind, proposal)))


def test_the_history_seals_an_appraisal_without_telling_it(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    say(database, by, "ada", form(domains={"D1": Stated("high", "secret reason")}))
    with database.reading() as session:
        (event,) = events(session, viewer=None, entity="appraisal")
        row = session.scalars(sa.select(AppraisalRow)).one()
        told = str([e.new for e in events(session, viewer=None)][:3])
        assert event.new is not None
        assert event.new["seal"] == row.seal
        assert "secret reason" not in told
        assert not {"overall", "overall_proposed", "nonce"} & set(event.new)
        assert session.scalar(sa.select(sa.func.count(AppraisalAnswer.id))) == 13
        assert queries.broken_seals(session, the_review(session)) == []


def test_a_broken_seal_is_found(database: Database, by: Attribution) -> None:
    a_review(database, by)
    say(database, by, "ada", form())
    thaw = (
        "DROP TRIGGER appraisal_answer_no_update"
        if database.is_sqlite
        else "ALTER TABLE appraisal_answer DISABLE TRIGGER ALL"
    )
    with database.engine.begin() as connection:
        connection.execute(sa.text(thaw))
        connection.execute(
            sa.text("UPDATE appraisal_answer SET answer = 'PN' WHERE question = '1.1'")
        )
    with database.reading() as session:
        (broken,) = queries.broken_seals(session, the_review(session))
    assert broken == "Day (2002) (alliance) by ada, rob2-parallel"


def test_agreement_counts_results_that_both_have_judged(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    for study, ben in (("Day (2002)", "Y"), ("Ertelt (2010)", "N"), ("Stubbings (2013)", "N")):
        target = Target(study, "alliance")
        ada = "N" if study != "Day (2002)" else "Y"
        say(database, by, "ada", form(target, q1_2=ada))
        say(database, by, "ben", form(target, q1_2="NI" if study.startswith("Ertelt") else ben))
    say(database, by, "ada", form(Target("Yuen (2013)", "alliance")))
    with database.reading() as session:
        found = {a.domain: a for a in domain_agreement(session, the_review(session), "rob2")}
    first = found["D1"].agreement
    assert found["D1"].assessors == ("ada", "ben")
    assert first.n == 3
    assert first.observed == pytest.approx(2 / 3)
    # chance: low 1/3 * 1/3, high 2/3 * 1/3, some concerns 0 * 1/3
    assert first.kappa == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    assert found["D5"].agreement.observed == 1
    assert set(found) == {"D1", "D2", "D3", "D4", "D5", "Overall"}


def test_the_picture_of_a_family_puts_each_domain_in_one_column(
    database: Database, by: Attribution
) -> None:
    a_review(database, by, ROB, "rob2-cluster", "rob2-crossover")
    tools = [shipped_tool(s) for s in (ROB, "rob2-cluster", "rob2-crossover")]
    assert [key for key, _ in merged_domains(tools)] == ["D1", "DS", "D1b", "D2", "D3", "D4", "D5"]
    for person in ("ada", "ben"):
        say(database, by, person, form(q1_2="N"))
    cluster = Target("Ertelt (2010)", "alliance")
    stated = {d.key: Stated("low", "as published") for d in tools[1].domains}
    say(database, by, "ada", Form(cluster, {}, stated), "rob2-cluster")
    with database.reading() as session:
        found = queries.standings(session, the_review(session), "rob2")
    plot = picture(found, title="T")
    assert [row.label for row in plot.rows] == ["Day (2002)", "Ertelt (2010)"]
    assert [d.key for d in plot.domains] == ["D1", "D1b", "D2", "D3", "D4", "D5", "Overall"]
    asked, awaited = Blank.NOT_ASKED, Blank.NOT_ASSESSED
    assert plot.rows[0].judgements == (2, asked, 0, 0, 0, 0, 2)
    assert plot.rows[1].judgements == (awaited,) * 7
    assert "Awaiting an assessor: 1." in plot.note
    assert [c.label for c in plot.categories] == ["Low", "Some concerns", "High", "No information"]
    weighted = picture(found, title="T", weights={"Day (2002)": 60.0, "Yuen (2013)": 40.0})
    assert [(row.label, row.weight) for row in weighted.rows] == [
        ("Day (2002)", 60.0),
        ("Yuen (2013)", 40.0),
    ]
    assert "Appraised by nobody: 1." in weighted.note
    assert of_target(found, outcome="symptoms") == []
    with pytest.raises(InvalidDataError, match="nothing appraised"):
        picture([], title="T")


def test_certainty_is_rated_again_and_the_newest_counts(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    few = {Consideration.IMPRECISION: Step(-1, "k = 4")}
    rate: dict[str, Any] = {"handle": "ada", "now": NOW, "design": Design.RANDOMISED}
    with writing(database, by) as session:
        review = the_review(session)
        rate_certainty(session, review, "alliance", steps={}, **rate)
        rate_certainty(session, review, "alliance", steps=few, run_number=2, note="n", **rate)
        unexplained = {Consideration.IMPRECISION: Step(-1)}
        with pytest.raises(InvalidDataError, match="needs a reason"):
            rate_certainty(session, review, "alliance", steps=unexplained, **rate)
        with pytest.raises(InvalidDataError, match="numbered from 1"):
            rate_certainty(session, review, "alliance", steps={}, run_number=0, **rate)
        with pytest.raises(NotFoundError):
            rate_certainty(session, review, "mood", steps={}, **rate)
    with database.reading() as session:
        review = the_review(session)
        rated = certainties(session, review)["alliance"]
        assert [r.certainty for r in ratings(session, review)] == [
            Certainty.MODERATE,
            Certainty.HIGH,
        ]
    assert (rated.certainty, rated.run_number, rated.person) == (Certainty.MODERATE, 2, "ada")
    assert rated.steps == few
    assert rated.sentence == "moderate certainty: down 1 for imprecision (k = 4)"
    assert not rated.outdated


def test_a_rating_of_an_older_plan_says_so(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        review = the_review(session)
        rate_certainty(
            session, review, "alliance", handle="ada", now=NOW, design=Design.RANDOMISED, steps={}
        )
        plan = plan_of(versions(session, review, "alliance")[0])
        changed = AnalysisSpec(slug="alliance", plan=plan.model_copy(update={"title": "New"}))
        revise_analysis(session, review, changed, now=NOW)
    with database.reading() as session:
        assert certainties(session, the_review(session))["alliance"].outdated
