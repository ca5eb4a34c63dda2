"""Check the versions this package is tested with for known vulnerabilities; run it with ``make audit``.

``pip-audit`` asks the Python package index, or else OSV. When neither answers, the script reports it and succeeds, so
that a machine without Internet access can run it too. It fails when a vulnerability is known.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.local_airflow import ROOT

CONSTRAINTS = sorted(ROOT.glob("constraints/*.txt"))
SERVICES = ("pypi", "osv")


@dataclass
class Audit:
    """The result for the versions of one file.

    :param known: how many packages the service knew.
    :param unknown: packages it did not know.
    :param vulnerabilities: the vulnerabilities, one line each.
    """

    known: int = 0
    unknown: list[str] = field(default_factory=list)
    vulnerabilities: list[str] = field(default_factory=list)


def run_pip_audit(pip_audit: Sequence[str], service: str, constraints: Path) -> Audit | None:
    """Return the answer of one service; ``None`` when it did not answer."""
    finished = subprocess.run(
        [
            *pip_audit,
            *("--requirement", str(constraints), "--no-deps", "--disable-pip"),  # the file pins every package
            *("--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "10"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        audit = read(json.loads(finished.stdout)["dependencies"])
    except (ValueError, LookupError):
        return None
    # A mirror of the index may lack the API with the vulnerabilities: pip-audit then skips all packages.
    return audit if audit.known else None


def read(dependencies: Any) -> Audit:
    """Return the result from the output of pip-audit."""
    audit = Audit()
    for dependency in dependencies:
        if "skip_reason" in dependency:
            audit.unknown.append(dependency["name"])
            continue
        audit.known += 1
        audit.vulnerabilities.extend(lines_of(dependency))
    return audit


def lines_of(dependency: Any) -> Iterator[str]:
    for vulnerability in dependency["vulns"]:
        versions = vulnerability["fix_versions"]
        fix = f"fixed in {', '.join(versions)}" if versions else "no version has a fix"
        yield f"{dependency['name']} {dependency['version']}: {vulnerability['id']}, {fix}"


def main(pip_audit: Sequence[str], files: Sequence[Path] = ()) -> int:
    """Audit the files and return the exit status."""
    status = 0
    for file in files or CONSTRAINTS:
        for service in SERVICES:
            if audit := run_pip_audit(pip_audit, service, file):
                break
        else:
            print(f"{file.name}: neither {' nor '.join(SERVICES)} answered; nothing was audited", flush=True)
            continue
        count = f"{len(audit.vulnerabilities)} known vulnerabilities"
        print(
            f"{file.name}: {count} in {audit.known} packages, as {service} knows them",
            *audit.vulnerabilities,
            sep="\n  ",
        )
        if audit.unknown:
            print(f"  nothing is known of {', '.join(audit.unknown)}")
        status |= bool(audit.vulnerabilities)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
