"""The pages of a release: the same for ever, no dead link, nothing loaded from elsewhere (J17)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import html5lib
import pytest
from click.testing import CliRunner

from review.config import settings
from review.db import Database, database_at
from review.demonstration import invented
from review.export.site.content import data_of, site_now, site_of_release
from review.export.site.kept import kept_now, read_kept
from review.export.site.model import SiteContent
from review.extraction.actions import exclude_study
from review.figures.forest_values import ForestRow
from review.history.actions import Attribution, writing
from review.history.queries import events
from review.living.job.repool import repool
from review.living.releases.releases import ReleaseSpec, create_release, release_called
from review.protocol.queries import review_called
from review.web.site import Site
from tests.web.test_people_pages import check_markup


@pytest.fixture(scope="module")
def later(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, dict[str, bytes], Path]]:
    """The demonstration with a second release, a trial fewer; and what 1.0 was before."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(demonstration_file, folder / "review.db")
    database = database_at(f"sqlite:///{folder / 'review.db'}")
    first = built(database, "1.0")
    with database.reading() as session:
        now = events(session, viewer=None, limit=1)[0].at + timedelta(days=1)
    by = Attribution(actor="tester", review=invented.NAME, reason="retracted", at=now)
    with writing(database, by) as session:
        review = review_called(session, invented.NAME)
        exclude_study(session, review, label="Synthetic 01", reason="retracted (synthetic)")
    repool(database, actor="tester", review=invented.NAME, now=lambda: now)
    with writing(database, by) as session:
        review = review_called(session, invented.NAME)
        spec = ReleaseSpec("1.1", "a trial was retracted", authors=("Family, Given",))
        create_release(
            session, review, spec,
            folder=folder / "1.1", now=now, shown=kept_now(session, review),
        )  # fmt: skip
    yield database, first, folder
    database.close()


def content_of(database: Database, version: str) -> SiteContent:
    with database.reading() as session:
        review = review_called(session, invented.NAME)
        return site_of_release(session, review, release_called(session, review, version))


def built(database: Database, version: str) -> dict[str, bytes]:
    content = content_of(database, version)
    with database.reading() as session:
        data = data_of(session, content)
    return Site(content, lambda: data).files()


def check_links(files: dict[str, bytes]) -> int:
    """Fail for an address that leads nowhere or loads something; return how many there are."""
    anchors: dict[str, set[str]] = {}
    links: list[tuple[str, str, str]] = []
    for name, text in files.items():
        if not name.endswith(".html"):
            continue
        tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(text.decode())
        anchors[name] = {str(e.get("id")) for e in tree.iter() if e.get("id")}
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            assert element.tag not in ("script", "iframe", "object", "img"), name
            given = (element.get("href"), element.get("src"))
            links += [(name, element.tag, str(address)) for address in given if address]
    for name, tag, address in links:
        parts = urlsplit(address)
        if parts.scheme:
            assert (tag, parts.scheme) == ("a", "https"), (name, address)
            continue
        path = name
        if parts.path:
            joined: list[str] = list(PurePosixPath(name).parent.parts)
            for part in parts.path.split("/"):
                joined = joined[:-1] if part == ".." else [*joined, part]
            path = "/".join(joined)
        assert path in files, (name, address)
        assert not parts.fragment or parts.fragment in anchors[path], (name, address)
    return len(links)


