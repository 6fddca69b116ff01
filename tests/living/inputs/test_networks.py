"""What a study gives to a network: pairs with its first treatment, and why it gives none."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from review.extraction.evidence import Allocation
from review.extraction.vocabulary import Randomised
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select
from tests.living.networks import TRIALS, item, items_of, means, network_plan, side


def test_each_treatment_stands_against_the_first_of_its_trial() -> None:
    inputs = select(network_plan(), items_of())
    pairs = [(trial.study_id, trial.treatments) for trial in inputs.trials]
    assert pairs == [
        (1, ("video", "in person")),
        (2, ("video", "wait list")),
        (3, ("wait list", "in person")),
        (4, ("wait list", "in person")),
        (4, ("video", "in person")),
        (5, ("book", "wait list")),
        (6, ("video", "in person")),
        (7, ("book", "in person")),
        (8, ("video", "wait list")),
    ]
    assert inputs.left_out == ()
    assert len({trial.unit for trial in inputs.trials}) == len(inputs.trials)


def test_an_arm_is_of_the_first_treatment_that_describes_it_and_several_count_as_one() -> None:
    plan = network_plan(
        other_treatments=[
            {"label": "remote", "treatment": ["phone", "tablet", "video"]},
            side("wait list"),
        ]
    )
    items = [
        item(1, "tablet", means(10, 20, 5)),
        item(1, "phone", means(10, 22, 5)),
        item(1, "wait list", means(10, 25, 5)),
        item(1, "video", means(10, 21, 5)),
    ]
    one, other = select(plan, items).trials
    assert one.treatments == ("wait list", "remote")
    assert other.treatments == ("video", "remote")  # the intervention describes it first
    assert [arm.arm for arm in one.comparator] == ["tablet", "phone"]


def test_what_no_plan_of_a_network_may_say_is_refused() -> None:
    for changes, said in (
        ({"other_treatments": []}, "names other_treatments"),
        ({"kind": "contrast"}, "other_treatments are of a network"),
        ({"other_treatments": [side("video")]}, "two treatments of the network are called video"),
        ({"several_arms": "split"}, "combines several arms"),
        ({"variants": ["fixed", "pet_peese"]}, "variants pet_peese: of analyses of one comparison"),
        ({"variants": ["aggregated"], "subgroups": ["year"]}, "variants aggregated: of analyses"),
        ({"where": ["comparator.sessions >= 3"]}, "no two sides"),
        ({"method": "MH", "measure": "OR"}, "no table of two arms"),
        ({"measure": "SMDH"}, "pools one of GEN, IRD, IRR, MD, OR, RD, RR, SMD"),
    ):
        with pytest.raises(ValidationError, match=said):
            network_plan(**changes)


def test_a_plan_without_other_treatments_is_stored_as_ever() -> None:
    values = network_plan().model_dump(mode="json")
    del values["other_treatments"], values["kind"]
    contrast = type(network_plan()).model_validate(values)
    assert "other_treatments" not in contrast.model_dump(mode="json")
    assert "other_treatments" not in contrast.content


def test_the_preferred_result_with_two_treatments_counts_and_the_others_are_named() -> None:
    plan = network_plan(timepoints=["post", "late"])
    items = [
        item(1, "video", means(10, 20, 5), result_id=1),
        item(1, "video", means(10, 20, 5), timepoint="late", result_id=2),
        item(1, "book", means(10, 22, 5), timepoint="late", result_id=3),
        item(1, "music", means(10, 22, 5), result_id=4),
        item(1, "book", means(10, 22, 5), timepoint="mid", result_id=5),
    ]
    (trial,) = select(plan, items).trials
    assert (trial.timepoint, trial.treatments) == ("late", ("video", "book"))
    told = " | ".join(trial.not_used)
    assert "no other treatment has numbers there" in told
    assert "its arm is none of the treatments" in told
    assert "not among the planned" in told
    again = item(1, "book", means(9, 1, 1), result_id=6)
    with pytest.raises(SelectionError, match="offers 2 results"):
        select(network_plan(), [*items[:3], again])


def test_a_reported_contrast_counts_where_arms_have_no_numbers() -> None:
    plan = network_plan(measure="GEN")
    numbers = {"estimate": 0.4, "variance": 0.02, "metric": "MD"}
    (trial,) = select(plan, [item(1, "in person", numbers, versus="video")]).trials
    assert trial.treatments == ("video", "in person")
    assert trial.contrast_reversed
    several = [
        item(2, "video", numbers, versus="in person", result_id=71),
        item(2, "book", numbers, versus="in person", result_id=72),
    ]
    (gone,) = select(plan, several).left_out
    assert "2 contrasts of the treatments, whose covariance is not known" in gone.reason


def test_why_a_study_gives_nothing_is_said() -> None:
    plan = network_plan(timepoints=["post"])

    def why(*items: object) -> str:
        (gone,) = select(plan, items).left_out  # type: ignore[arg-type]  # results
        return gone.reason

    video = item(1, "video", means(10, 20, 5))
    assert why(video, item(1, "music", means(9, 1, 1))) == "of the treatments it has video alone"
    assert why(item(1, "music", means(9, 1, 1))) == "no arm is of a treatment"
    assert "two of the treatments" not in why(video)
    assert "no result of one" in why(video, item(1, "book", means(9, 1, 1), instrument="phq"))
    assert "do not give MD" in why(video, item(1, "book", {"n": 9}))
    late = [item(1, arm, means(9, 1, 1), timepoint="late") for arm in ("video", "book")]
    assert "timepoint late" in why(*late)


def test_several_treatments_of_a_crossover_or_cluster_trial() -> None:
    arms = ("video", "in person", "book")
    crossed = [
        item(1, arm, means(20, 20, 5), design=Allocation(randomised=Randomised.CROSSOVER))
        for arm in arms
    ]
    (gone,) = select(network_plan(), crossed).left_out
    assert "crossover trial of more than two treatments" in gone.reason
    cluster = Allocation(randomised=Randomised.CLUSTER, cluster_size=11.0, icc=0.05)
    taken = select(network_plan(), [item(1, a, means(20, 20, 5), design=cluster) for a in arms])
    assert [trial.cluster_size for trial in taken.trials] == [11.0, 11.0]


def test_conditions_keep_arms_out_of_a_network_and_the_rest_stays() -> None:
    trials = {
        **TRIALS,
        "Synthetic 9": {"video": means(9, 20, 5), "book": means(9, 22, 5)},
    }
    plan = network_plan(where=["year < 2009"])
    inputs = select(plan, items_of(trials))
    assert 9 not in {trial.study_id for trial in inputs.trials}
    (gone,) = inputs.left_out
    assert "year is 2009" in gone.reason
