"""Options of `review pool` that do not go together, or not alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from review.cli.pool.levels import ERRORS
from review.synthesis import Method, Test
from review.synthesis.multivariate import Structure


def fits_clusters(ctx: click.Context, method: str, test: str, option: str) -> None:
    """Refuse a method or test that was asked for and that a model of groups does not use.

    Raises
    ------
    click.UsageError
        As all functions here; `option` is what asked for the model.
    """
    asked = {
        name
        for name in ("method", "test")
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "method" in asked and Method(method) is not Method.REML:
        raise click.UsageError(
            f"{option} fits its model by REML; it has no --method {method}. Leave out one of them"
        )
    if "test" in asked and Test(test) is not Test.Z:
        raise click.UsageError(
            f"{option} tests by cluster-robust t on its own degrees of freedom, beside z; it has "
            f"no --test {test}. Leave out one of them"
        )


def fits_outcomes(asked: Mapping[str, Any]) -> None:
    """Refuse several outcomes without what their model needs, or with what it does not have."""
    known = asked["rho"] is not None or asked["covariances"] is not None
    if asked["cluster"] is None or not known:
        raise click.UsageError(
            "--outcome needs --cluster, the studies, and --rho: effects of the same people have "
            "errors that correlate, and reports hardly ever say how much"
        )
    if asked["random"]:
        raise click.UsageError(
            "--outcome has random effects of its own, by --cluster and --structure; leave out "
            "--random"
        )
    if Structure(asked["structure"]).serial and asked["time"] is not None:
        raise click.UsageError(
            f"--structure {asked['structure']} takes --outcome for the time; leave out --time"
        )
    if asked["mods"] is not None:
        raise click.UsageError("--outcome has a mean of each outcome; leave out --mods")


def belong(ctx: click.Context, asked: Mapping[str, Any]) -> None:
    """Refuse an option that says more of another one which is not there."""
    for option, other in (
        ("predictor", "diagnostics"), ("tau_prior", "bayes"), ("mean_prior", "bayes"),
        ("common_tau2", "subgroup"), ("link", "scale"), ("structure", "outcome"),
        ("rho", "cluster"), ("time", "phi"), ("phi", "time"), ("time", "cluster"),
        ("group1", "cluster"), ("group2", "group1"), ("size1", "group1"), ("size2", "group2"),
        ("size2", "size1"),
    ):  # fmt: skip
        given = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if given and not asked[other]:
            raise click.UsageError(f"--{option.replace('_', '-')} needs --{other}")


def alone(ctx: click.Context, method: str, asked: Mapping[str, Any]) -> None:
    """Refuse what a method that pools counts has no use for."""
    others = (
        "mods", "scale", "subgroup", "cluster", "random", "diagnostics", "bayes", "permutation",
        "gosh", "bootstrap",
    )  # fmt: skip
    given = [name for name in others if asked[name]]
    if given:
        raise click.UsageError(
            f"--method {method} pools the counts themselves; it has no --{given[0]}. Leave out one "
            "of them"
        )
    for option in ("test", "prediction"):
        if ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--method {method} tests by z; leave out --{option}")


def fits_errors(asked: Mapping[str, Any]) -> None:
    """Refuse two accounts of how errors go together, or one that no model uses."""
    if asked["permutation"] is not None and grouped(asked):
        raise click.UsageError(
            f"--permutation takes independent effects; leave out {grouped(asked)}"
        )
    if asked["covariances"] is None:
        return
    twice = next((name for name in ("rho", *ERRORS) if asked[name] is not None), None)
    if twice is not None:
        raise click.UsageError(
            f"--covariances has all that --{twice} would say of the errors; leave out one of them"
        )
    if not grouped(asked):
        raise click.UsageError("--covariances needs --cluster or --random")


def grouped(asked: Mapping[str, Any]) -> str:
    """Return the option that asks for a model of groups; empty where none does."""
    return "--cluster" if asked["cluster"] is not None else "--random" if asked["random"] else ""
