"""Synthetic records that are hard to tell apart or to bring together.

Invented works, each as several databases would export it, with the differences that the
literature on de-duplication names (Rathbone et al. 2015, doi 10.1186/2046-4053-4-6; Hair et al.
2023, doi 10.1186/s12915-023-01686-z): abbreviated journals, initials, short page ranges, missing
DOIs, issues in the field of the volume, page counts, lost accents, slips, years online and in
print, subtitles left out, abstracts of supplements that share a DOI; and near them works that are
others: parts, errata, replies, the talk of another congress, another group of patients, the next
article of an issue with a DOI that an old database cut. They say how the rules treat these kinds,
not how common the kinds are.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final


def _words(text: str, by: str | None = None) -> list[str]:
    return text.split(by)


SEED: Final = 20261129
NOUNS: Final = _words(
    "therapy alliance sleep insulin asthma anxiety depression stroke nausea malaria fracture "
    "vaccination hypertension obesity dementia pain pregnancy fatigue anaemia epilepsy sepsis "
    "psoriasis glaucoma arthritis tuberculosis cholesterol delirium migraine hepatitis "
    "nephropathy retinopathy osteoporosis endometriosis thrombosis lymphoma melanoma"
)
TREATMENTS: Final = _words(
    "alogliptin anagliptin sitagliptin saxagliptin metformin aspirin ibuprofen fluoxetine "
    "mindfulness exercise acupuncture counselling videoconferencing magnesium zinc prednisolone "
    "propranolol omeprazole lixisenatide exenatide atorvastatin simvastatin warfarin heparin"
)
GROUPS: Final = _words(
    "men|women|children|adolescents|older adults|nurses|veterans|primary care|inpatients|"
    "outpatients|rats|mice|rural clinics|general hospitals",
    by="|",
)
DESIGNS: Final = _words(
    "a randomised controlled trial|a cohort study|a pilot study|a systematic review|"
    "a qualitative study|a crossover trial|protocol of a trial|a case-control study",
    by="|",
)
FORMS: Final = (
    "Effects of {t} on {n} in {g}", "{T} for {n} and {m} in {g}", "{T} versus {u} for {n} in {g}",
    "Prevalence and predictors of {n} among {g} treated with {t}",
    "Association of {t} with {n}, {m} and {o} in {g}", "Does {t} reduce {n} after {m} in {g}?",
)  # fmt: skip
JOURNALS: Final = (
    ("Journal of Synthetic Medicine", "J Synth Med"),
    ("Annals of Invented Research", "Ann Invent Res"),
    ("International Journal of Imaginary Psychology", "Int J Imag Psychol"),
    ("Diabetes, Sleep & Obesity", "Diabetes Sleep Obes"),
    ("European Archives of Fictional Neurology", "Eur Arch Fict Neurol"),
    ("Acta Synthetica Scandinavica", "Acta Synth Scand"),
)
NAMES: Final = _words(
    "Müller Hernández Øster Novák García Lefèvre O'Neill Smith-Jones Wang Li Chen Kim Tanaka Alm "
    "Bok Cid Dahl Eng Falk Gran Holm Iversen Jung Koch Lund Moen Nygård Olsen Pihl Quist Rask Sand "
    "Toft Ulv Vik Wiik Yde Zorn van-der-Berg Al-Rashid Petrović Kowalski"
)


@dataclass(frozen=True)
class Work:
    """An invented publication."""

    title: str
    subtitle: str
    authors: tuple[tuple[str, str], ...]
    year: int
    journal: tuple[str, str]
    volume: int
    issue: int
    page: int
    doi: str | None
    abstract: str
    kind: str = "article"
    numbered: bool = False
    """Whether it has an article number and no pages."""


@dataclass(frozen=True)
class Row:
    """One record of one database, with the number of its work."""

    group: int
    kind: str
    title: str
    authors: tuple[str, ...]
    year: int
    journal: str
    volume: str
    issue: str
    pages: str
    doi: str
    pmid: str
    abstract: str


def hard_duplicates(works: int = 700, seed: int = SEED) -> list[Row]:
    """Return records in random order, those of one work with one `group`."""
    draw = random.Random(seed)
    made: list[Work] = []
    for number in range(works):
        work = _work(draw, number)
        made.append(work)
        if draw.random() < 0.25:
            made.append(_neighbour(work, draw, number))
    rows: list[Row] = []
    for group, work in enumerate(made):
        count = draw.choices((1, 2, 3, 4), weights=(40, 25, 20, 15))[0]
        chosen = draw.sample(DATABASES, count)
        rows.extend(_slip(database(work, group, draw), draw) for database in chosen)
    draw.shuffle(rows)
    return rows


def _work(draw: random.Random, number: int) -> Work:
    n, m, o = draw.sample(NOUNS, 3)
    t, u = draw.sample(TREATMENTS, 2)
    words = {"t": t, "T": t.capitalize(), "u": u, "n": n, "m": m, "o": o, "g": draw.choice(GROUPS)}
    kind = "conference" if draw.random() < 0.25 else "article"
    text = " ".join(draw.choices(NOUNS + TREATMENTS + GROUPS, k=60))
    return Work(
        title=draw.choice(FORMS).format(**words),
        subtitle=draw.choice(DESIGNS) if draw.random() < 0.6 else "",
        authors=tuple(
            (draw.choice(NAMES), "".join(draw.choices("ABCDEFGHJKLM", k=draw.randint(1, 2))))
            for _ in range(draw.randint(1, 8))
        ),
        year=draw.randint(1995, 2024),
        journal=draw.choice(JOURNALS),
        volume=draw.randint(1, 90),
        issue=draw.randint(1, 12),
        page=draw.randint(2, 900),
        doi=f"10.5555/synth.{number:05d}",
        abstract=f"Aims: {text}.",
        kind=kind,
        numbered=draw.random() < 0.15,
    )


def _neighbour(work: Work, draw: random.Random, number: int) -> Work:
    """Return another work that is easily taken for this one."""
    other = f"10.5555/near.{number:05d}"
    text = "Methods: " + " ".join(draw.choices(NOUNS + GROUPS, k=60))
    choice = draw.randrange(8)
    if choice == 0:
        return replace(work, title=f"{work.title}. Part II", page=work.page + 9, doi=other)
    if choice == 1:
        return replace(work, title=f"Erratum to: {work.title}", page=work.page + 300, abstract="")
    if choice == 2:
        authors = ((draw.choice(NAMES), "A"),)
        return replace(
            work, title=f"Reply to: {work.title}", authors=authors, page=work.page + 1, abstract=""
        )
    if choice == 3:
        journal = draw.choice([j for j in JOURNALS if j != work.journal])
        return replace(
            work, journal=journal, volume=work.volume + 3, page=work.page + 40, doi=other,
            kind="conference", abstract=text,
        )  # fmt: skip
    if choice == 4:
        changed = work.title.replace(work.title.split()[-1].rstrip("?"), draw.choice(GROUPS))
        return replace(work, title=changed, page=work.page + 8, doi=other, abstract=text)
    if choice == 5:
        swap = next((t for t in TREATMENTS if t in work.title.lower()), "zinc")
        new = draw.choice([t for t in TREATMENTS if t != swap])
        changed = work.title.replace(swap, new).replace(swap.capitalize(), new.capitalize())
        return replace(work, title=changed, abstract=text)  # one page, one supplement, one DOI
    if choice == 6:
        return replace(
            work, year=work.year + 4, volume=work.volume + 4, page=work.page + 71, doi=other,
            subtitle="follow-up at four years", abstract=text,
        )  # fmt: skip
    doi = f"10.1002/(sici)1097-{number:04d}({work.year})17:{work.issue}"  # cut at "<"
    return replace(
        work, title=f"Synthetic {work.title}", page=work.page + 12, doi=doi,
        abstract=text,
    )  # fmt: skip


def _whole(work: Work) -> str:
    return f"{work.title}: {work.subtitle}" if work.subtitle else work.title


def _pages(work: Work, *, short: bool = False, letter: str = "") -> str:
    if work.numbered:
        return f"e{work.page}"
    if work.kind == "conference":
        return f"{letter}{work.page}"
    last = work.page + 7
    text = str(last)
    if short and len(text) == len(str(work.page)):
        same = next(i for i, c in enumerate(text) if c != str(work.page)[i])
        text = text[same:]
    return f"{work.page}-{text}"


def _doi(work: Work, draw: random.Random, share: float) -> str:
    return work.doi or "" if draw.random() < share else ""


def _row(work: Work, group: int, **changes: object) -> Row:
    row = Row(
        group=group, kind="Journal Article", title=_whole(work),
        authors=tuple(f"{last}, {initials}" for last, initials in work.authors), year=work.year,
        journal=work.journal[0], volume=str(work.volume), issue=str(work.issue),
        pages=_pages(work), doi="", pmid="", abstract=work.abstract,
    )  # fmt: skip
    return replace(row, **changes)  # type: ignore[arg-type]  # names of its own fields


def _medline(work: Work, group: int, draw: random.Random) -> Row:
    initials = tuple(f"{last} {first}" for last, first in work.authors)
    return _row(
        work, group, journal=work.journal[1], authors=initials, doi=_doi(work, draw, 0.8),
        pages=_pages(work, short=True), pmid=str(30_000_000 + group), title=_whole(work) + ".",
    )  # fmt: skip


def _embase(work: Work, group: int, draw: random.Random) -> Row:
    kind = "Journal: Conference Abstract" if work.kind == "conference" else "Journal: Article"
    muddled = work.kind == "conference" and draw.random() < 0.3
    return _row(
        work, group, kind=kind, doi=_doi(work, draw, 0.6), pages=_pages(work, letter="S"),
        volume=f"{work.issue} SUPPL. 1" if muddled else str(work.volume),
        authors=tuple(f"{last} {'.'.join(first)}." for last, first in work.authors),
    )  # fmt: skip


def _web_of_science(work: Work, group: int, draw: random.Random) -> Row:
    kind = "Meeting Abstract" if work.kind == "conference" else "Article"
    title = _whole(work).upper() if draw.random() < 0.2 else _whole(work).replace(":", " -")
    return _row(
        work, group, kind=kind, title=title, journal=work.journal[0].upper().replace("&", "AND"),
        pages="9" if work.numbered and draw.random() < 0.5 else _pages(work, letter="S"),
        doi=_doi(work, draw, 0.7), abstract=work.abstract.replace("Aims: ", ""),
    )  # fmt: skip


def _central(work: Work, group: int, draw: random.Random) -> Row:
    return _row(
        work, group, doi=f"10.1002/central/cn-{group:08d}", journal=work.journal[0].lower(),
        pages=_pages(work).replace("-", "‐"), abstract=work.abstract if draw.random() < 0.8 else "",
    )  # fmt: skip


def _scopus(work: Work, group: int, draw: random.Random) -> Row:
    kind = "Conference Paper" if work.kind == "conference" else "Article"
    plain = str.maketrans("üáØøåèćéñ", "uaOoaecen")
    return _row(
        work, group, kind=kind, doi=_doi(work, draw, 0.85),
        title=work.title if draw.random() < 0.1 else _whole(work),
        authors=tuple(f"{last}, {'.'.join(f)}.".translate(plain) for last, f in work.authors),
        pages="" if draw.random() < 0.15 else _pages(work),
        volume="" if draw.random() < 0.1 else str(work.volume),
    )  # fmt: skip


DATABASES: Final = (_medline, _embase, _web_of_science, _central, _scopus)


def _slip(row: Row, draw: random.Random) -> Row:
    if draw.random() < 0.04:
        place = draw.randrange(3, len(row.title) - 3)
        row = replace(row, title=row.title[:place] + row.title[place + 1 :])
    if draw.random() < 0.04:
        row = replace(row, year=row.year + draw.choice((-1, 1)))
    if draw.random() < 0.1:
        row = replace(row, abstract="")
    if draw.random() < 0.03:
        row = replace(row, authors=row.authors[:1])
    return row
