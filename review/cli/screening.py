"""``review screen``: judging records, settling conflicts, and how far reviewers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from review.canonical import interval, number
from review.cli.context import (
    changing,
    json_option,
    judge,
    opened,
    reason_option,
    review_option,
    sheet_option,
)
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_remarks, echo_table, plain_remarks
from review.cli.reranking import rerank_in_background
from review.cli.screening_conduct import (
    mark_option,
    outlook_,
    pilot_,
    rank_,
    reasons_,
    remove_,
    restore_,
    retrieve_,
    rules_,
    stage_option,
)
from review.config import settings
from review.errors import InvalidDataError
from review.people import queries as people
from review.protocol.queries import review_called
from review.screening import actions, queries, renewal, serving, standings, views, waiting
from review.screening.actions import Choice, Decided
from review.screening.files import Purpose, read_decisions, render, stage_of, verdict_of
from review.screening.progress import StageProgress
from review.screening.views import Card, Conflict, Said
from review.screening.vocabulary import STAGE_WORDS, Stage, State
from review.wording import counted

if TYPE_CHECKING:
    from review.screening.comparison import StageAgreement


@click.group("screen", invoke_without_command=True)
@stage_option
@review_option
@mark_option
@click.pass_context
def screen_(
    context: click.Context, stage: Stage, review_slug: str | None, marks: tuple[str, ...]
) -> None:
    """Screen records, on title and abstract first and on full text then.

    In a terminal and without a subcommand: one record after the other, a key a decision (i
    include, e exclude, m maybe, u undo, n note, ? help). Words of the protocol are marked.

    Two reviewers decide on each record, blind to one another; a third person settles conflicts.
    docs/screen.md goes through it step by step. Who decides is REVIEW_ACTOR.
    """
    if context.invoked_subcommand is not None:
        return
    from review.cli.keys import run_at_terminal, screen_by_keys

    run_at_terminal(screen_by_keys, review_slug, stage, marks)


for _command in (
    reasons_, rules_, pilot_, retrieve_, remove_, restore_, rank_, outlook_,
):  # fmt: skip
    screen_.add_command(_command)


@screen_.command("undo")
@click.argument("record", type=int)
@stage_option
@review_option
def undo(record: int, stage: Stage, review_slug: str | None) -> None:
    """Take back what you decided on a RECORD: you are undecided, until somebody adjudicates."""
    with changing(review_slug, None) as (session, review):
        taken = actions.withdraw(
            session, review, record, stage=stage, handle=judge(), now=datetime.now(UTC)
        )
    click.echo(
        f"Record {record}: taken back." if taken else f"You have not decided on record {record}."
    )


def _echo_card(card: Card) -> None:
    authors = "; ".join(card.authors[:6]) + (" et al." if len(card.authors) > 6 else "")
    click.echo(f"Record {card.record}: {card.heading}")
    where = ", ".join(str(x) for x in (authors, card.journal, card.year) if x)
    if where:
        click.echo(where)
    for name in ("doi", "pmid"):
        if getattr(card, name):
            click.echo(f"{name}: {getattr(card, name)}")
    if card.abstract:
        click.echo()
        click.echo(card.abstract)


@screen_.command("next")
@stage_option
@click.option(
    "--limit", "-n", type=click.IntRange(1), default=1, show_default=True, help="How many."
)
@review_option
@json_option
def next_(stage: Stage, limit: int, review_slug: str | None, as_json: bool) -> None:
    """Show the next records that want your decision; they wait for you for ten minutes."""
    with changing(review_slug, None) as (session, review):
        person = actions.screener(session, review, judge())
        handle = person.handle
        served = serving.serve(
            session, review, person, stage=stage, now=datetime.now(UTC), count=limit
        )
        shown = views.cards(session, review, served.records, stage=stage, handle=handle)
        elsewhere = [] if shown else waiting.elsewhere(session, review, person)
    if as_json:
        echo_json(
            {
                "stage": stage, "reviewer": handle, "left": served.left, "records": shown,
                "elsewhere": elsewhere,
            }
        )  # fmt: skip
        return
    if not shown:
        echo_nothing(stage, served.left, elsewhere)
        return
    for card in shown:
        _echo_card(card)
        click.echo()
    click.echo(f"{served.left} left for {handle}.", err=True)


def echo_nothing(stage: Stage, left: int, elsewhere: Sequence[str]) -> None:
    """Say that nothing is to be read, and what is to be done instead."""
    if left:
        click.echo(
            f"Others are reading all {counted(left, 'record')} that want your decision; "
            "ask again in a while."
        )
    else:
        click.echo(f"Nothing wants your decision on {STAGE_WORDS[stage]}.")
    for line in elsewhere:
        click.echo(f"  {line}")


def thanks(record: int) -> str:
    """Return what is said of a decision that came after all that were wanted."""
    return (
        f"Thank you: others decided on record {record} while you read it, and it has all the "
        "decisions that the protocol asks for; yours is not kept, so that it changes nothing that "
        "is settled."
    )


def _decided(decided: Decided) -> str:
    return (
        f"{len(decided.decided)} decided, {len(decided.changed)} changed, "
        f"{len(decided.unchanged)} unchanged"
    )


@screen_.command("decide")
@click.argument("record", type=int)
@click.argument("verdict")
@click.option("--reason", metavar="TEXT", help="Why excluded: a reason's words or its number.")
@click.option("--note", metavar="TEXT", help="Anything worth keeping.")
@click.option("--request", metavar="NAME", help="Sent twice under one name, decided once.")
@stage_option
@review_option
@json_option
def decide(
    record: int,
    verdict: str,
    reason: str | None,
    note: str | None,
    request: str | None,
    stage: Stage,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Say include, exclude or maybe of a RECORD (or i, e, m).

    Deciding again changes your decision; the earlier one is kept. After an adjudication it stands.
    """
    choice = Choice(record, verdict_of(verdict), reason, note, request=request)
    with changing(review_slug, None) as (session, review):
        decided = actions.decide(
            session, review, [choice], stage=stage, handle=judge(), now=datetime.now(UTC)
        )
        due, slug = renewal.may_be_due(session, review, stage, decided=1), review.slug
    if due:
        rerank_in_background(slug, stage)
    if as_json:
        echo_json({"record": record, "stage": stage, "verdict": choice.verdict, **asdict(decided)})
    elif decided.late:
        click.echo(thanks(record))
    else:
        said = f"Record {record}: {choice.verdict.value}"
        click.echo(f"{said}, as before." if decided.unchanged else f"{said}.")


