"""Ask for known vulnerabilities of every version this package is tested with; run it with ``make audit``.

``pip-audit`` asks the Python package index, or else OSV. Where neither answers, nothing was found out: that is said,
and is no failure, so that a machine without the Internet can run it too. It fails when a vulnerability is known.
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
    """What is known of the versions of one file.

    :param known: how many versions the service knew of.
    :param silent: of these it said nothing.
    :param vulnerabilities: what it said, a line each.
    """

    known: int = 0
    silent: list[str] = field(default_factory=list)
    vulnerabilities: list[str] = field(default_factory=list)


def ask(pip_audit: Sequence[str], service: str, constraints: Path) -> Audit | None:
    """Ask one service; ``None`` when it did not answer."""
    asked = subprocess.run(
        [
            *pip_audit,
            *("--requirement", str(constraints), "--no-deps", "--disable-pip"),  # the file names every version there is
            *("--vulnerability-service", service, "--format", "json", "--progress-spinner", "off", "--timeout", "10"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        audit = read(json.loads(asked.stdout)["dependencies"])
    except (ValueError, LookupError):
        return None
    # An index that is a mirror may know no package in the form that has vulnerabilities: all are skipped then.
    return audit if audit.known else None


def read(dependencies: Any) -> Audit:
    """Read what pip-audit wrote."""
    audit = Audit()
    for one in dependencies:
        if "skip_reason" in one:
            audit.silent.append(one["name"])
            continue
        audit.known += 1
        audit.vulnerabilities.extend(lines_of(one))
    return audit


def lines_of(dependency: Any) -> Iterator[str]:
    for one in dependency["vulns"]:
        cure = f"fixed in {', '.join(one['fix_versions'])}" if one["fix_versions"] else "no version has a fix"
        yield f"{dependency['name']} {dependency['version']}: {one['id']}, {cure}"


def main(pip_audit: Sequence[str], files: Sequence[Path] = ()) -> int:
    """Audit the files; give the exit status."""
    status = 0
    for file in files or CONSTRAINTS:
        for service in SERVICES:
            if audit := ask(pip_audit, service, file):
                break
        else:
            print(f"{file.name}: neither {' nor '.join(SERVICES)} answered; nothing was audited", flush=True)
            continue
        found = f"{len(audit.vulnerabilities)} known vulnerabilities"
        print(
            f"{file.name}: {found} in {audit.known} packages, as {service} knows them",
            *audit.vulnerabilities,
            sep="\n  ",
        )
        if audit.silent:
            print(f"  nothing is known of {', '.join(audit.silent)}")
        status |= bool(audit.vulnerabilities)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
