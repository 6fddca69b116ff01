"""What the words mean that reports print: one list, which ``--explain`` and the docs print from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A word and its meaning; `also` has the other forms in which reports print it."""

    term: str
    meaning: str
    also: tuple[str, ...] = ()

    def used_in(self, text: str) -> bool:
        """Whether a text uses the word in any of its forms, as a word of its own."""
        return any(
            re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text, re.IGNORECASE)
            for form in (self.term, *self.also)
        )


def _entry(term: str, meaning: str, *also: str) -> Entry:
    return Entry(term, meaning, also)


_ENTRIES: Final = (
    _entry(
        "analysis",
        "a planned pooling; what it plans stands in its frozen versions.",
        "analyses",
    ),
    _entry(
        "anytime p",
        "a p value that stays valid however often one looks; small values speak against the claim "
        "that the intervention is worse than the margin allows (or of no effect).",
    ),
    _entry(
        "arm",
        "a group of a study; its treatment and delivery mode decide on which side of a contrast "
        "it stands.",
        "arms",
    ),
    _entry(
        "boundary",
        "what the z statistic must exceed at a look, so that looking often does not raise the rate "
        "of false claims (trial sequential analysis).",
        "boundary crossed", "boundary for z", "boundaries",
    ),
    _entry(
        "certainty",
        "how sure one can be of an estimate by GRADE: high, moderate, low or very low.",
        "certainty (GRADE)", "GRADE",
    ),
    _entry(
        "characteristic",
        "what the database knows of a trial that a plan can group, explain or choose by: a fact of "
        "the study or of an arm, a judgement of risk of bias, a custom field.",
        "characteristics",
    ),
    _entry(
        "condition",
        "what a characteristic must be for a trial, an arm or a result to enter (`where` in a "
        "plan).",
        "conditions",
    ),
    _entry(
        "common effect",
        "a model in which every trial estimates one and the same effect; it has no τ².",
    ),
    _entry(
        "conclusion",
        "what an interval says against a margin, or against zero; also called its class.",
        "conclusion class", "class", "conclusion classes",
    ),
    _entry(
        "confidence sequence",
        "an interval that stays valid however often one looks; wider than a usual one.",
    ),
    _entry(
        "contrast",
        "one side of arms compared with another; intervention minus comparator.",
        "contrasts",
    ),
    _entry(
        "design effect",
        "how much larger a variance is for persons in clusters: 1 + (cluster size − 1) ICC.",
    ),
    _entry(
        "df",
        "degrees of freedom: how many pieces of information a test statistic rests on.",
    ),
    _entry(
        "doubt",
        "a number that looks wrong by a check; a person corrects it or sets the doubt aside with "
        "a reason.",
        "doubts",
    ),
    _entry(
        "e-value",
        "how strongly the data of all looks together speak against a claim: at 20, as strongly as "
        "p = 0.05 in a test of one look. (Not the E-value of unmeasured confounding.)",
    ),
    _entry(
        "entry",
        "one person's extraction of one study: single, blind, or the consensus of two blind ones.",
        "entries",
    ),
    _entry(
        "error allowed",
        "the rate of false claims that the design permits over all looks; once used up, later "
        "looks by this method are not covered.",
    ),
    _entry(
        "estimate",
        "the pooled effect: the mean of the trials' effects, each weighted by what it knows.",
        "estimates",
    ),
    _entry(
        "event",
        "one change in the database: who, when, what, old, new and why, chained to the one before "
        "by a hash; in a change report, a trial added, corrected or removed, or a changed plan.",
        "events",
    ),
    _entry(
        "Hartung-Knapp",
        "an interval that allows for the heterogeneity being estimated from few trials; floored: "
        "never narrower for trials that agree by chance. metafor calls these knha and adhoc; "
        "floored is the default.",
        "adhoc", "knha", "floored",
    ),
    _entry(
        "heterogeneity",
        "how much the true effects of trials differ beyond chance; see τ² and I².",
    ),
    _entry(
        "I²",
        "the share of the variation between trials that is heterogeneity and not chance, in "
        "percent, computed from τ².",
    ),
    _entry(
        "inconclusive",
        "the interval reaches both sides of what it is held against: nothing is shown.",
        "inconclusive, statistically worse",
    ),
    _entry(
        "inferior",
        "the whole interval lies below the margin (without a margin: below zero).",
    ),
    _entry(
        "information",
        "how much the trials know together, as if they were one large trial; the required "
        "information is that of a trial planned for the same question.",
        "information required", "required information", "information so far",
    ),
    _entry(
        "instrument",
        "what measures an outcome, and which way is better.",
        "instruments",
    ),
    _entry(
        "interval",
        "the confidence interval: where the mean effect may lie by the data; (z): by the normal "
        "distribution, as older papers print it.",
        "intervals", "CI", "interval (z)", "normal interval",
    ),
    _entry(
        "k",
        "the number of trials (or arms) that entered.",
    ),
    _entry(
        "left out",
        "a trial that could enter an analysis and does not, with the reason.",
    ),
    _entry(
        "location-scale model",
        "a model in which the mean effect (location) and the logarithm of τ² (scale) depend on "
        "characteristics.",
        "heteroscedasticity",
    ),
    _entry(
        "log",
        "a logarithm: ratios are pooled on this scale, on which 0 is no difference.",
        "log OR", "log RR",
    ),
    _entry(
        "look",
        "one reading of the accumulating trials: a run of the analysis.",
        "looks",
    ),
    _entry(
        "lower limit",
        "the lower end of the confidence interval, which decides on noninferiority; of a ratio "
        "where lower is better it is the upper limit.",
        "upper limit",
    ),
    _entry(
        "margin",
        "how much worse is still not relevantly worse, on the scale of the measure; planned for a "
        "ratio as the logarithm (0.30), shown as the ratio that is just not acceptable (RR 1.35 "
        "where lower is better, else RR 0.74).",
        "margins",
    ),
    _entry(
        "meta-regression",
        "whether a characteristic of trials goes with larger or smaller effects; intrcpt is the "
        "effect where the characteristic is zero.",
        "intrcpt",
    ),
    _entry(
        "moderator",
        "a characteristic that a meta-regression explains the effects by.",
        "moderators",
    ),
    _entry(
        "noninferior",
        "the whole interval lies above minus the margin: not relevantly worse.",
        "noninferiority",
    ),
    _entry(
        "noninferior but statistically worse",
        "not relevantly worse by the margin, though the whole interval lies below zero.",
    ),
    _entry(
        "one-sided p",
        "how often data like these, or stronger, would come if the intervention were worse by the "
        "whole margin.",
    ),
    _entry("outcome", "a construct, such as the working alliance.", "outcomes"),
    _entry(
        "P(mean effect > …)",
        "the probability that the mean effect lies above a value, by Bayes' rule and the "
        "assumptions printed with it.",
        "P(mean effect", "Bayesian",
    ),
    _entry(
        "p",
        "how often chance alone would give data at least this far from no effect.",
    ),
    _entry("plan", "what an analysis pools and how, frozen in versions.", "plans", "planned"),
    _entry(
        "positive",
        "what a positive estimate says: that its arm scored higher, or that it did better.",
    ),
    _entry(
        "prediction interval",
        "where the effect of a new trial is expected to lie; wider than the confidence interval, "
        "for trials differ.",
    ),
    _entry(
        "primary",
        "the analysis as planned; the sensitivity analyses stand beside it.",
    ),
    _entry(
        "published result",
        "a pooled line of another review; shown beside ours, never mixed in.",
        "published results",
    ),
    _entry("Q", "Cochran's statistic of how far trials lie apart; its p asks whether by chance."),
    _entry(
        "Q-profile",
        "the interval of τ² by inverting the generalised Q statistic (Viechtbauer 2007).",
    ),
    _entry(
        "ready to retire",
        "the question may be left alone: the confidence sequence is conclusive, one more trial "
        "would hardly change anything, and the certainty is moderate or high.",
        "readiness to retire", "retire",
    ),
    _entry("record", "one entry of one export file of a literature database.", "records"),
    _entry(
        "report",
        "a document, such as an article; a study may have several.",
        "reports",
    ),
    _entry(
        "residual SD",
        "the standard deviation that is left when covariates have explained their part; smaller "
        "than that of scores.",
        "residual_sd",
    ),
    _entry(
        "R²",
        "the share of the outcome's variance within arms that covariates explain; of one, its "
        "squared correlation with the outcome.",
        "r_squared",
    ),
    _entry(
        "retrospective",
        "the rules for repeated looks were not frozen before the first look, so that they "
        "describe and do not protect.",
    ),
    _entry(
        "run",
        "an immutable snapshot of an analysis: inputs with their sources, results, software "
        "versions.",
        "runs",
    ),
    _entry(
        "SD of scores",
        "the standard deviation of persons' scores within an arm, which standardizes a difference.",
    ),
    _entry(
        "sign conflict",
        "a reported effect and the same arms' own numbers favour different arms; the conclusion is "
        "withheld until a person settles it.",
    ),
    _entry(
        "sensitivity",
        "the same question answered with other trials or another model, to see whether the result "
        "depends on the choice.",
        "sensitivity analysis",
    ),
    _entry(
        "SHA-256",
        "a fingerprint of content: equal fingerprints, equal content.",
    ),
    _entry(
        "Shapley values",
        "a fair division of a change among what happened: each event's effect, averaged over all "
        "orders in which the events could have come.",
        "share",
    ),
    _entry(
        "signal",
        "something that moved by more than a threshold of the plan, and is worth a look.",
        "signals", "threshold", "thresholds", "worth a look",
    ),
    _entry(
        "SMD",
        "standardized mean difference (Hedges g): the difference of two groups in standard "
        "deviations.",
        "Hedges g", "standardized mean difference",
    ),
    _entry(
        "statistical significance",
        "whether the interval leaves out zero; it says nothing of how large or relevant an effect "
        "is.",
        "statistically significant",
    ),
    _entry(
        "statistically worse",
        "the whole interval lies below zero.",
    ),
    _entry("study", "a trial: the unit of analysis.", "studies", "trial", "trials"),
    _entry(
        "subgroups",
        "the trials of each kind pooled apart, with a test of whether the kinds differ.",
        "subgroup",
    ),
    _entry(
        "superior",
        "the whole interval lies above zero.",
    ),
    _entry(
        "trial sequential analysis",
        "boundaries for a cumulative meta-analysis, as for a trial with interim looks; it stands "
        "beside the headline, never in its place.",
        "TSA",
    ),
    _entry(
        "trim and fill",
        "the result with the trials added that a symmetrical funnel plot would have.",
    ),
    _entry("vi", "sampling variance of an effect; its square root is the standard error."),
    _entry(
        "weight",
        "the share of the pooled estimate that one trial decides, in percent.",
        "weight %", "weights",
    ),
    _entry(
        "what certainty would be worth",
        "expected value of perfect information: what deciding with full knowledge would gain a "
        "patient on average over deciding now.",
        "expected value of perfect information",
    ),
    _entry(
        "withdrawn",
        "taken back with a reason: it stays in the database and counts nowhere.",
    ),
    _entry(
        "withheld",
        "not said, because a contradiction about the numbers is open; a person settles it first.",
    ),
    _entry(
        "yi",
        "the effect of one trial, positive where the intervention did better.",
        "effect",
    ),
    _entry(
        "zero cells",
        "arms without events (or with events only): an odds ratio does not exist then unless "
        "something is added to the cells. A plan's `zero_cells` says what, by metafor's names: add "
        "(the constant), to (which trials), drop00 (whether trials without events in either arm "
        "are left out). Mantel-Haenszel, Peto, mixed models of the counts and the exact "
        "conditional odds ratio (of the tables' margins, without a normal approximation) need no "
        "constant.",
        "exact conditional odds ratio", "drop00",
    ),
    _entry(
        "z",
        "an estimate divided by its standard error, or what is computed by the normal "
        "distribution.",
        "z statistic",
    ),
    _entry(
        "τ²",
        "the variance of the true effects between trials; τ is its square root.",
        "tau²", "tau2", "τ",
    ),
)  # fmt: skip

GLOSSARY: Final = tuple(
    sorted(_ENTRIES, key=lambda entry: (entry.term[0] > "z", entry.term.casefold()))
)
"""In alphabetical order, Greek letters last."""


def used_in(text: str) -> list[Entry]:
    """Return the entries that a text uses, in their order.

    Examples
    --------
    >>> [entry.term for entry in used_in("margin 0.50: noninferior")]
    ['margin', 'noninferior']
    """
    return [entry for entry in GLOSSARY if entry.used_in(text)]
