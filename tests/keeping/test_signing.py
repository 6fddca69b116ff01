"""A head that was signed is taken, one that was exchanged is not; OpenSSL agrees."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from review.cli import main
from review.errors import InvalidDataError
from review.keeping.signing import check, sign, signature_of

Cli = Callable[..., Result]


def _keys(folder: Path, name: str = "key", passphrase: bytes | None = None) -> tuple[Path, Path]:
    made = Ed25519PrivateKey.generate()
    locked = pem.BestAvailableEncryption(passphrase) if passphrase else pem.NoEncryption()
    key, public = folder / f"{name}.pem", folder / f"{name}-public.pem"
    key.write_bytes(made.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, locked))
    public.write_bytes(
        made.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    )
    return key, public


@pytest.fixture
def head(tmp_path: Path) -> Path:
    file = tmp_path / "head.json"
    file.write_text(json.dumps({"seq": 1, "hash": "0" * 64}))
    return file


def test_a_signed_head_is_taken_and_an_exchanged_one_is_not(
    head: Path, cli: Cli, tmp_path: Path
) -> None:
    key, public = _keys(tmp_path)
    head.write_text(cli("verify", "--json").stdout)
    assert "Signed" in cli("sign", head, "--key", key).output
    words = ("verify", "--anchor", head, "--signed-by", public)
    assert "is signed by the key" in cli(*words).stderr
    told = json.loads(head.read_text())
    head.write_text(json.dumps({**told, "rows": 1}))
    assert "is not of" in cli(*words, status=1).output
    signature_of(head).unlink()
    assert "is not signed" in cli(*words, status=1).output
    assert "has no signature" in cli(*words[:2], f"1:{'0' * 64}", *words[3:], status=2).output
    assert "which head" in cli("verify", "--signed-by", public, status=2).output


def test_a_key_of_somebody_else_does_not_do(head: Path, tmp_path: Path) -> None:
    sign(head, _keys(tmp_path)[0])
    with pytest.raises(InvalidDataError, match="not by the key"):
        check(head, _keys(tmp_path, "other")[1])


def test_a_key_with_a_passphrase_asks_for_it(head: Path, tmp_path: Path) -> None:
    key, public = _keys(tmp_path, passphrase=b"correct horse")
    words = ["sign", str(head), "--key", str(key)]
    assert "Passphrase" in CliRunner().invoke(main, words, input="correct horse\n").output
    check(head, public)
    refused = CliRunner().invoke(main, words, input="wrong\n")
    assert (refused.exit_code, "or not with this passphrase" in refused.output) == (1, True)


def test_what_is_no_key_is_said(head: Path, tmp_path: Path) -> None:
    key, public = _keys(tmp_path)
    for private, known in ((public, key), (head, head)):
        with pytest.raises(InvalidDataError, match="is no private key"):
            sign(head, private)
        sign(head, key)
        with pytest.raises(InvalidDataError, match="is no public key"):
            check(head, known)
    other = tmp_path / "other.pem"
    other.write_bytes(
        X25519PrivateKey.generate().private_bytes(
            pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
        )
    )
    with pytest.raises(InvalidDataError, match="of another kind"):
        sign(head, other)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_checks_the_signature_and_signs_for_us(head: Path, tmp_path: Path) -> None:
    key, public = _keys(tmp_path)
    signature = sign(head, key)
    files = ("-rawin", "-in", str(head))
    theirs = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), *files)
    subprocess.run([*theirs, "-sigfile", str(signature)], check=True, capture_output=True)
    ours = ("openssl", "pkeyutl", "-sign", "-inkey", str(key), *files)
    subprocess.run([*ours, "-out", str(signature)], check=True, capture_output=True)
    check(head, public)
