"""Every claim of a manuscript, in the order of its text; importing them makes the list."""

# ruff: noqa: F401 - each adds its claims
# isort: off
from tests.export.manuscript.claims import abstract
from tests.export.manuscript.claims import conduct
from tests.export.manuscript.claims import plans
from tests.export.manuscript.claims import selection
from tests.export.manuscript.claims import results
from tests.export.manuscript.claims import absolute
from tests.export.manuscript.claims import bayes
from tests.export.manuscript.claims import networks
from tests.export.manuscript.claims import joint
from tests.export.manuscript.claims import levels
from tests.export.manuscript.claims import sensitivity
from tests.export.manuscript.claims import heterogeneity
from tests.export.manuscript.claims import change
