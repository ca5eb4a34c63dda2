"""Run loads with every Airflow and Python this package claims to support: ``make test-matrix``.

Each row is an environment that has one Airflow, one Python, and the built wheel. This package's own direct
dependencies are installed twice: at their lowest versions, and at their newest, as far as that Airflow and that Python
allow. Everything else is pinned in ``constraints/matrix/``, to what was current when that Airflow was released.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SMOKE: Final = ROOT / "scripts" / "matrix_smoke.py"
UV: Final = str(Path(sys.executable).with_name("uv"))
#: The Airflow of each line, and the Pythons it supports of those this package does.
LINES: Final = {
    "2.11.2": ("3.11", "3.12"),
    "3.0.6": ("3.11", "3.12"),
    "3.1.8": ("3.11", "3.12", "3.13"),
    "3.2.2": ("3.11", "3.12", "3.13"),
    "3.3.2": ("3.11", "3.12", "3.13"),
}
RESOLUTIONS: Final = ("lowest", "newest")


@dataclass(frozen=True, slots=True)
class Row:
    """One environment.

    :param airflow: the version of Airflow.
    :param python: the version of Python.
    :param resolution: which versions of this package's direct dependencies, ``"lowest"`` or ``"newest"``.
    """

    airflow: str
    python: str
    resolution: str

    @property
    def name(self) -> str:
        return f"{self.airflow.rpartition('.')[0]}-py{self.python}-{self.resolution}"


ROWS: Final = [
    Row(airflow, python, resolution)
    for airflow, pythons in LINES.items()
    for python in pythons
    for resolution in RESOLUTIONS
]


def main() -> int:
    """Run the rows asked for, print their table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="parts of the names of rows, such as py3.12-lowest; default: all")
    words = parser.parse_args().rows
    rows = [row for row in ROWS if not words or any(word in row.name for word in words)]
    if not rows:
        parser.error(f"no row has such a name; the rows are {', '.join(row.name for row in ROWS)}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="matrix-") as directory:
        wheel = build_wheel(Path(directory))
        results = []
        for row in rows:
            started = time.monotonic()
            result, versions = run(row, wheel, Path(directory))
            failed += result != "passed"
            results.append((row, result, versions))
            print(f"{row.name}: {result} ({time.monotonic() - started:.0f} s)", flush=True)
    print()
    print_table(results)
    return int(failed > 0)


def build_wheel(directory: Path) -> Path:
    """Build the wheel, and return its path."""
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", str(directory), str(ROOT)], check=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


def direct_dependencies() -> list[str]:
    """Return this package's direct dependencies, those of the emulator included, without Airflow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["emulator"]]
    return [each for each in needed if not each.startswith("apache-airflow>")]


def run(row: Row, wheel: Path, directory: Path) -> tuple[str, str]:
    """Make an environment and run the loads in it; return the result, and the versions of the main dependencies."""
    environment = directory / "environment"
    python = environment / "bin" / "python"
    names = [re.split(r"[^\w-]", each)[0] for each in direct_dependencies()]
    install = [
        UV, "pip", "install", "--quiet", "--python", str(python),
        *(word for name in names for word in ("--only-binary", name)),
        "--resolution", "lowest-direct" if row.resolution == "lowest" else "highest",
        "--constraint", str(ROOT / "constraints" / "matrix" / f"airflow-{row.airflow.rpartition('.')[0]}.txt"),
        f"apache-airflow=={row.airflow}", f"{wheel}[emulator]", *direct_dependencies(),
    ]  # fmt: skip
    interpreter = find_interpreter(row.python)
    if interpreter is None:
        return f"not run: there is no Python {row.python} here", ""
    for command in ([UV, "venv", "--quiet", "--clear", "--python", interpreter, str(environment)], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"not installed: {last_line(done.stderr)}", ""
    done = subprocess.run([python, SMOKE], capture_output=True, text=True, check=False, cwd=directory, timeout=1_800)
    (ROOT / ".matrix").mkdir(exist_ok=True)
    (ROOT / ".matrix" / f"{row.name}.log").write_text(done.stdout + done.stderr)
    frozen = subprocess.run(
        [UV, "pip", "freeze", "--python", python], capture_output=True, text=True, check=True
    ).stdout
    versions = ", ".join(re.findall(r"^((?:pyarrow|pandas|numpy|pydantic|httpx)==\S+)", frozen, re.MULTILINE))
    return ("passed" if done.returncode == 0 else f"failed: {last_line(done.stderr)}"), versions


def find_interpreter(version: str) -> str | None:
    """Return the path of a Python of this version, ``None`` when there is none on this machine."""
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (f"python{version}", *map(str, sorted(managed.glob(f"{version}.*/bin/python")))):
        command = [candidate, "-c", "import sys; print(sys.version_info[:2], sys.executable)"]
        with suppress(OSError):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found, _, path = done.stdout.strip().rpartition(" ")
            if found == str(tuple(map(int, version.split(".")))):
                return path
    return None


def last_line(text: str) -> str:
    """Return the last line of a text that is not empty."""
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "no message")


def print_table(results: list[tuple[Row, str, str]]) -> None:
    """Print the results as a Markdown table."""
    print("| Airflow | Python | Direct dependencies | Result |")
    print("| --- | --- | --- | --- |")
    for row, result, versions in results:
        print(f"| {row.airflow} | {row.python} | {row.resolution}: {versions.replace('==', ' ')} | {result} |")


if __name__ == "__main__":
    sys.exit(main())
