"""Groups of commands that are imported when they are called, so that none waits for another."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import click


def _imported(name: str) -> ModuleType:
    """Import a module with the collector of cycles paused.

    Classes and tables by the thousand stay until the end, and the collector looks through all of
    them again and again while they are made: a sixth of the start of a command.
    """
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class Place(NamedTuple):
    """Where a command is found, and what the list of commands says of it."""

    module: str
    """Below `review.cli`; the command has its own name there, with an underscore behind it."""
    summary: str
    """The first sentence of the command's own help, so that the list imports no command."""


class LazyGroup(click.Group):
    """A group that knows of its commands only where they are."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a review's work."""
        del ctx
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in self.places:
            return None
        module = _imported(f"review.cli.{self.places[cmd_name].module}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands as click does, from `places` alone."""
        del ctx
        room = formatter.width - 6 - max(map(len, self.places))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=place.summary).get_short_help_str(room))
                    for name, place in self.places.items()
                ]
            )
