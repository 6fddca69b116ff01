"""The examples for a proxy and a unit are what these programs take."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.loaded import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


def _block(name: str) -> str:
    found = re.search(rf"\*\*{name}\*\*.*?```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def _takes(program: str, *arguments: str | Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    ran = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert ran.returncode == 0, ran.stderr


def test_caddy_takes_its_example(tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").write_text(_block("Caddy"))
    _takes("caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile")


def test_nginx_takes_its_example(tmp_path: Path) -> None:
    key, certificate = tmp_path / "review.key", tmp_path / "review.pem"
    if shutil.which("nginx") and shutil.which("openssl"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
             certificate, "-days", "2", "-subj", "/CN=review.example.org"],
            check=True, capture_output=True,
        )  # fmt: skip
    server = _block("nginx").replace("/etc/ssl/", f"{tmp_path}/")
    log = f"error_log {tmp_path}/error.log; pid {tmp_path}/nginx.pid; events {{}}"
    (tmp_path / "nginx.conf").write_text(f"{log} http {{ access_log off; {server} }}")
    _takes("nginx", "-t", "-e", tmp_path / "error.log", "-c", tmp_path / "nginx.conf")


def test_systemd_takes_its_example(tmp_path: Path) -> None:
    unit = tmp_path / "review.service"
    unit.write_text(
        _block("systemd").replace("/opt/review/bin/review", "/bin/true").replace("User=review", "")
    )
    _takes("systemd-analyze", "verify", unit)
