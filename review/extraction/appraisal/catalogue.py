"""The tools that come with the software, and tools from a file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from review.errors import FileError, NotFoundError, Problem
from review.extraction.appraisal.tool import Question, Tool
from review.protocol.files import mapping_in, mapping_of, validated

SHIPPED: Final = (
    "rob2-parallel",
    "rob2-parallel-adhering",
    "rob2-cluster",
    "rob2-crossover",
    "robins-i",
)
"""Slugs of the shipped tools."""


def _extended(values: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a tool's values with what it takes over from the tool it extends.

    A domain replaces the one of its key or, where there is none, goes in place of those that
    `replaces` drops, after the one named by `after`, or to the end.
    """
    base_slug = values.get("extends")
    if base_slug is None:
        return values
    if base_slug not in SHIPPED:
        reason = f"extends: there is no tool {base_slug!r} ({', '.join(SHIPPED)})"
        raise FileError(source, [Problem(None, None, reason)])
    own = values.get("domains", [])
    if not isinstance(own, list) or not all(isinstance(d, dict) for d in own):
        raise FileError(source, [Problem(None, None, "domains: expected a list of domains")])
    base = _shipped_values(base_slug)
    domains: list[dict[str, Any]] = list(base["domains"])
    dropped = [d["key"] for d in domains if d["key"] in values.get("replaces", [])]
    place = next((i for i, d in enumerate(domains) if d["key"] in dropped), len(domains))
    domains = [d for d in domains if d["key"] not in dropped]
    for given in own:
        domain = {name: value for name, value in given.items() if name != "after"}
        keys = [d["key"] for d in domains]
        if domain.get("key") in keys:
            domains[keys.index(domain["key"])] = domain
        else:
            at = keys.index(given["after"]) + 1 if given.get("after") in keys else place
            domains.insert(at, domain)
            place = at + 1
    kept = {name: v for name, v in values.items() if name not in ("extends", "replaces")}
    return {**base, **kept, "domains": domains}


def _shipped_text(slug: str) -> str:
    return (files(__package__) / "tools" / f"{slug}.yaml").read_text(encoding="utf-8")


def _shipped_values(slug: str) -> dict[str, Any]:
    return _extended(mapping_of(_shipped_text(slug), source=slug), slug)


@cache
def shipped_tool(slug: str) -> Tool:
    """Return a tool that comes with the software; raise NotFoundError with those there are."""
    if slug not in SHIPPED:
        raise NotFoundError(f"there is no tool {slug!r} (there is: {', '.join(SHIPPED)})")
    return validated(Tool, _shipped_values(slug), source=slug)


@cache
def _guidance() -> dict[str, str]:
    """Return what the questions of shipped tools mean, by their text."""
    found: dict[str, str] = {}
    for slug, told in mapping_of(_shipped_text("guidance"), source="guidance").items():
        texts = {q.number: q.text for d in shipped_tool(slug).domains for q in d.questions}
        found.update({texts[number]: text for number, text in told.items()})
    return found


def guidance_on(question: Question) -> str | None:
    """Return what a question means: as its tool's file says, or as we say it of shipped tools."""
    return question.guidance or _guidance().get(question.text)


def read_tool(path: Path) -> Tool:
    """Read a tool from a YAML file, which may extend a shipped one; raise FileError."""
    values = mapping_in(path)
    return validated(Tool, _extended(values, str(path)), source=str(path))


def tool_text(slug: str) -> str:
    """Return the file of a shipped tool, to start one's own from."""
    if slug not in SHIPPED:
        raise NotFoundError(f"there is no tool {slug!r} (there is: {', '.join(SHIPPED)})")
    return _shipped_text(slug)
