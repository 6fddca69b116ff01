"""Scales that run the other way, clusters of participants, and comparisons that share a control."""

from __future__ import annotations

import math

from review.effects import checks
from review.effects.arms import Group
from review.effects.converted import Converted
from review.errors import InvalidDataError


def reverse_scale(group: Group, lowest: float, highest: float) -> Converted[Group]:
    """A group's mean on the reversed scale, so that all instruments point the same way.

    Parameters
    ----------
    group
        Size, mean and standard deviation as reported.
    lowest, highest
        Ends of the scale (not of the sample).

    Returns
    -------
    Converted[Group]
        Mean lowest + highest - mean; size and standard deviation stay.

    Raises
    ------
    InvalidDataError
        If the ends do not rise or the mean lies outside of them.

    Notes
    -----
    The Cochrane Handbook (standardized mean difference) multiplies means by -1, which gives the
    same differences; on the reversed scale they can still be read.

    Examples
    --------
    >>> reverse_scale(Group(30, 12.0, 4.5), 0, 60).value
    Group(n=30, mean=48.0, sd=4.5)
    """
    checks.ascending(lowest=lowest, highest=highest)
    if not lowest <= group.mean <= highest:
        raise InvalidDataError(
            f"A mean of {group.mean:g} lies outside the scale from {lowest:g} to {highest:g}."
        )
    return Converted(
        Group(group.n, lowest + highest - group.mean, group.sd),
        "scale reversed: lowest + highest - mean",
        {"n": group.n, "mean": group.mean, "sd": group.sd},
        {"lowest": lowest, "highest": highest},
    )


def design_effect(mean_cluster_size: float, icc: float) -> Converted[float]:
    """How much larger a variance is for participants in clusters than for as many independent ones.

    Parameters
    ----------
    mean_cluster_size
        Participants in a cluster (therapist, group, site), on average; at least 1.
    icc
        Intracluster correlation, between 0 and 1; recorded as assumed.

    Returns
    -------
    Converted[float]
        1 + (mean_cluster_size - 1) icc, at least 1.

    Raises
    ------
    InvalidDataError
        If the size is below 1 or the correlation not between 0 and 1.

    Notes
    -----
    Cochrane Handbook 23.1.4.

    Examples
    --------
    >>> round(design_effect(29.8, 0.02).value, 3)
    1.576
    """
    checks.size("mean_cluster_size", mean_cluster_size, 1.0)
    _icc(icc)
    return Converted(
        1.0 + (mean_cluster_size - 1.0) * icc,
        "design effect 1 + (M - 1) ICC (Cochrane Handbook 23.1.4)",
        {"mean_cluster_size": mean_cluster_size},
        {"icc": icc},
    )


def effective_size(n: float, mean_cluster_size: float, icc: float) -> Converted[float]:
    """Number of independent participants that tell as much as ``n`` in clusters.

    Parameters
    ----------
    n
        Participants, or events among them (both are divided alike).
    mean_cluster_size, icc
        As for `design_effect`.

    Returns
    -------
    Converted[float]
        n over the design effect, not rounded.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Cochrane Handbook 23.1.4.

    Examples
    --------
    >>> round(effective_size(295, 29.8, 0.02).value, 1)
    187.2
    """
    checks.not_negative("n", n)
    effect = design_effect(mean_cluster_size, icc)
    return Converted(
        n / effect.value,
        "n over the design effect (Cochrane Handbook 23.1.4)",
        {"n": n, **effect.reported},
        effect.assumptions,
    )


def inflated_variance(variance: float, mean_cluster_size: float, icc: float) -> Converted[float]:
    """Sampling variance of an effect whose analysis took no account of clusters.

    Parameters
    ----------
    variance
        As computed for independent participants.
    mean_cluster_size, icc
        As for `design_effect`.

    Returns
    -------
    Converted[float]
        The variance times the design effect.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Cochrane Handbook 23.1.4 (standard error times the root of the design effect).

    Examples
    --------
    >>> inflated_variance(0.04, 11, 0.05).value
    0.06
    """
    checks.not_negative("variance", variance)
    effect = design_effect(mean_cluster_size, icc)
    return Converted(
        variance * effect.value,
        "variance times the design effect (Cochrane Handbook 23.1.4)",
        {"variance": variance, **effect.reported},
        effect.assumptions,
    )


