"""What a methods section says of models; a name in braces is a reference."""

from __future__ import annotations

from typing import Final

METHODS: Final = {
    "REML": "a random-effects model, τ² estimated by restricted maximum likelihood {reml}",
    "ML": "a random-effects model, τ² estimated by maximum likelihood {reml}",
    "DL": "a random-effects model, τ² estimated by the method of DerSimonian and Laird {dl}",
    "PM": "a random-effects model, τ² estimated by the method of Paule and Mandel {pm}",
    "HE": "a random-effects model, τ² estimated by the method of Hedges {he}",
    "SJ": "a random-effects model, τ² estimated by the method of Sidik and Jonkman {sj}",
    "EB": "a random-effects model, τ² estimated by empirical Bayes {eb}",
    "EE": "a common-effect model",
    "MH": "the Mantel-Haenszel method {mh}",
    "PETO": "Peto’s method {peto}",
    "CM.EL": "a mixed-effects conditional logistic model of the counts, exact by the non-central "
    "hypergeometric distribution {stijnen}",
    "CM.AL": "a mixed-effects conditional logistic model of the counts, by its binomial "
    "approximation {stijnen}",
    "UM.FS": "a mixed-effects logistic model of the counts with fixed trial intercepts {stijnen}",
    "UM.RS": "a mixed-effects logistic model of the counts with random trial intercepts {stijnen}",
}
OF_RATES: Final = {
    "CM.EL": "a mixed-effects conditional Poisson model of the events, exact by the binomial "
    "distribution {stijnen}",
    "UM.FS": "a mixed-effects Poisson model of the events with fixed trial intercepts {stijnen}",
    "UM.RS": "a mixed-effects Poisson model of the events with random trial intercepts {stijnen}",
}
"""Of events in person-time."""
OTHER_METHOD: Final = "a random-effects model, τ² estimated by metafor’s method {name} {engines}"
TESTS: Final = {
    "adhoc": "Hartung-Knapp intervals {knha} whose variance factor is at least 1",
    "knha": "Hartung-Knapp intervals {knha}",
    "t": "t intervals",
    "z": "normal intervals",
}
PREDICTIONS: Final = {
    "test": "",
    "k-1": " and prediction intervals by t with k − 1 degrees of freedom {pi}",
    "k-2": " and prediction intervals by t with k − 2 degrees of freedom {hts}",
    "HK": " and Hartung-Knapp prediction intervals {partlett}",
}
