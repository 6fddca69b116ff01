"""Single keys of a terminal, none of them lost while something else is done."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import click

ESCAPE: Final = "\x1b"
END: Final = "\x04"


class Keys(Protocol):
    """Where keys and lines come from."""

    def key(self) -> str:
        """Wait for a key; raise EOFError at the end of input."""
        ...

    def ask(self, words: str) -> str:
        """Let a line be typed."""
        ...


class ClickKeys:
    """Keys as click reads them, where a terminal has no modes of ours."""

    def key(self) -> str:
        """Wait for a key."""
        return click.getchar()

    def ask(self, words: str) -> str:
        """Let a line be typed."""
        return str(click.prompt(words, default="", show_default=False))


@contextmanager
def keys_of_terminal() -> Iterator[Keys]:
    """Yield the keys of the terminal of standard input; it is as before at the end."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield ClickKeys()
        return
    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)

    class Held:
        """A terminal that gives each key at once, while nobody waits for it too."""

        def key(self) -> str:
            pressed = os.read(place, 1)
            if pressed == ESCAPE.encode():
                while select.select([place], [], [], 0.02)[0]:  # the rest of an arrow key
                    os.read(place, 16)
                return ESCAPE
            while pressed and len(pressed) < 4:
                try:
                    text = pressed.decode()
                except UnicodeDecodeError:
                    pressed += os.read(place, 1)
                    continue
                break
            else:
                text = ""
            if text in ("", END):
                raise EOFError
            return text

        def ask(self, words: str) -> str:
            termios.tcsetattr(place, termios.TCSANOW, before)
            try:
                return ClickKeys().ask(words)
            finally:
                tty.setcbreak(place, termios.TCSANOW)

    tty.setcbreak(place, termios.TCSANOW)
    try:
        yield Held()
    finally:
        termios.tcsetattr(place, termios.TCSANOW, before)
