"""The closed choices of a pooled analysis, under metafor's names."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypedDict

from review.errors import InvalidDataError


class Method(StrEnum):
    """Estimator of the between-study variance tau² (EE: none, the equal-effects model).

    DL DerSimonian & Laird 1986; HE Hedges & Olkin 1985, ch. 9; HS Hunter & Schmidt 1990 and HSk its
    small-sample form (Brannick et al. 2019); SJ Sidik & Jonkman 2005; ML and REML Viechtbauer
    2005; EB Morris 1983; PM Paule & Mandel 1982; PMM the median-unbiased Paule-Mandel
    (Viechtbauer 2021). ``FE`` is read as ``EE``: the numbers are the same.

    Examples
    --------
    >>> Method("FE")
    <Method.EE: 'EE'>
    """

    EE = "EE"
    DL = "DL"
    HE = "HE"
    HS = "HS"
    HSK = "HSk"
    SJ = "SJ"
    ML = "ML"
    REML = "REML"
    EB = "EB"
    PM = "PM"
    PMM = "PMM"

    @classmethod
    def _missing_(cls, value: object) -> Method:
        if isinstance(value, str):
            wanted = value.upper()
            for member in cls:
                if member.value.upper() == wanted:
                    return member
            if wanted == "FE":
                return cls.EE
        names = ", ".join(member.value for member in cls)
        raise InvalidDataError(f"{value!r} is not a method of pooling; choose one of {names}.")


class Test(StrEnum):
    """Reference distribution and standard error of the pooled effect.

    ``z`` Wald; ``t`` Wald with k-1 degrees of freedom; ``knha`` Hartung & Knapp 2001, also with
    k-1; ``adhoc`` the same with the variance factor floored at 1 (Röver, Knapp & Friede 2015).
    """

    __test__ = False  # pytest would take the name for a test class

    Z = "z"
    T = "t"
    KNHA = "knha"
    ADHOC = "adhoc"

    @classmethod
    def _missing_(cls, value: object) -> Test:
        names = ", ".join(member.value for member in cls)
        raise InvalidDataError(f"{value!r} is not a test; choose one of {names}.")


class PredictionKind(StrEnum):
    """How the prediction interval for the effect of a new study is made; tau² stands in all."""

    TEST = "test"
    """By the standard error and the distribution of the mean's test, as metafor does."""
    K_1 = "k-1"
    """The model's standard error, t with k-1 degrees of freedom (Veroniki et al. 2019)."""
    K_2 = "k-2"
    """The same with k-2 (Higgins, Thompson & Spiegelhalter 2009, eq. 12)."""
    HK = "HK"
    """Hartung-Knapp's standard error, not floored, t with k-1 (Partlett & Riley 2017)."""

    @classmethod
    def _missing_(cls, value: object) -> PredictionKind:
        names = ", ".join(member.value for member in cls)
        raise InvalidDataError(
            f"{value!r} is no way to make a prediction interval; choose one of {names}."
        )


class ModelSettings(TypedDict):
    """What `review.synthesis.pool` and its kin take as keywords."""

    method: Method
    test: Test
    level: float


class Model(NamedTuple):
    """How effects are pooled, as one value: estimator of tau², test, and level of intervals."""

    method: Method
    test: Test
    level: float

    @classmethod
    def of(cls, method: Method | str, test: Test | str, level: float) -> Model:
        """Return the model by its names; raise InvalidDataError for one that there is not.

        Examples
        --------
        >>> Model.of("REML", "z", 0.95).test
        <Test.Z: 'z'>
        """
        return cls(Method(method), Test(test), level)

    @property
    def settings(self) -> ModelSettings:
        """The same as keywords.

        Examples
        --------
        >>> Model.of("DL", "z", 0.9).settings["level"]
        0.9
        """
        return ModelSettings(method=self.method, test=self.test, level=self.level)
