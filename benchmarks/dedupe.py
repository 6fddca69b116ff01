"""How well and how fast duplicates are found on labelled sets, beside bib-dedupe.

Run ``python benchmarks/dedupe.py [SET ...] [--peer PYTHON]``. A set is a CSV file with a column
``group`` (the number of the work; records of one work share it) and any of ``kind``, ``title``,
``author`` (joined by `` and ``), ``year``, ``journal``, ``volume``, ``number``, ``pages``, ``doi``,
``pmid`` and ``abstract``; or EndNote XML whose captions mark each member of a group
("Duplicate"). Without a set, the synthetic hard ones of `hard_duplicates` are used; figures on
them say how kinds of error are treated, not how common these are. PYTHON is an interpreter of an
environment with bib-dedupe; it is left out, with a reason, where that does not import. Prints JSON.

Sensitivity is the share of superfluous records that links without a person take out, specificity
the share of works that keep a record of their own; questions are pairs left to a person, and
`asked` the share of superfluous records that links and rightly answered questions take out.
Seconds are of the processor, with one process for both.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hard_duplicates import SEED, hard_duplicates

from review.citations.clusters import Clusters
from review.citations.dedupe.finding import FoundPair, find_pairs
from review.citations.dedupe.fingerprint import Fingerprint, fingerprint
from review.citations.formats import fields
from review.citations.formats.bibtex import names_of
from review.citations.formats.reading import read_citations
from review.citations.vocabulary import Band

csv.field_size_limit(10_000_000)
COLUMNS = (
    "kind", "title", "author", "year", "journal", "volume", "number", "pages", "doi", "pmid",
    "abstract",
)  # fmt: skip

PEER = """
import sys, json, time
import pandas as pd
from bib_dedupe.bib_dedupe import prep, block, match, cluster
from bib_dedupe import verbose_print
rows = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
begun = time.process_time()
found = match(block(prep(rows, cpu=1), cpu=1), cpu=1)
took = time.process_time() - begun
pairs = found[found["duplicate_label"] == "duplicate"]
maybe = found[found["duplicate_label"] == "maybe"]
print("RESULT" + json.dumps({"seconds": took, "questions": len(maybe), "groups": cluster(pairs)}))
"""


@dataclass(frozen=True)
class Labelled:
    """A set of records with what is known of them."""

    name: str
    rows: list[dict[str, str]]
    group: list[int] | None
    """The work of each; None where only members of groups are marked."""
    marked: list[bool]


def from_csv(path: Path) -> Labelled:
    """Return the labelled set of a CSV file."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names = {name: number for number, name in enumerate(dict.fromkeys(r["group"] for r in rows))}
    return _grouped(path.name, rows, [names[row["group"]] for row in rows])


def _grouped(name: str, rows: list[dict[str, str]], group: list[int]) -> Labelled:
    count = Counter(group)
    return Labelled(name, rows, group, [count[one] > 1 for one in group])


def from_endnote(path: Path) -> Labelled:
    """Return the set of an EndNote XML file that marks members of groups in their captions."""
    reading = read_citations(path.read_bytes(), file=path.name)
    rows = [
        {
            **{name: str(getattr(e, name, None) or "") for name in COLUMNS},
            "author": " and ".join(e.authors),
            "number": e.issue or "",
        }
        for e in reading.entries
    ]
    return Labelled(
        path.name, rows, None, ["Duplicate</style></caption>" in e.raw for e in reading.entries]
    )


def synthetic(seed: int) -> Labelled:
    """Return a hard synthetic set."""
    made = hard_duplicates(seed=seed)
    rows = [
        {
            **{name: str(getattr(row, name, "")) for name in COLUMNS},
            "author": " and ".join(row.authors),
            "number": row.issue,
        }
        for row in made
    ]
    return _grouped(f"synthetic hard duplicates, seed {seed}", rows, [row.group for row in made])


def fingerprints(rows: Iterable[dict[str, str]]) -> list[Fingerprint]:
    """Return what of each row is compared."""
    return [
        fingerprint(
            record_id=number,
            kind=row.get("kind"),
            title=row.get("title"),
            authors=names_of(row.get("author") or ""),
            year=int(row["year"][:4]) if (row.get("year") or "")[:4].isdigit() else None,
            journal=row.get("journal"),
            volume=row.get("volume"),
            pages=row.get("pages"),
            doi=fields.doi_in(row.get("doi")),
            pmid=row.get("pmid") or None,
            abstract=row.get("abstract"),
        )
        for number, row in enumerate(rows)
    ]


