"""Every page of the demonstration, by address; tests and screenshots go through them."""

from __future__ import annotations

from typing import Final

_TRIALS: Final = "/r/cbt-delivery"
_A: Final = f"{_TRIALS}/a/multimedia"
_INVENTED: Final = "/r/invented"

PLACES: Final = {
    "reviews": "/",
    "account": "/account",
    "review": _TRIALS,
    "review-at-work": _INVENTED,
    "review-to-be-extracted": "/r/founding",
    "analyses": f"{_TRIALS}/analyses",
    "analysis": _A,
    "analysis-with-margin": f"{_TRIALS}/a/computer",
    "analysis-what-if": f"{_A}?without=1",
    "analysis-history": f"{_A}/history",
    "analysis-robustness": f"{_TRIALS}/a/any-cbt/robustness",
    "analysis-looks": f"{_TRIALS}/a/computer/looks",
    "analysis-outlook": f"{_TRIALS}/a/computer/outlook",
    "analysis-selection": f"{_A}/selection",
    "analysis-downloads": f"{_A}/downloads",
    "analysis-plan": f"{_TRIALS}/a/any-cbt/plan",
    "analysis-all": f"{_A}/all",
    "plan-editor": f"{_TRIALS}/a/any-cbt/plan/edit",
    "studies": f"{_TRIALS}/studies",
    "study": f"{_TRIALS}/s/1",
    "searches": f"{_INVENTED}/searches",
    "duplicates": f"{_INVENTED}/duplicates",
    "duplicates-linked": f"{_INVENTED}/duplicates/linked",
    "form": f"{_INVENTED}/protocol/form",
    "form-field": f"{_INVENTED}/protocol/form/dropout",
    "extract": f"{_INVENTED}/extract?show=all",
    "extract-for-you": "/r/founding/extract",
    "bias": f"{_INVENTED}/rob",
    "appraisal": f"{_INVENTED}/s/112/rob/rob2-parallel?outcome=panic",
    "appraisal-consensus": f"{_INVENTED}/s/110/rob/rob2-parallel?outcome=panic&settle=true",
    "appraisal-choice": f"{_INVENTED}/s/112/rob/rob2-parallel",
    "records": f"{_INVENTED}/records",
    "record": f"{_INVENTED}/records/1",
    "record-twice": f"{_INVENTED}/records/3",
    "full-texts": f"{_INVENTED}/fulltexts",
    "full-text": f"{_INVENTED}/fulltexts/1",
    "flow": f"{_INVENTED}/flow",
    "history": f"{_TRIALS}/history?verify=true",
    "protocol": f"{_INVENTED}/protocol",
    "plan-new": f"{_INVENTED}/analyses/new",
    "outcome": f"{_INVENTED}/protocol/outcomes/alliance",
    "outcome-new": f"{_INVENTED}/protocol/new/outcome",
    "instrument": f"{_INVENTED}/protocol/instruments/wai-s",
    "instrument-new": f"{_INVENTED}/protocol/new/instrument?outcome=alliance",
    "exports": f"{_INVENTED}/exports",
    "people": f"{_INVENTED}/people",
    "not-there": f"{_INVENTED}/records/999999",
}
"""By the name of the screenshot."""

NO_PAGES: Final = {
    "/static/{name:path}": "files of pages",
    "/session": "asked by a script of pages",
    "/enter": "the door: tested with its key",
    "/sign-in": "the door of a team",
    "/sign-in/code": "the door of a team",
    "/invitation/{secret}": "the door of a team",
    "/design": "shown with --debug",
    "/r/{review}/a/{analysis}/row/{study}": "a part of the analysis",
    "/r/{review}/a/{analysis}/figures/{drawn}.{kind}": "a file",
    "/r/{review}/a/{analysis}/tables/{content}.{kind}": "a file",
    "/r/{review}/s/{study}/enter": "asks for a draft",
    "/r/{review}/s/{study}/agree": "asks for two entries",
    "/r/{review}/s/{study}/report/{report}": "a window of a page that is open",
    "/r/{review}/flow/{box}": "leads to the records of a box",
    "/r/{review}/exports/tasks": "a part of the exports",
    "/r/{review}/searches/uploads/{number}": "after files were sent: the journey of an upload",
    "/r/{review}/searches/uploads/{number}/state": "a part of an upload",
    "/r/{review}/searches/uploads/{number}/rejected": "a file",
    "/r/{review}/fulltexts/uploads/{number}": "after files were sent: the journey of full texts",
    "/r/{review}/fulltexts/uploads/{number}/state": "a part of an upload",
    "/r/{review}/fulltexts/uploads/{number}/files/{at}": "a file",
    "/r/{review}/fulltexts/{record}/pdf": "a file",
    "/r/{review}/tasks/{number}": "after a button",
    "/r/{review}/tasks/{number}/state": "a part of a task",
    "/r/{review}/tasks/{number}/file": "a file",
}
"""Addresses that are answered and are no place to open."""
