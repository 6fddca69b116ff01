"""The closed choices of a mixed model of counts, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from review.errors import InvalidDataError


class CountMeasure(StrEnum):
    """What counts are pooled as: log odds and rate ratio, logit of a proportion, log of a rate."""

    OR = "OR"
    IRR = "IRR"
    PLO = "PLO"
    IRLN = "IRLN"

    @classmethod
    def _missing_(cls, value: object) -> CountMeasure:
        names = ", ".join(member.value for member in cls)
        raise InvalidDataError(f"A mixed model pools {names}, not {value!r}.")


class CountModel(StrEnum):
    """How the level of each study's counts enters, by metafor's names.

    UM_FS : its own parameter (fixed study effects); UM_RS : a normal random intercept; CM_EL : not
    at all, given the margins (exact: non-central hypergeometric, of rates binomial); CM_AL : its
    binomial approximation, for rare events.
    """

    UM_FS = "UM.FS"
    UM_RS = "UM.RS"
    CM_EL = "CM.EL"
    CM_AL = "CM.AL"

    @classmethod
    def _missing_(cls, value: object) -> CountModel:
        names = ", ".join(member.value for member in cls)
        raise InvalidDataError(f"{value!r} is no mixed model of counts; choose one of {names}.")


MODELS: Final[Mapping[CountMeasure, tuple[CountModel, ...]]] = {
    CountMeasure.OR: (CountModel.UM_FS, CountModel.UM_RS, CountModel.CM_EL, CountModel.CM_AL),
    CountMeasure.IRR: (CountModel.UM_FS, CountModel.UM_RS, CountModel.CM_EL),
    CountMeasure.PLO: (CountModel.UM_RS,),
    CountMeasure.IRLN: (CountModel.UM_RS,),
}
"""The models of each measure, metafor's default first."""


@dataclass(frozen=True, slots=True)
class Glmm:
    """A pooled effect by maximum likelihood, on its log or logit scale, with a normal test.

    Attributes
    ----------
    k : the studies that say anything. Those without events in either arm (or with events only) say
        nothing of a ratio, and are left out as metafor does.
    informative : (k given,) which these are.
    tau2 : variance of the effects between studies.
    sigma2 : variance of the intercepts; None but of two arms with model UM.RS.
    loglik : maximum of the log-likelihood, up to what does not depend on the parameters.
    Q, Q_df, Q_p : likelihood ratio test of one common effect against one an each study
        (rma.glmm's QE.LRT); of UM.RS that of UM.FS, whose intercepts are free. `Q_p` is None of one
        study.
    points : of the quadrature; 1 is Laplace's approximation.
    """

    measure: CountMeasure
    model: CountModel
    k: int
    informative: tuple[bool, ...]
    estimate: float
    se: float
    stat: float
    p: float
    ci: tuple[float, float]
    level: float
    tau2: float
    sigma2: float | None
    loglik: float
    Q: float
    Q_df: int
    Q_p: float | None
    points: int
