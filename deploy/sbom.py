"""Write what the program is made of: a CycloneDX 1.6 list of requirements.lock, with licences.

Usage: python deploy/sbom.py build/sbom.cdx.json. Versions and hashes are those of the lock file; a
licence is what the installed package says of itself, and a package that says none is named.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINNED = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)[^\n]*((?:\n +--hash=sha256:[0-9a-f]{64} ?\\?)*)", re.M
)


def licence(name: str) -> str | None:
    """Return what an installed package says that its licence is; None where it does not."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    expression = told.get("License-Expression")
    classifiers = [
        line.rsplit(" :: ", 1)[-1]
        for line in told.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    free = (told.get("License") or "").strip().splitlines()
    return expression or ", ".join(classifiers) or (free[0] if free else None)


def components() -> list[dict[str, Any]]:
    """Return the packages of the lock file."""
    found = []
    for name, version, hashes in PINNED.findall((ROOT / "requirements.lock").read_text("utf-8")):
        told = licence(name)
        found.append(
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "hashes": [
                    {"alg": "SHA-256", "content": one}
                    for one in re.findall(r"[0-9a-f]{64}", hashes)
                ],
                **({"licenses": [{"license": {"name": told}}]} if told else {}),
            }
        )
    return found


def main() -> None:
    """Write the list, and name the packages that state no licence."""
    parts = components()
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "living-review",
                                   "licenses": [{"license": {"name": "MIT"}}]}},
        "components": parts,
    }  # fmt: skip
    # the same parts have the same serial number
    digest = sha256(json.dumps(content, sort_keys=True).encode()).digest()
    content["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    silent = [part["name"] for part in parts if "licenses" not in part]
    sys.stderr.write(
        f"{len(parts)} packages in {target}; without a licence told: {silent or 'none'}\n"
    )


if __name__ == "__main__":
    main()
