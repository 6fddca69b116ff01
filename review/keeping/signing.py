"""Signatures of files that hold a head: who keeps the key says that this was the history then.

Ed25519 (RFC 8032) over the file's bytes, 64 bytes beside it as ``FILE.sig``: OpenSSL 3 makes and
checks the same (``openssl pkeyutl -verify -rawin``), so that nobody needs this program for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from review.errors import InvalidDataError
from review.files import replace_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

SUFFIX: Final = ".sig"


def signature_of(file: Path) -> Path:
    """Return where the signature of a file stands."""
    return file.with_name(file.name + SUFFIX)


def sign(file: Path, key: Path, passphrase: str | None = None) -> Path:
    """Sign a file with a private key (PEM), and return where the signature is.

    Raises InvalidDataError for a key that is none, or of another kind, or needs a passphrase.
    """
    signature = _private(key, passphrase).sign(_content(file))
    return replace_file(signature_of(file), signature)


def check(file: Path, public_key: Path) -> None:
    """Raise InvalidDataError unless the signature beside a file is its own, by this key (PEM)."""
    known = _public(public_key)
    from cryptography.exceptions import InvalidSignature

    beside = signature_of(file)
    if not beside.is_file():
        raise InvalidDataError(f"{file} is not signed: there is no {beside}")
    try:
        known.verify(beside.read_bytes(), _content(file))
    except InvalidSignature:
        raise InvalidDataError(
            f"the signature {beside} is not of {file} as it is now, or not by the key {public_key}"
        ) from None


def needs_passphrase(key: Path) -> bool:
    """Whether a private key is encrypted."""
    return b"ENCRYPTED" in _content(key)


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise InvalidDataError(f"there is no file {file}")
    return file.read_bytes()


def _private(key: Path, passphrase: str | None) -> Ed25519PrivateKey:
    ed25519, pem = _library()
    try:
        found = pem.load_pem_private_key(
            _content(key), None if passphrase is None else passphrase.encode()
        )
    except (ValueError, TypeError):
        raise InvalidDataError(
            f"{key} is no private key in PEM, or not with this passphrase; "
            "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
        ) from None
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise InvalidDataError(f"{key} is a key of another kind; Ed25519 is needed")
    ours: Ed25519PrivateKey = found
    return ours


def _public(key: Path) -> Ed25519PublicKey:
    ed25519, pem = _library()
    try:
        found = pem.load_pem_public_key(_content(key))
    except ValueError:
        raise InvalidDataError(
            f"{key} is no public key in PEM; "
            "get it from yours with: openssl pkey -in key.pem -pubout -out public.pem"
        ) from None
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise InvalidDataError(f"{key} is a key of another kind; Ed25519 is needed")
    known: Ed25519PublicKey = found
    return known


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError:
        raise InvalidDataError(
            "signing needs its library; install it with: pip install 'living-review[sign]'"
        ) from None
    return ed25519, serialization
