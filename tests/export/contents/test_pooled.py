from dataclasses import replace

import pytest

from review.export.contents.pooled import pooled_table
from review.export.runs import LatestRun
from review.synthesis.noninferiority import Conclusion
from tests.export.reproduction.synthetic import association, single_arm


@pytest.mark.parametrize(
    ("run", "word"), [(association(), "positive"), (single_arm("MN"), None)]
)  # fmt: skip
def test_only_a_contrast_is_called_superior(run: LatestRun, word: str | None) -> None:
    above = run.results.headline.model_copy(update={"conclusion": Conclusion.SUPERIOR})
    run = replace(run, results=run.results.model_copy(update={"readings": (above,)}))
    table = pooled_table("Synthetic", [run])
    assert [row[table.keys.index("conclusion")] for row in table.rows] == [word]