def shared_control_covariance_smd(
    d1: float, d2: float, n_control: float, n_total: float
) -> Converted[float]:
    """Sampling covariance of two standardized differences from one control group.

    Parameters
    ----------
    d1, d2
        Standardized mean differences of two arms against the same control.
    n_control
        Participants in the control group.
    n_total
        Participants in all groups whose spread went into the pooled standard deviation.

    Returns
    -------
    Converted[float]
        1/n_control + d1 d2 / (2 n_total).

    Raises
    ------
    InvalidDataError
        If an effect is not finite or the sizes cannot be right.

    Notes
    -----
    Gleser & Olkin (2009), large-sample covariance for a common standard deviation.

    Examples
    --------
    >>> round(shared_control_covariance_smd(0.46, 0.73, 44, 126).value, 8)
    0.02405981
    """
    checks.finite("d1", d1)
    checks.finite("d2", d2)
    _part(n_control, n_total)
    return Converted(
        1.0 / n_control + d1 * d2 / (2.0 * n_total),
        "covariance of SMDs with one control (Gleser & Olkin 2009)",
        {"d1": d1, "d2": d2, "n_control": n_control, "n_total": n_total},
    )


def shared_control_covariance_md(sd_control: float, n_control: float) -> Converted[float]:
    """Sampling covariance of two raw mean differences from one control group: its mean's variance.

    Parameters
    ----------
    sd_control, n_control
        Standard deviation and size of the control group.

    Returns
    -------
    Converted[float]
        sd_control² / n_control, exact.

    Raises
    ------
    InvalidDataError
        If the standard deviation is negative or the group empty.

    Examples
    --------
    >>> shared_control_covariance_md(6.0, 40).value
    0.9
    """
    checks.not_negative("sd_control", sd_control)
    checks.size("n_control", n_control, 1.0)
    return Converted(
        sd_control**2 / n_control,
        "covariance of mean differences with one control: variance of the control's mean",
        {"sd_control": sd_control, "n_control": n_control},
    )


def shared_control_covariance_events(
    events_control: float, n_control: float
) -> Converted[tuple[float, float, float]]:
    """Sampling covariances of log risk ratios, log odds ratios and risk differences.

    Parameters
    ----------
    events_control, n_control
        Events and participants in the shared control group.

    Returns
    -------
    Converted[tuple]
        Of two log risk ratios, 1/c - 1/n; of two log odds ratios, 1/c + 1/(n - c); of two risk
        differences, c (n - c)/n³: the variance of the control's part in each (delta method).

    Raises
    ------
    InvalidDataError
        If there are no events, or only events.

    Notes
    -----
    Gleser & Olkin (2009).

    Examples
    --------
    >>> [round(covariance, 5) for covariance in shared_control_covariance_events(10, 40).value]
    [0.075, 0.13333, 0.00469]
    """
    checks.positive("events_control", events_control)
    if not events_control < n_control < math.inf:
        raise InvalidDataError(
            f"{events_control:g} events among {n_control:g} participants leave no one without."
        )
    others = n_control - events_control
    return Converted(
        (
            1.0 / events_control - 1.0 / n_control,
            1.0 / events_control + 1.0 / others,
            events_control * others / n_control**3,
        ),
        "covariances of log RR, log OR and RD with one control (Gleser & Olkin 2009)",
        {"events_control": events_control, "n_control": n_control},
    )


def shared_control_covariance_rates(
    events_control: float, time_control: float
) -> Converted[tuple[float | None, float, float]]:
    """Sampling covariances of log rate ratios, rate differences and differences of root rates.

    Parameters
    ----------
    events_control, time_control
        Events and person-time in the shared control group.

    Returns
    -------
    Converted[tuple]
        Of two log rate ratios, 1/x, None without events; of two rate differences, x/t²; of two
        differences of root rates, 1/(4t): the variance of the control's part in each.

    Raises
    ------
    InvalidDataError
        If events are negative, or the time is not above zero.

    Notes
    -----
    As :func:`shared_control_covariance_events`, of Poisson counts.

    Examples
    --------
    >>> shared_control_covariance_rates(20, 100).value
    (0.05, 0.002, 0.0025)
    """
    checks.not_negative("events_control", events_control)
    checks.positive("time_control", time_control)
    return Converted(
        (
            1.0 / events_control if events_control else None,
            events_control / time_control**2,
            0.25 / time_control,
        ),
        "covariances of log IRR, IRD and IRSD with one control",
        {"events_control": events_control, "time_control": time_control},
    )


def _icc(icc: float) -> None:
    if not 0.0 <= icc <= 1.0:
        raise InvalidDataError(
            f"An intracluster correlation lies between 0 and 1; {icc:g} does not."
        )


def _part(n_control: float, n_total: float) -> None:
    checks.size("n_control", n_control, 1.0)
    if not n_control < n_total < math.inf:
        raise InvalidDataError(
            f"The control has {n_control:g} participants, all groups together {n_total:g}."
        )
