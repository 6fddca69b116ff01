"""The options of ``review pool``."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from review.cli.computing import computing_options
from review.cli.context import sheet_option
from review.cli.files import force_option
from review.conventions import AddTo, Medians, Variance
from review.measures import MIXED, OF_COUNTS, Measure
from review.synthesis import Method, MuPrior, PredictionKind, Predictor, TauFamily, TauPrior, Test
from review.synthesis.bayes import DEFAULT_TAU
from review.synthesis.location_scale import Link
from review.synthesis.multivariate import Structure

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _level(ctx: click.Context, param: click.Parameter, value: float) -> float:
    del ctx, param
    level = value / 100 if value > 1 else value
    if not 0.5 <= level < 1:
        raise click.BadParameter("give a level such as 0.95 or 95")
    return level


def _tau_prior(ctx: click.Context, param: click.Parameter, value: str) -> TauPrior:
    del ctx, param
    family, _, scale = value.partition(":")
    known = {one.value.casefold(): one for one in TauFamily}
    try:
        prior = TauPrior(known[family.strip().casefold()], float(scale))
    except (KeyError, ValueError):
        prior = None
    if prior is None or not 0 < prior.scale < math.inf:
        raise click.BadParameter(
            f"{value!r} is no prior; give half-normal:0.5 or half-Cauchy:0.3, the scale above 0"
        )
    return prior


def _mean_prior(ctx: click.Context, param: click.Parameter, value: str | None) -> MuPrior | None:
    del ctx, param
    if value is None:
        return None
    mean, _, sd = value.partition(":")
    try:
        prior = MuPrior(float(mean), float(sd))
    except ValueError:
        prior = None
    if prior is None or not (math.isfinite(prior.mean) and 0 < prior.sd < math.inf):
        raise click.BadParameter(f"{value!r} is no prior; give a mean and an SD such as 0:1")
    return prior


_OPTIONS = (
    click.argument("file", type=click.Path(path_type=Path)),
    sheet_option,
    click.option(
        "--measure",
        type=click.Choice([m.value for m in Measure]),
        help="Effect measure; GEN (the default where yi and vi are there) takes them as they are.",
    ),
    click.option(
        "--method",
        type=click.Choice([*(m.value for m in Method), *OF_COUNTS]),
        default=Method.REML.value,
        show_default=True,
        help="Estimator of tau²; MH (Mantel-Haenszel, of OR, RR and RD), PETO and the mixed models "
        "UM.FS, UM.RS, CM.EL, CM.AL (see --model) pool the counts themselves.",
    ),
    click.option(
        "--model",
        "count_model",
        type=click.Choice(list(MIXED)),
        help="Also pool the counts of OR, IRR, PLO or IRLN by a mixed model with their own "
        "likelihood (metafor's rma.glmm): UM.FS has fixed study intercepts, UM.RS random ones (all "
        "that one arm has), CM.EL is exact given the margins, CM.AL its binomial approximation.",
    ),
    click.option(
        "--points",
        type=click.IntRange(1, 101),
        help="Of the adaptive quadrature of a mixed model [default: 25, of UM.RS in two arms 1, "
        "which is Laplace's approximation].",
    ),
    click.option(
        "--test",
        type=click.Choice([t.value for t in Test]),
        default=Test.ADHOC.value,
        show_default=True,
        help="knha is Hartung-Knapp, adhoc with its variance factor floored at 1.",
    ),
    click.option(
        "--prediction",
        type=click.Choice([p.value for p in PredictionKind]),
        default=PredictionKind.TEST.value,
        show_default=True,
        help="Prediction interval: as the test (metafor's), by t with k-1 or k-2 degrees of "
        "freedom and the model's standard error, or with Hartung-Knapp's.",
    ),
    click.option(
        "--level",
        type=float,
        default=0.95,
        show_default=True,
        callback=_level,
        help="Of all intervals.",
    ),
    click.option(
        "--vtype",
        type=click.Choice([v.value for v in Variance]),
        help="Formula of the sampling variances, by metafor's name; the measure's own by default.",
    ),
    click.option(
        "--correct/--no-correct",
        default=True,
        help="Correct standardized differences and log ratios of means for small samples. ROM and "
        "CVR are corrected, as metafor does from version 5 on.",
    ),
    click.option(
        "--medians",
        type=click.Choice([m.value for m in Medians]),
        default=Medians.NORMAL.value,
        show_default=True,
        help="How means and SDs come from medians with quartiles or range: as of normal samples "
        "(Luo, Wan, Shi), or of skewed ones by qe, bc (McGrath) or mln (Cai).",
    ),
    click.option(
        "--add",
        type=click.FloatRange(0),
        metavar="X",
        help="Added to cells of counts, of rates to the events of each arm, for effects that "
        "zero cells leave without a value [default: 0.5 where the measure needs it].",
    ),
    click.option(
        "--to",
        type=click.Choice([to.value for to in AddTo]),
        help="Which rows it is added to [default: only0, those with a cell (of rates an arm) "
        "without events].",
    ),
    click.option(
        "--tacc",
        is_flag=True,
        help="Treatment-arm continuity correction: of twice --add each arm gets its share of the "
        "trial's participants (Sweeting et al. 2004).",
    ),
    click.option(
        "--drop00", is_flag=True, help="Leave out trials without events, or with events only."
    ),
    click.option(
        "--col",
        "cols",
        multiple=True,
        metavar="NAME=COLUMN",
        help="Take COLUMN of the file for metafor's NAME, e.g. m1i=mean_t.",
    ),
    click.option("--label", metavar="COLUMN", help="What names the rows."),
    click.option(
        "--mods",
        metavar="FORMULA",
        help='Meta-regression, e.g. "year + alloc"; text columns are factors.',
    ),
    click.option(
        "--scale",
        metavar="FORMULA",
        help="What tau² depends on (a location-scale model), the mean on --mods; by REML or ML.",
    ),
    click.option(
        "--link",
        type=click.Choice([link.value for link in Link]),
        default=Link.LOG.value,
        show_default=True,
        help="Whether --scale is of the logarithm of tau², or of tau² itself.",
    ),
    click.option(
        "--subgroup",
        metavar="COLUMN",
        help="Pool each group with its own tau², and test between them.",
    ),
    click.option(
        "--common-tau2", is_flag=True, help="One tau² for all groups of --subgroup instead."
    ),
    click.option(
        "--cluster",
        metavar="COLUMN",
        help="Effects share clusters: three-level model with cluster-robust errors.",
    ),
    click.option(
        "--rho",
        type=click.FloatRange(0, 1, max_open=True),
        help="Correlation of sampling errors within a cluster.",
    ),
    click.option(
        "--outcome",
        metavar="COLUMN",
        help="What each row of a cluster measures (rater, subscale, week): one model with a mean "
        "of each, and the differences from the first.",
    ),
    click.option(
        "--structure",
        type=click.Choice([one.value for one in Structure]),
        default=Structure.UN.value,
        show_default=True,
        help="How true effects of the outcomes go together.",
    ),
    click.option(
        "--random",
        multiple=True,
        metavar="COLUMNS",
        help='Groups whose true effects vary: "lab/study" for studies within labs, "study + '
        'instrument" for groups that cross; "row" is each row. Instead of --cluster with each row '
        "in it, which then says only whose errors go together.",
    ),
    click.option(
        "--time",
        metavar="COLUMN",
        help="When each row of a cluster was measured, in numbers: errors correlate the less, the "
        "longer the time between. Needs --phi.",
    ),
    click.option(
        "--phi",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        help="Correlation of errors one unit of --time apart; two units apart it is phi squared.",
    ),
    click.option(
        "--group1",
        metavar="COLUMN",
        help="Which group of its cluster a row is of: rows that share one have errors in common.",
    ),
    click.option(
        "--group2", metavar="COLUMN", help="With which group that one is compared, as a control."
    ),
    click.option(
        "--size1", metavar="COLUMN", help="Persons in --group1; alike where it is not given."
    ),
    click.option("--size2", metavar="COLUMN", help="Persons in --group2."),
    click.option(
        "--covariances",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="All covariances of errors instead: a CSV file with a header, a row and a column for "
        "each row of the file, in their order.",
    ),
    click.option(
        "--margin",
        "margins",
        type=click.FloatRange(0, min_open=True),
        multiple=True,
        help="Noninferiority margin; positive effects favour the intervention.",
    ),
    click.option(
        "--baseline-risk",
        "baseline_risks",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        multiple=True,
        help="Risk of the second arm, for absolute effects and numbers needed to treat: of OR, "
        "PETO, RR, HR, RD and standardized differences (share above a threshold). May be given "
        "several times.",
    ),
    click.option(
        "--baseline-rate",
        "baseline_rates",
        type=click.FloatRange(0, min_open=True),
        multiple=True,
        help="Rate of the second arm, in events per unit of the file's time: absolute rates and "
        "person-time needed to treat, of IRR and IRD. May be given several times.",
    ),
    click.option(
        "--cutoff",
        type=float,
        help="A score: the baseline risk is the share of the second arms above it, by their means "
        "and SDs.",
    ),
    click.option(
        "--diagnostics",
        is_flag=True,
        help="Leave-one-out, influence, small-study effects (Egger, PET-PEESE and more), profile "
        "likelihood.",
    ),
    click.option(
        "--predictor",
        type=click.Choice([predictor.value for predictor in Predictor]),
        default=Predictor.SEI.value,
        show_default=True,
        help="Of Egger's test in --diagnostics; sqrtninv suits standardised mean differences.",
    ),
    click.option(
        "--bayes",
        is_flag=True,
        help="The Bayesian model: posterior of the mean, of tau, and of each study's effect.",
    ),
    click.option(
        "--tau-prior",
        callback=_tau_prior,
        metavar="FAMILY:SCALE",
        default=f"{DEFAULT_TAU.family.value}:{DEFAULT_TAU.scale:g}",
        show_default=True,
        help="Of tau in --bayes: half-normal or half-Cauchy, in units of the effect.",
    ),
    click.option(
        "--mean-prior",
        callback=_mean_prior,
        metavar="MEAN:SD",
        help="Normal, of the mean effect in --bayes; flat without it.",
    ),
    click.option(
        "--permutation",
        type=click.IntRange(1),
        metavar="N",
        help="Permutation test of --mods, else of the mean: N arrangements, all if fewer exist.",
    ),
    click.option(
        "--gosh",
        type=click.IntRange(1),
        metavar="N",
        help="Refit on N random subsets of the studies, on all if fewer exist.",
    ),
    click.option(
        "--bootstrap",
        type=click.IntRange(1),
        metavar="N",
        help="Percentile intervals over N samples of the studies, drawn with replacement.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=1,
        show_default=True,
        help="Of the random arrangements, subsets and samples.",
    ),
    computing_options,
    click.option(
        "--plot",
        "plots",
        type=click.Path(path_type=Path),
        multiple=True,
        help="Draw a forest plot: .svg, .pdf or .png.",
    ),
    force_option,
    click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts."),
)


def pool_options(function: FunctionT) -> FunctionT:
    """Add the options of ``review pool``."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
