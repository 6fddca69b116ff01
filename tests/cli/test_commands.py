"""Every command has help, and every error is a sentence with a status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from review.cli import COMMANDS, main
from review.cli.lazy import LazyGroup
from review.config import settings


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(main))


def test_every_command_is_there() -> None:
    assert len(ALL) > len(COMMANDS) >= 19


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_every_option_has_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    command = ALL[path]
    assert command.help
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [p.name for p in options if not p.help] == []


LAZY = {(): main} | {path: found for path, found in ALL.items() if isinstance(found, LazyGroup)}


@pytest.mark.parametrize("path", LAZY, ids=" ".join)
@pytest.mark.parametrize("width", [40, 80, 100, 400])
def test_the_list_of_commands_says_what_their_own_help_says(
    path: tuple[str, ...], width: int
) -> None:
    group = LAZY[path]
    context = click.Context(group)
    here, by_click = click.HelpFormatter(width=width), click.HelpFormatter(width=width)
    group.format_commands(context, here)
    click.Group.format_commands(group, context, by_click)
    assert here.getvalue() == by_click.getvalue()


def run(*arguments: str) -> Result:
    settings.cache_clear()
    result = CliRunner().invoke(main, list(arguments))
    settings.cache_clear()
    return result


def test_without_a_database_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    for arguments in (("repool",), ("study", "list"), ("history",), ("upgrade",)):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "review init" in result.output


def test_init_twice_and_upgrade_of_a_current_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path / 'new' / 'review.db'}")
    assert run("init").output.startswith("Made sqlite:")
    assert run("init").output.startswith("Already there:")
    assert "is at the newest revision" in run("upgrade").output


def test_a_database_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", "mysql://localhost/x")
    result = run("repool")
    assert result.exit_code == 1
    assert "must be sqlite:///path" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("seed", "load", "nonsense"), "there is: cbt-delivery, founding"),
        (("repool", "--review", "nonsense"), "there is no review 'nonsense'"),
        (("new", "BAD SLUG", "--title", "x"), "slug"),
        (("runs", "list"), "review new, or review seed load"),
    ],
)
def test_errors_are_sentences_with_status_1(
    cli: Callable[..., Result], arguments: tuple[str, ...], words: str
) -> None:
    told = cli(*arguments, status=1).output
    assert words in told
    assert "Error: " in told


def test_usage_errors_have_status_2(cli: Callable[..., Result]) -> None:
    for arguments in (("nonsense",), ("seed", "load"), ("new",), ("analysis", "add")):
        cli(*arguments, status=2)
