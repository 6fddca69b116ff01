"""A team at work: the first account, an invitation, a second factor, roles; a corrected number."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.loaded import PATIENCE

PASSWORD = "four plain words here"
REVIEW = "/r/cbt-delivery"


@dataclass
class Served:
    """A team's server on this machine, of a copy of the demonstration."""

    home: str
    link: str
    """The printed one, for the first account."""
    database: Path
    chromium: Browser
    open: list[BrowserContext] = field(default_factory=list)

    def browser(self) -> Page:
        """Return a browser in which nobody is signed in."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        self.open.append(context)
        return context.new_page()

    def program(self, *arguments: str | Path) -> str:
        """Run the command line as the lead, on the same database."""
        ran = subprocess.run(
            [sys.executable, "-m", "review", *map(str, arguments)], capture_output=True, text=True,
            env={**os.environ, "REVIEW_DATABASE_URL": f"sqlite:///{self.database}",
                 "REVIEW_ACTOR": "tester"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def team(
    chromium: Browser, demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """What a lead starts: `review serve` with the address of a team."""
    database = tmp_path_factory.mktemp("team") / "review.db"
    shutil.copy(demonstration_file, database)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = f"http://127.0.0.1:{port}"
    program = subprocess.Popen(
        [sys.executable, "-m", "review", "serve", "--port", str(port), "--no-browser"],
        env={**os.environ, "REVIEW_ACTOR": "tester", "REVIEW_WEB_ORIGIN": home,
             "REVIEW_DATABASE_URL": f"sqlite:///{database}"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    try:
        link = program.stdout.readline().strip()
        assert link.startswith(f"{home}/invitation/")
        served = Served(home, link, database, chromium)
        yield served
        for context in served.open:
            context.close()
    finally:
        program.terminate()
        program.wait(PATIENCE)
        program.stdout.close()


@pytest.fixture(scope="module")
def lead(team: Served) -> Page:
    """The lead, who made the first account with the printed link."""
    page = team.browser()
    page.goto(team.link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reviews")
    return page


def test_a_team_comes_together(team: Served, lead: Page) -> None:
    lead.goto(f"{team.home}{REVIEW}/people")
    lead.locator("input[name=role][value=reviewer]").check()
    lead.get_by_label("For whom").fill("Ben")
    lead.get_by_role("button", name="Make a link").click()
    invitation = lead.locator("#link").inner_text()

    ben = team.browser()
    ben.goto(invitation)
    expect(ben.locator("main")).to_contain_text("invites you into this review as reviewer")
    ben.get_by_label("Name", exact=True).fill("ben")
    ben.get_by_label("Password").fill("short")
    ben.get_by_label("The same again").fill("other")
    ben.get_by_role("button", name="Make the account").click()
    expect(ben.get_by_text("8 signs or more", exact=False).first).to_be_visible()
    ben.get_by_label("Name", exact=True).fill("ben")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_label("The same again").fill(PASSWORD)
    ben.get_by_role("button", name="Make the account").click()
    expect(ben.locator(".who")).to_contain_text("ben")
    used = team.browser()
    used.goto(invitation)
    expect(used.get_by_role("heading", level=1)).to_have_text("Not found")

    codes = _second_factor(team, ben)
    ben.get_by_role("button", name="Sign out here").click()
    ben.get_by_label("Name or e-mail address").fill("ben")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_role("button", name="Sign in").click()
    ben.goto(f"{team.home}{REVIEW}")  # the password alone opens nothing
    expect(ben.get_by_role("heading", level=1)).to_have_text("Sign in")
    ben.get_by_label("Name or e-mail address").fill("ben")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_role("button", name="Sign in").click()
    ben.get_by_label("Code").fill(codes[0])
    ben.get_by_role("button", name="Go on").click()

    ben.goto(f"{team.home}{REVIEW}")
    expect(ben.locator(".who")).to_contain_text("reviewer")
    refused = ben.request.get(f"{team.home}{REVIEW}/analyses/new")
    assert refused.status == 403
    _change_role(team, lead, "ben", "statistician")
    ben.goto(f"{team.home}{REVIEW}/analyses/new")
    expect(ben.get_by_role("heading", level=1)).to_have_text("Plan an analysis")
    expect(ben.locator(".who")).to_contain_text("statistician")

    ben.goto(f"{team.home}{REVIEW}/people")
    ben.locator("#leave-reason").fill("on leave")
    ben.get_by_role("button", name="Leave this review").click()
    ben.goto(f"{team.home}{REVIEW}")
    expect(ben.locator(".who")).to_contain_text("viewer")
    assert ben.request.get(f"{team.home}{REVIEW}/analyses/new").status == 403
    lead.goto(f"{team.home}{REVIEW}/history?entity=membership")
    expect(lead.locator("main")).to_contain_text("on leave")


def _second_factor(team: Served, page: Page) -> list[str]:
    """Set a second factor up, and return the spare codes."""
    page.goto(f"{team.home}/account")
    page.get_by_role("button", name="Set up a second factor").click()
    secret = page.locator("code").first.inner_text().replace(" ", "")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Use it from now on").click()
    codes = page.locator(".list li").all_inner_texts()
    assert len(codes) >= 8
    page.get_by_role("link", name="I have kept them").click()
    return codes


def _change_role(team: Served, lead: Page, who: str, role: str) -> None:
    lead.goto(f"{team.home}{REVIEW}/people")
    row = lead.get_by_role("row", name=re.compile(who))
    row.get_by_text(f"Change {who}").click()
    row.get_by_label("Role").select_option(role)
    row.get_by_label("Why").first.fill("computes the analyses")
    row.get_by_role("button", name="Change the role").click()
    expect(lead.get_by_role("row", name=re.compile(who))).to_contain_text(role)


def test_a_number_is_corrected_pooled_anew_and_read_about(
    team: Served, lead: Page, tmp_path: Path
) -> None:
    analysis = f"{team.home}{REVIEW}/a/multimedia"
    lead.goto(analysis)
    expect(lead.locator("main")).not_to_contain_text("Out of date")
    file = tmp_path / "choi.csv"
    team.program("extract", "export", "--review", "cbt-delivery", "--out", file)
    _edit(file, lambda row: row["study"] == "Choi (2012)" and row["arm"] == "Multimedia CBT")
    team.program(
        "extract", "import", file, "--review", "cbt-delivery", "--reason", "misread, by erratum"
    )
    lead.reload()
    notice = lead.locator(".notice", has_text="Out of date")
    expect(notice).to_be_visible()
    run = lead.locator(".eyebrow").inner_text()
    notice.get_by_role("button", name="Compute anew").click()
    expect(lead.get_by_text(re.compile("multimedia", re.IGNORECASE)).first).to_be_visible(
        timeout=60_000
    )
    expect(lead.locator("main")).to_contain_text("corrected", timeout=60_000)
    lead.goto(analysis)
    expect(lead.locator(".notice", has_text="Out of date")).to_have_count(0)
    assert lead.locator(".eyebrow").inner_text() != run
    expect(lead.locator(".lede").first).to_contain_text("1 trial corrected")
    lead.goto(f"{analysis}/history")
    moved = lead.locator("#report")
    expect(moved).to_contain_text("Choi (2012)")
    expect(moved).to_contain_text("−1.7252")
    expect(moved).to_contain_text("−0.7252")
    expect(moved).to_contain_text("misread, by erratum")


def _edit(file: Path, is_it: Callable[[dict[str, str]], bool]) -> None:
    """Change one estimate in a table as somebody does who corrects a number."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        rows, columns = list(reader), list(reader.fieldnames or ())
    (row,) = [row for row in rows if is_it(row)]
    assert float(row["estimate"]) == -1.7252
    row["estimate"] = "-0.7252"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(rows)