@screen_.command("show")
@click.argument("record", type=int)
@stage_option
@review_option
@json_option
def show(record: int, stage: Stage, review_slug: str | None, as_json: bool) -> None:
    """Show a RECORD with the decisions that you may see."""
    with opened().reading() as session:
        review = review_called(session, review_slug)
        found = views.dossier(session, review, record, stage=stage, handle=settings().actor)
    if as_json:
        echo_json(found)
        return
    _echo_card(found.card)
    click.echo()
    click.echo(f"{stage.value.replace('_', ' ')}: {found.state.value}")
    if found.hidden:
        said = [found.card.mine] if found.card.mine else []
        click.echo("What others may have decided is hidden until all have decided.")
    else:
        said = [*found.others, *found.adjudications]
    for one in said:
        click.echo(f"  {_words(one)}")
    for name, value in (
        ("full text", found.retrieval and found.retrieval.value.replace("_", " ")),
        ("because", found.retrieval_reason),
        ("PDF", found.pdf_sha256),
        ("removed", found.removed_because),
        ("duplicate of", found.duplicate_of),
    ):
        if value:
            click.echo(f"{name}: {value}")


def _copies(one: Conflict) -> str:
    return "".join(
        f"; of its duplicate {copy}: {'; '.join(map(_words, said))}" for copy, said in one.copies
    )


def _words(said: Said) -> str:
    reason = f", {said.reason}" if said.reason else ""
    note = f" ({said.note})" if said.note else ""
    return f"{said.who}: {said.verdict.value}{reason}{note}"


@screen_.command("conflicts")
@stage_option
@review_option
@json_option
def conflicts(stage: Stage, review_slug: str | None, as_json: bool) -> None:
    """List the records that reviewers disagree on; settle them with: review screen adjudicate."""
    with opened().reading() as session:
        found = views.conflicts(session, review_called(session, review_slug), stage=stage)
    if as_json:
        echo_json(found)
    elif not found:
        click.echo("No conflicts.")
    else:
        rows = [
            (one.record, one.year, one.title, "; ".join(map(_words, one.said)) + _copies(one))
            for one in found
        ]
        echo_table(("record", "year", "title", "decisions"), rows, right=("record", "year"))


