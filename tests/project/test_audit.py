"""The audit of dependencies fails if it finds a vulnerability, and does not fail if no service answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import audit

CLEAN = {"name": "httpx", "version": "0.28.1", "vulns": []}
BAD = {
    "name": "aiohttp",
    "version": "3.0.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.9.4"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "msgspec", "skip_reason": "Dependency not found on PyPI and could not be audited: msgspec (0.22.0)"}

#: A stand-in for pip-audit: answers with the prepared reply of the service.
STAND_IN = """
import json, sys
answers = json.loads({answers!r})
found = answers.get(sys.argv[sys.argv.index("--vulnerability-service") + 1])
if found is None:
    sys.exit("Failed to resolve the host")
print(json.dumps({{"dependencies": found, "fixes": []}}))
sys.exit(any(package.get("vulns") for package in found))
"""


@pytest.mark.parametrize(
    ("answers", "status", "message"),
    [
        ({"pypi": [CLEAN]}, 0, "0 known vulnerabilities in 1 packages, as pypi knows them"),
        ({"pypi": [CLEAN, BAD]}, 1, "aiohttp 3.0.0: PYSEC-1, fixed in 3.9.4"),
        ({"pypi": [CLEAN, UNKNOWN]}, 0, "nothing is known of msgspec"),
        ({"pypi": [UNKNOWN], "osv": [BAD]}, 1, "1 known vulnerabilities in 1 packages, as osv knows them"),
        ({"pypi": [UNKNOWN]}, 0, "locked.txt: neither pypi nor osv answered; nothing was audited"),
        ({}, 0, "locked.txt: neither pypi nor osv answered; nothing was audited"),
    ],
)
def test_what_is_known_decides(
    answers: dict[str, Any], status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in = tmp_path / "pip_audit.py"
    stand_in.write_text(STAND_IN.format(answers=json.dumps(answers)))
    locked = tmp_path / "locked.txt"
    locked.write_text("httpx==0.28.1\n")
    assert audit.main([sys.executable, str(stand_in)], [locked]) == status
    assert message in capsys.readouterr().out


def test_every_constraints_file_is_audited() -> None:
    assert [path.name for path in audit.CONSTRAINTS] == ["airflow-2.11.txt", "airflow-3.3.txt", "docs.txt"]
