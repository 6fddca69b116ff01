"""Several browsers in one queue at once: nothing lost, nothing twice, nothing read in vain (T5).

`benchmarks/screening_web.py queue` does this with sixteen browsers and 5,000 decisions.
"""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from review.screening.models import Decision
from tests.screening.builders import import_records
from tests.web.conftest import Team

HOME = "/r/alliance/screen/title_abstract"
WHO = ("lead", "reviewer", "adjudicator")
RECORDS = 10
SHOWN = re.compile(r'<div id="sheet">\s*<article[^>]*data-record="(\d+)"')


def _screen(team: Team, who: str) -> Counter[str]:
    client, token = team.client(who), team.form_token(who)
    told: Counter[str] = Counter()
    answer = client.get(HOME)
    while "<b>0</b> left" not in answer.text:
        shown = SHOWN.search(answer.text)
        if shown is None:  # others read all that is left
            answer = client.get(HOME)
            continue
        told["read"] += 1
        fields = {"token": token, "record": shown[1], "verdict": "exclude"}
        answer = client.post(HOME, data=fields, headers={"x-part": "1"})
        assert answer.status_code == 200
        told["late" if "counts in nothing" in answer.text else "decided"] += 1
    return told


def test_three_browsers_screen_one_queue(team: Team) -> None:
    records = import_records(team.database, [f"Record {n}" for n in range(RECORDS)])
    with ThreadPoolExecutor(len(WHO)) as pool:
        told = sum(pool.map(lambda who: _screen(team, who), WHO), Counter[str]())
    with team.database.reading() as session:
        kept = session.execute(sa.select(Decision.record_id, Decision.person_id)).all()
    assert told == {"read": 2 * RECORDS, "decided": 2 * RECORDS}
    assert len(kept) == len(set(kept)) == 2 * RECORDS
    assert Counter(record for record, _ in kept) == dict.fromkeys(records, 2)
