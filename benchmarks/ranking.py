"""How much work a ranking saves on labelled reviews, beside ASReview's default model.

Run ``python benchmarks/ranking.py [SET ...] [--peer PYTHON] [--random-share 0.05]``. A set is a CSV
file with columns ``title``, ``abstract`` and one of ``label_included``, ``included``, ``label``
(1 or 0), as ASReview's simulations take. Without a set, synthetic ones of a seed are used: what is
relevant is told there by a few words among many, so that they show that the ranking works, not how
well it does on a real review. The screening starts from one included and one excluded record, for
each of several such pairs; records come in order of the ranking, which is learned anew when
`review screen rank --if-due` would. PYTHON is an interpreter of an environment with asreview, whose
default model is then run with the same starts and the same renewals; left out, with a reason, where
it does not import. Prints WSS@95 (Cohen et al. 2006, doi 10.1197/jamia.M1929) as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from review.screening.ranking import MODEL, learned_scores, mixed_order, word_features
from review.screening.renewal import next_ranking_at
from review.screening.stopping import work_saved_at

csv.field_size_limit(10_000_000)
STARTS = 5
LABELS = ("label_included", "included", "label")
PEER = """
import json, sys
import numpy as np, pandas as pd
from asreview.learner import ActiveLearningCycle
from asreview.models.models import get_ai_config
told = json.load(open(sys.argv[1]))
frame = pd.DataFrame({"title": told["titles"], "abstract": told["abstracts"]})
y = np.array(told["labels"]).astype(int)
config = get_ai_config("elas_u4")["value"]
cycle = ActiveLearningCycle.from_meta(config)
X = cycle.transform(frame)
orders = []
for start in told["starts"]:
    seen, at = list(start), 2
    while len(seen) < len(y):
        cycle.fit(X[seen], y[seen])
        left = np.setdiff1d(np.arange(len(y)), seen)
        step = told["next"][len(seen)] - len(seen)
        seen.extend(int(i) for i in left[cycle.rank(X[left])][:step])
    orders.append(seen)
print("RESULT" + json.dumps(orders))
"""


def labelled(path: Path) -> tuple[list[str], list[str], list[bool]]:
    """Return titles, abstracts and labels of a CSV file; rows without a label are left out."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    column = next(name for name in LABELS if rows and name in rows[0])
    rows = [row for row in rows if row[column] in ("0", "1", "0.0", "1.0")]
    return (
        [row.get("title") or "" for row in rows],
        [row.get("abstract") or "" for row in rows],
        [row[column][0] == "1" for row in rows],
    )


def synthetic(seed: int) -> tuple[list[str], list[str], list[bool]]:
    """Return 1,500 made-up records, 4 % of them relevant."""
    draw = random.Random(seed)
    common = [f"word{n}" for n in range(4_000)]
    weights = [1 / (n + 5) for n in range(4_000)]
    topic = [f"topic{n}" for n in range(60)]
    labels = [draw.random() < 0.04 for _ in range(1_500)]
    titles, abstracts = [], []
    for relevant in labels:
        words = draw.choices(common, weights, k=150)
        words += draw.choices(topic, k=draw.randint(5, 14) if relevant else draw.randint(0, 3))
        draw.shuffle(words)
        titles.append(" ".join(words[:12]))
        abstracts.append(" ".join(words[12:]))
    return titles, abstracts, labels


def screened(features: Any, labels: list[bool], start: tuple[int, int], share: float) -> list[int]:
    """Return the order in which the records come to a screener."""
    seen = list(start)
    truth = np.array(labels)
    while len(seen) < len(labels):
        known = np.array(seen)
        left = np.setdiff1d(np.arange(len(labels)), known)
        scores = learned_scores(features, known, truth[known], seed=1)
        order = mixed_order(scores[left], random_share=share, seed=len(seen))
        step = next_ranking_at(len(seen)) - len(seen)
        seen.extend(int(left[one.index]) for one in order[:step])
    return seen


def measure(
    name: str, data: tuple[list[str], list[str], list[bool]], python: str | None, share: float
) -> dict[str, Any]:
    """Return WSS@95 of both on one set."""
    titles, abstracts, labels = data
    draw = random.Random(1)
    included = [n for n, label in enumerate(labels) if label]
    excluded = [n for n, label in enumerate(labels) if not label]
    starts = [(draw.choice(included), draw.choice(excluded)) for _ in range(STARTS)]
    begun = time.process_time()
    features = word_features([f"{t}\n{a}" for t, a in zip(titles, abstracts, strict=True)])
    ours = [_saved(screened(features, labels, start, share), labels) for start in starts]
    took = time.process_time() - begun
    return {
        "data": name,
        "records": len(labels),
        "relevant": len(included),
        "model": MODEL,
        "random_share": share,
        "wss_95": {"mean": round(float(np.mean(ours)), 3), "each": [round(one, 3) for one in ours]},
        "seconds": round(took, 1),
        "asreview_elas_u4": _peer(titles, abstracts, labels, starts, python),
    }


def _saved(order: list[int], labels: list[bool]) -> float:
    return work_saved_at([labels[n] for n in order])


def _peer(
    titles: list[str],
    abstracts: list[str],
    labels: list[bool],
    starts: list[tuple[int, int]],
    python: str | None,
) -> dict[str, Any]:
    if python is None:
        return {"left_out": "no interpreter with asreview was named (--peer)"}
    told = {
        "titles": titles, "abstracts": abstracts, "labels": labels, "starts": starts,
        "next": [next_ranking_at(n) for n in range(len(labels))],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.json"
        path.write_text(json.dumps(told), encoding="utf-8")
        done = subprocess.run(
            [python, "-c", PEER, str(path)], cwd=folder, capture_output=True, text=True
        )
    said = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not said:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        return {"left_out": f"asreview did not run: {' '.join(last)}"}
    each = [_saved(order, labels) for order in json.loads(said[0].removeprefix("RESULT"))]
    return {"mean": round(float(np.mean(each)), 3), "each": [round(one, 3) for one in each]}


def main() -> None:
    """Measure each set and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--peer", help="a Python with asreview")
    parser.add_argument("--random-share", type=float, default=0.0)
    asked = parser.parse_args()
    sets = [(path.name, labelled(path)) for path in asked.sets]
    sets = sets or [(f"synthetic, seed {seed}", synthetic(seed)) for seed in (1, 2)]
    figures = [measure(name, data, asked.peer, asked.random_share) for name, data in sets]
    json.dump(figures, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