@screen_.command("adjudicate")
@click.argument("record", type=int, required=False)
@click.argument("verdict", required=False)
@click.option("--reason", metavar="TEXT", help="Why excluded: a reason's words or its number.")
@click.option("--note", metavar="TEXT", help="What decided it.")
@mark_option
@stage_option
@review_option
@json_option
def adjudicate(
    record: int | None,
    verdict: str | None,
    reason: str | None,
    note: str | None,
    marks: tuple[str, ...],
    stage: Stage,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Settle a conflict on a RECORD as a third person: include or exclude.

    In a terminal and without RECORD: one conflict after the other, by keys.
    """
    if record is None:
        from review.cli.keys import adjudicate_by_keys, run_at_terminal

        run_at_terminal(adjudicate_by_keys, review_slug, stage, marks)
        return
    if verdict is None:
        raise click.UsageError("give the verdict as well: include or exclude")
    choice = Choice(record, verdict_of(verdict), reason, note)
    with changing(review_slug, None) as (session, review):
        settled = actions.adjudicate(
            session, review, choice, stage=stage, handle=judge(), now=datetime.now(UTC)
        )
    if as_json:
        echo_json({"record": record, "stage": stage, "verdict": choice.verdict, "new": settled})
    else:
        before = "" if settled else ", as before"
        click.echo(f"Record {record}: {choice.verdict.value}{before}, adjudicated.")


@screen_.command("status")
@review_option
@json_option
def status(review_slug: str | None, as_json: bool) -> None:
    """Show how far screening is, by stage and reviewer."""
    with opened().reading() as session:
        review = review_called(session, review_slug)
        members = people.members(session, review.id)
        screeners = frozenset(
            person.id for person, member in members if member.role in actions.SCREENERS
        )
        stages = [
            standings.progress(session, review, stage, screeners=screeners) for stage in Stage
        ]
        late_links = standings.late_links(session, review)
        duplicates = standings.decided_copies(session, review)
        broken = queries.broken_seals(session, review)
        twice = queries.voted_twice(session, review)
    if as_json:
        echo_json(
            {
                "review": review.slug,
                "stages": stages,
                "decided_then_found_duplicate": duplicates,
                "altered_decisions": broken,
                "decided_otherwise_before_found_duplicate": [
                    {"stage": stage, "record": record, "duplicate": copy}
                    for stage, record, copy in late_links
                ],
                "decided_under_two_names": [
                    {"stage": stage, "record": record} for stage, record in twice
                ],
            }
        )
    else:
        for one in stages:
            _echo_progress(one)
        for stage, record, copy in late_links:
            click.echo(
                f"Late link, a conflict to adjudicate: record {record} and its duplicate {copy} "
                f"were decided differently on {STAGE_WORDS[stage]} "
                f"(review screen adjudicate {record})"
            )
        if duplicates:
            click.echo(
                "Decided on and later found to be duplicates (their decisions stay, and do not "
                f"count): {', '.join(map(str, duplicates))}"
            )
        if twice:
            records = ", ".join(f"{record} ({STAGE_WORDS[stage]})" for stage, record in twice)
            click.echo(f"Decided by one person under two names, which counts once: {records}")
    if broken:
        raise InvalidDataError(
            f"decisions were altered after they were made: {', '.join(map(str, broken))}"
        )


def _echo_progress(stage: StageProgress) -> None:
    blind = "blind" if stage.blind else "not blind"
    click.echo(
        f"{stage.stage.value.replace('_', ' ').capitalize()}: {counted(stage.records, 'record')}, "
        f"{counted(stage.required, 'reviewer')} each, {blind}"
    )
    counts = [f"{stage.states[state]} {state.value}" for state in State]
    click.echo(f"  {', '.join(counts)}; {stage.begun} begun, {stage.adjudicated} adjudicated")
    if stage.reviewers:
        echo_table(
            ("reviewer", "decided", "remaining"),
            [tuple(asdict(share).values()) for share in stage.reviewers],
            right=("decided", "remaining"),
        )


@screen_.command("agreement")
@stage_option
@click.option("--batch", type=int, help="Of one batch only; see: review flow.")
@click.option("--by-batch", is_flag=True, help="Of each batch apart.")
@click.option("--pilot", type=int, help="Of one pilot round only, by its number.")
@click.option(
    "--newest", is_flag=True, help="Compare newest decisions, changed ones too, not independent."
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@review_option
@json_option
def agreement(
    stage: Stage,
    batch: int | None,
    by_batch: bool,
    pilot: int | None,
    newest: bool,
    level: float,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Show how far reviewers agreed before adjudication: raw, Cohen's kappa, PABAK, Fleiss."""
    from review.screening.comparison import agreement_at  # kappa takes arrays, judging does not

    with opened().reading() as session:
        review = review_called(session, review_slug)
        ledger = queries.ledger(session, review)
        handles = people.handles(session)
        wanted = sorted(set(ledger.records.values())) if by_batch else [batch]
        found = {
            which: agreement_at(
                ledger, handles, stage, batch=which, pilot=pilot, final=newest, level=level
            )
            for which in wanted
        }
    if as_json:
        rows = [{"batch": which, **asdict(one)} for which, one in found.items()]
        echo_json(rows if by_batch else rows[0])
        return
    for which, one in found.items():
        if which is not None:
            click.echo(f"Batch {which}")
        _echo_agreement(one)


def _echo_agreement(found: StageAgreement) -> None:
    click.echo(
        f"{counted(found.records, 'record')} compared ({found.basis}), "
        f"{found.incomplete} begun and not complete, "
        f"{found.changed} changed after they were complete"
    )
    rows: list[tuple[Any, ...]] = []
    for pair in found.pairs:
        for name, kappa in (("", pair.kappa), (" (forward or not)", pair.forward)):
            if kappa is not None:
                included = 1 - kappa.prevalence[kappa.categories.index("exclude")]
                rows.append(
                    (
                        f"{pair.first}, {pair.second}{name}",
                        kappa.n,
                        f"{100 * kappa.observed:.1f}%",
                        number(kappa.kappa),
                        interval(kappa.ci),
                        number(kappa.pabak),
                        f"{100 * included:.1f}%",
                    )
                )
    if rows:
        headers = ("reviewers", "n", "raw", "kappa", "CI", "PABAK", "not excluded")
        echo_table(headers, rows, right=("n", "raw", "kappa", "PABAK", "not excluded"))
    for fleiss in found.overall:
        click.echo(
            f"Fleiss' kappa, {fleiss.raters} of all reviewers a record: {number(fleiss.kappa)} "
            f"{interval(fleiss.ci)}, n = {fleiss.n}, raw {100 * fleiss.observed:.1f}%"
        )


@screen_.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--decided", is_flag=True, help="Also what you decided, with your verdicts.")
@force_option
@stage_option
@review_option
def export(file: Path, decided: bool, stage: Stage, review_slug: str | None) -> None:
    """Write the records that want your decision to a CSV FILE, for a spreadsheet.

    Fill in verdict (include, exclude, maybe) and, at full text, reason; then read it back with:
    review screen import FILE. Nobody else's decisions are in it. It knows its review, stage and
    reviewer. A file that is there, with decisions in it perhaps, is not replaced without --force.
    """
    with opened().reading() as session:
        review = review_called(session, review_slug)
        handle = actions.screener(session, review, judge()).handle
        numbers = queries.queue(session, review, stage=stage, handle=handle)
        if decided:
            mine = queries.own_decisions(session, review, stage=stage, handle=handle)
            numbers = [*mine, *numbers]
        cards = views.cards(session, review, numbers, stage=stage, handle=handle)
        text = render(cards, purpose=Purpose(review.slug, stage.value, handle))
    write_new(file, text.encode("utf-8-sig"))
    click.echo(f"Wrote {counted(len(numbers), 'record')} to {file}")


@screen_.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@stage_option
@sheet_option
@review_option
@reason_option
@json_option
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    stage: Stage,
    sheet: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take your decisions from a CSV or XLSX FILE; a line that cannot be taken stops no other.

    A file of review screen export is taken for the stage that it was written for, and by the
    reviewer that it was written for. Rows without a verdict are left open. The same file again
    changes nothing. The status is 1 where a line was not taken.
    """
    read = read_decisions(file, sheet=sheet)
    given = context.get_parameter_source("stage") is not ParameterSource.DEFAULT
    handle = judge()
    with changing(review_slug, reason or f"decisions of {file.name}") as (session, review):
        stage = stage_of(read.purpose, review.slug, handle, stage if given else None)
        decided = actions.decide(
            session, review, read.choices, stage=stage, handle=handle, now=datetime.now(UTC),
            each_alone=True,
        )  # fmt: skip
        new = len(decided.decided) + len(decided.changed)
        due, slug = renewal.may_be_due(session, review, stage, decided=new), review.slug
    if due:
        rerank_in_background(slug, stage)
    refused = sorted((*read.problems, *decided.refused), key=lambda one: one.line or 0)
    if as_json:
        numbers = {
            name: len(getattr(decided, name)) for name in ("decided", "changed", "unchanged")
        }
        remarks = plain_remarks(read.remarks)
        echo_json(
            {"file": str(file), "stage": stage, **numbers, "refused": refused, "remarks": remarks}
        )
    else:
        echo_remarks(file, read.remarks)
        click.echo(f"{file}, {STAGE_WORDS[stage]}: {_decided(decided)}.")
    if refused:
        lines = "".join(f"\n  {problem}" for problem in refused)
        raise InvalidDataError(
            f"{counted(len(refused), 'line')} of {file} not taken; mend and import it again, "
            f"what was taken does not change:{lines}"
        )