def test_no_address_leads_nowhere_and_nothing_is_loaded_from_elsewhere(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    database, first, _ = later
    assert check_links(first) > 100
    assert check_links(built(database, "1.1")) > 100


def test_a_release_is_the_same_byte_by_byte_whatever_came_after(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    database, first, _ = later
    assert built(database, "1.0") == first


def test_the_data_are_those_of_the_releases_folder(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    database, _, folder = later
    files = built(database, "1.1")
    for name in ("effects.csv", "numbers.csv", "pooled.csv", "plans.json", "runs.json",
                 "codebook.json", "CITATION.cff", "manifest.json"):  # fmt: skip
        assert files[f"data/{name}"] == (folder / "1.1" / name).read_bytes(), name
    page = files["data.html"].decode()
    assert page.count("as released") == 7, "the manifest does not have its own checksum"
    digest = hashlib.sha256(files["data/effects.csv"]).hexdigest()
    assert digest[:16] in page


def test_pages_say_what_the_data_say(later: tuple[Database, dict[str, bytes], Path]) -> None:
    database, _, _ = later
    files = built(database, "1.1")
    content = content_of(database, "1.1")
    rows = list(csv.DictReader(io.StringIO(files["data/effects.csv"].decode())))
    for one in content.analyses:
        mine = [row for row in rows if row["analysis"] == one.slug]
        assert [row["study"] for row in mine] == [trial.study for trial in one.trials]
        page = files[f"analyses/{one.slug}.html"].decode()
        for row, trial in zip(mine, one.trials, strict=True):
            assert trial.value.startswith(f"{float(row['yi']):.2f}")
            assert f"weight {float(row['weight']):.1f}%" in page
        pooled = json.loads(files["data/runs.json"])[one.slug]["results"]["pooled"]
        assert one.k == pooled["k"] == len(mine)


def test_what_changed_since_the_release_before_is_told(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    database, first, _ = later
    content = content_of(database, "1.1")
    (panic,) = [one for one in content.analyses if one.slug == "panic"]
    assert "1 trial removed" in panic.moved
    assert [version.version for version in panic.versions] == ["1.0", "1.1"]
    assert panic.versions[1].k == panic.versions[0].k - 1
    assert [one.version for one in content.releases] == ["1.1", "1.0"]
    files = built(database, "1.1")
    assert "Since the release before" in files["index.html"].decode()
    assert "Since the release before" not in first["index.html"].decode()
    assert "retracted (synthetic)" in files["studies.html"].decode()
    assert "retracted" not in first["studies.html"].decode()
    assert "Family, Given (" in files["cite.html"].decode()


def test_pages_hold_no_markup_of_others(later: tuple[Database, dict[str, bytes], Path]) -> None:
    for name, text in later[1].items():
        if name.endswith(".html"):
            check_markup(text.decode(), name)


def test_a_release_made_before_its_pages_were_kept_says_what_it_lacks(
    demonstration: Database,
) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        release = release_called(session, review, "1.0")
        release.manifest = {
            name: value
            for name, value in release.manifest.items()
            if name not in ("shown", "withheld")
        }
        content = site_of_release(session, review, release)
        session.expunge_all()
    files = Site(content, dict).files()
    assert check_links({**files, "data/CITATION.cff": b""}) > 50
    for name in ("flow.html", "bias.html"):
        assert "was made before" in files[name].decode()


def test_a_preview_says_that_nothing_is_released(demonstration: Database) -> None:
    with demonstration.reading() as session:
        review = review_called(session, "cbt-delivery")
        at = events(session, viewer=None, limit=1)[0].at
        content = site_now(session, review, now=at)
        data = data_of(session, content)
    files = Site(content, lambda: data).files()
    check_links(files)
    assert "nothing is released" in files["index.html"].decode()
    assert "not released" in content.citation


def test_a_report_is_one_page_that_needs_nothing_beside_itself(demonstration: Database) -> None:
    for slug in ("cbt-delivery", invented.NAME):
        with demonstration.reading() as session:
            review = review_called(session, slug)
            at = events(session, viewer=None, limit=1)[0].at
            content = site_now(session, review, now=at)
            data = data_of(session, content)
        page = Site(content, lambda made=data: made).report()  # type: ignore[misc]
        assert len(page) < 2_000_000
        tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(page.decode())
        every = [str(e.get("id")) for e in tree.iter() if e.get("id")]
        symbols = {i for i in every if i.startswith("l") and i[1:].isalnum()}
        assert len(set(every) - symbols) == len([i for i in every if i not in symbols])
        found = 0
        for element in tree.iter():
            assert element.tag not in ("script", "link", "img", "iframe"), element.tag
            address = str(element.get("href") or "")
            if address.startswith("#"):
                assert address[1:] in every, address
                found += 1
            elif address:
                assert address.startswith(("https://doi.org/", "data:")), address
        assert found > 30
        effects = next(
            str(e.get("href")) for e in tree.iter("a") if e.get("download") == "effects.csv"
        )
        assert b64decode(effects.partition(",")[2]) == data["effects.csv"]


def test_a_report_leaves_out_the_largest_data_where_it_would_be_too_large_for_mail(
    demonstration: Database,
) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        at = events(session, viewer=None, limit=1)[0].at
        content = site_now(session, review, now=at)
        data = data_of(session, content)
    more = {**data, "huge.csv": b"x" * 1_900_000, "large.csv": b"y" * 300_000}
    page = Site(content, lambda: more).report()
    assert len(page) < 2_000_000
    told = re.search(r"Too large for this page[^<]*: ([^<]*)\.<", page.decode())
    assert told is not None
    assert told[1].split(", ") == ["huge.csv"]
    assert b64encode(more["large.csv"]) in page
    assert b"Too large" not in Site(content, lambda: data).report()


def test_the_command_writes_a_folder_once_and_replaces_only_a_site(
    demonstration_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review.cli import main

    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{demonstration_file}")
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def run(*more: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["site", "build", "--review", invented.NAME, *more])
        return done.exit_code, done.output

    out = tmp_path / "site"
    assert run("--out", str(out))[0] == 0
    assert (out / "analyses" / "panic.html").is_file()
    refused = run("--out", str(out))
    assert refused[0] == 1
    assert "exists already" in refused[1]
    assert run("--out", str(out), "--force")[0] == 0
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    assert run("--out", str(mine), "--force")[0] == 1
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert "no release '9.9'" in run("--out", str(tmp_path / "x"), "--release", "9.9")[1]
    settings.cache_clear()


def test_numbers_lead_to_quotes_records_and_judgements(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    database, first, _ = later
    with database.reading() as session:
        review = review_called(session, invented.NAME)
        release = release_called(session, review, "1.0")
        kept = read_kept(release.manifest)
    assert kept is not None
    assert kept.flow is not None
    lines = [
        line
        for column in kept.flow.columns
        for row in column.rows
        for box in (row.main, row.aside)
        if box is not None
        for line in box.lines
        if line.key is not None
    ]
    assert len(lines) > 8
    page = html5lib.HTMLParser(namespaceHTMLElements=False).parse(first["flow.html"].decode())
    lists = {
        str(d.findtext("./summary/span")).removeprefix(" of "): len(d.findall("./ul/li"))
        for d in page.iter("details")
    }
    for line in lines:
        assert line.n == len(kept.listed[str(line.key)]) == lists[line.text], line
    text = first["analyses/panic.html"].decode()
    assert kept.quotes
    used = [g.quote for one in content_of(database, "1.0").analyses for t in one.trials
            for g in t.given if g.quote]  # fmt: skip
    assert used
    assert all(quote in kept.quotes.values() for quote in used)
    assert text.count("<q ") == sum(
        1 for one in content_of(database, "1.0").analyses if one.slug == "panic"
        for t in one.trials for g in t.given if g.quote
    )  # fmt: skip
    (label, *_), *_ = [(row.label,) for bias in kept.bias for row in bias.rows]
    number = next(s.id for s in kept.studies if label.startswith(s.study))
    assert f'href="studies.html#study-{number}"' in first["bias.html"].decode()
    assert "Risk of bias</h3>" in first["studies.html"].decode()


def test_forest_plots_stand_in_every_order_without_a_script(
    later: tuple[Database, dict[str, bytes], Path],
) -> None:
    (panic,) = [one for one in content_of(later[0], "1.0").analyses if one.slug == "panic"]
    by = {order.by: [row for row in order.forest.rows if isinstance(row, ForestRow)]
          for order in panic.orders}  # fmt: skip
    assert [row.label for row in by["name"]] == sorted(row.label for row in by["year"])
    effects = [row.estimate for row in by["effect"]]
    assert effects == sorted(effects, key=float)  # type: ignore[arg-type]  # every trial has one
    weights = [row.weight or 0.0 for row in by["weight"]]
    assert weights == sorted(weights, reverse=True)
    for order in panic.orders:
        for row, place in zip(order.forest.rows, order.places, strict=True):
            assert place is not None
            assert panic.trials[place].study == row.label
