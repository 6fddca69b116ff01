"""Templates escape, and refuse names that are not there; vendored files are as published."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from jinja2 import StrictUndefined, UndefinedError

from review.web.render import HERE, environment

OWN_SCRIPTS = 130_000
"""Bytes of all our modules, raw; a page loads its own. That of entering a trial loads 90 kB, 29 kB
gzipped: the grid with its saving, pasting and the reader of reports."""
PDFJS = 1_600_000
"""Bytes that the reader of PDFs adds to the wheel."""


def test_templates_escape_and_are_strict() -> None:
    made = environment()
    assert made.autoescape is True
    assert made.undefined is StrictUndefined
    assert made.from_string("{{ a }}").render(a="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        made.from_string("{{ nothing }}").render()


def test_vendored_files_are_those_of_their_packages() -> None:
    folder = HERE / "static" / "vendor"
    lines = (folder / "VERSIONS").read_text().splitlines()
    listed = [line.split() for line in lines if line and not line.startswith("#")]
    for name, _package, _version, _licence, digest in listed:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    beside = {name for name in there if "LICENSE" in name or name == "VERSIONS"}
    assert there - beside == {name for name, *_ in listed}


def test_our_own_scripts_stay_small() -> None:
    ours = (HERE / "static" / "js").glob("*.js")
    assert sum(path.stat().st_size for path in ours) <= OWN_SCRIPTS
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in (HERE / "static" / "vendor" / "pdfjs").rglob("*"):
            wheel.write(path, path.name)
    assert len(packed.getvalue()) <= PDFJS
