"""Random secrets, their hashes, and the codes of the second factor."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB: Final = 19 * 1024
"""argon2id with 19 MiB, two passes, one lane: the least that OWASP ASVS 11.4.2 takes, and about
30 ms of work; more would let a handful of sign-ins hold up those who screen."""

_AT_ONCE: Final = BoundedSemaphore(2)
"""Passwords that are looked at at once: sign-ins never take all cores and all memory."""


@cache
def hasher() -> PasswordHasher:
    """Return what hashes passwords."""
    from argon2 import PasswordHasher  # commands that sign nobody in do without

    return PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)


@cache
def nobodys_hash() -> str:
    """Return a hash to compare with where there is nobody, so that it takes as long."""
    return hasher().hash(secrets.token_hex(16))


def password_hash(password: str) -> str:
    """Return the argon2id hash of a password."""
    with _AT_ONCE:
        return hasher().hash(password)


def password_is(stored: str | None, password: str) -> bool:
    """Return whether a password is the one that was stored; as slow where there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _AT_ONCE:
        try:
            right = hasher().verify(stored or nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
    return right and stored is not None


def is_old(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return hasher().check_needs_rehash(stored)


def new_secret() -> str:
    """Return 256 random bits, for cookies, links and tokens."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """Return what is stored of a random secret: it needs no salt and no slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code_secret() -> str:
    """Return 160 random bits, for an authenticator."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_spare_codes() -> list[str]:
    """Return ten codes of 50 bits for a lost telephone, written as ``abcde-fghij``."""
    signs = "abcdefghjkmnpqrstuvwxyz234567890"  # no i, l, o, 1
    return [
        "-".join("".join(secrets.choice(signs) for _ in range(5)) for _ in range(2))
        for _ in range(10)
    ]


STEP: Final = 30
"""Seconds that a code of RFC 6238 lives."""


def step_of_code(secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute whose code this is, one before and after included; None for none."""
    import pyotp

    maker = pyotp.TOTP(secret, interval=STEP)
    typed = "".join(code.split())
    current = int(now.timestamp()) // STEP
    for step in (current, current - 1, current + 1):
        if secrets.compare_digest(maker.generate_otp(step).encode(), typed.encode()):
            return step
    return None


def code_address(secret: str, handle: str, issuer: str) -> str:
    """Return the ``otpauth://`` address that an authenticator reads from the square."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=handle, issuer_name=issuer)