def measured(known: Labelled, groups: Iterable[Sequence[int]]) -> dict[str, Any]:
    """Return sensitivity and specificity of groups found."""
    groups = [list(group) for group in groups]
    if known.group is None:
        found = {member for group in groups for member in group}
        hits = sum(known.marked[member] for member in found)
        marked, others = sum(known.marked), len(known.marked) - sum(known.marked)
        return {
            "measured_by": "members of groups",
            "sensitivity": round(hits / marked, 4),
            "specificity": round(1 - (len(found) - hits) / max(1, others), 4),
            "wrongly_linked": len(found) - hits,
        }
    right = wrong = 0
    for group in groups:
        works = Counter(known.group[member] for member in group)
        right += sum(count - 1 for count in works.values())
        wrong += len(works) - 1
    works_known = len(set(known.group))
    return {
        "measured_by": "records taken out",
        "sensitivity": round(right / (len(known.rows) - works_known), 4),
        "specificity": round(1 - wrong / works_known, 4),
        "wrongly_linked": wrong,
    }


def ours(known: Labelled) -> tuple[dict[str, Any], list[FoundPair]]:
    """Return the figures of this program."""
    begun = time.process_time()
    pairs = find_pairs(fingerprints(known.rows))
    took = time.process_time() - begun
    certain = [p for p in pairs if p.comparison.band is Band.CERTAIN]
    possible = [p for p in pairs if p.comparison.band is Band.POSSIBLE]
    clusters = Clusters((p.earlier_id, p.later_id) for p in certain)
    figures = {**measured(known, clusters.all()), "questions": len(possible)}
    if known.group is not None:
        answered = [p for p in possible if known.group[p.earlier_id] == known.group[p.later_id]]
        for pair in answered:
            clusters.join(pair.earlier_id, pair.later_id)
        figures["asked"] = measured(known, clusters.all())["sensitivity"]
        figures["questions_of_one_work"] = len(answered)
    figures["seconds"] = round(took, 2)
    return figures, pairs


def peer(known: Labelled, python: str | None) -> dict[str, Any]:
    """Return the figures of bib-dedupe, or why there are none."""
    if python is None:
        return {"left_out": "no interpreter with bib-dedupe was named (--peer)"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.csv"
        names = ["ID", "ENTRYTYPE", *COLUMNS[1:]]
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, names, extrasaction="ignore")
            writer.writeheader()
            for number, row in enumerate(known.rows):
                talk = any(w in row.get("kind", "") for w in ("Conference", "Meeting"))
                kind = "inproceedings" if talk else "article"
                writer.writerow({**row, "ID": f"r{number}", "ENTRYTYPE": kind})
        done = subprocess.run(
            [python, "-c", PEER, str(path)], cwd=folder, capture_output=True, text=True
        )
    said = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not said:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        return {"left_out": f"bib-dedupe did not run: {' '.join(last)}"}
    result = json.loads(said[0].removeprefix("RESULT"))
    groups = [[int(member[1:]) for member in group] for group in result["groups"]]
    return {
        **measured(known, groups),
        "questions": result["questions"],
        "seconds": round(result["seconds"], 2),
    }


def rules(known: Labelled, pairs: Sequence[FoundPair]) -> dict[str, dict[str, int]]:
    """Return by rule how many pairs it made, and of how many works they are one."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"one_work": 0, "two_works": 0})
    if known.group is not None:
        for pair in pairs:
            same = known.group[pair.earlier_id] == known.group[pair.later_id]
            name = f"{pair.comparison.band}: {pair.comparison.rule}"
            found[name]["one_work" if same else "two_works"] += 1
    return dict(sorted(found.items()))


def main() -> None:
    """Measure each set and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--peer", help="a Python with bib-dedupe")
    parser.add_argument("--rules", action="store_true", help="also count pairs by rule")
    asked = parser.parse_args()
    known = [from_endnote(p) if p.suffix == ".xml" else from_csv(p) for p in asked.sets]
    printed = []
    for one in known or [synthetic(SEED), synthetic(SEED + 1)]:
        figures, pairs = ours(one)
        printed.append(
            {
                "data": one.name,
                "records": len(one.rows),
                "superfluous": len(one.rows) - len(set(one.group)) if one.group else None,
                "review": figures,
                "bib_dedupe": peer(one, asked.peer),
                **({"rules": rules(one, pairs)} if asked.rules else {}),
            }
        )
    json.dump(printed, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
