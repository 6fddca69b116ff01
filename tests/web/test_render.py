"""Templates escape, and refuse names that are not there; vendored files are as published."""

from __future__ import annotations

import hashlib

import pytest
from jinja2 import StrictUndefined, UndefinedError

from review.web.render import HERE, environment


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
    kinds = {path.name for path in folder.rglob("*") if path.suffix in (".js", ".mjs", ".wasm")}
    assert kinds <= {name for name, *_ in listed}
