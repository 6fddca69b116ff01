"""Text that a spreadsheet would run: an apostrophe keeps it text, and reading takes it away."""

from __future__ import annotations

import re
from typing import Final

ACTIVE: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet takes for a formula (OWASP ASVS 5.0, 1.2.10), apostrophes before it too."""


def guarded(text: str) -> str:
    """Return text that a spreadsheet takes for text.

    Examples
    --------
    >>> guarded("=1+1"), guarded("mean")
    ("'=1+1", 'mean')
    """
    return f"'{text}" if ACTIVE.match(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and ACTIVE.match(text, 1) else text
