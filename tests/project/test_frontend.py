"""The page of the report is built from ``frontend/``, and the built files in the package are current."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import PACKAGE, ROOT

FRONTEND = ROOT / "frontend"
BUILT = PACKAGE / "plugin" / "static"
MAKE = "run make frontend, and commit the files of airflow_provider_clevertap/plugin/static"


def hash_of_sources() -> str:
    """Return the hash that frontend/build.mjs writes into the script."""
    paths = [path for path in (FRONTEND / "src").rglob("*") if path.is_file()]
    paths += [FRONTEND / name for name in ("build.mjs", "package-lock.json", "tsconfig.json")]
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(FRONTEND).as_posix() for path in paths):
        digest.update(name.encode() + b"\0" + (FRONTEND / name).read_bytes() + b"\0")
    return digest.hexdigest()


def test_the_built_page_was_made_from_these_sources() -> None:
    first_line = (BUILT / "report.js").read_text(encoding="utf-8").partition("\n")[0]
    assert first_line.rpartition(" ")[2] == hash_of_sources(), MAKE


def test_the_page_loads_its_own_files_only() -> None:
    for path in BUILT.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_the_tools_are_pinned() -> None:
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in package, "the page ships no library"
    locked = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, version in package["devDependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version


@pytest.mark.slow
def test_building_it_again_makes_the_same_files(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("Node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        pytest.skip(f"Node {version} is too old: 20 is needed")
    copy = shutil.copytree(FRONTEND, tmp_path / "frontend", ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund"], cwd=copy, capture_output=True, text=True, check=False
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install the tools here: {installed.stderr.strip().splitlines()[-1:]}")
    checked = subprocess.run([npm, "run", "--silent", "check"], cwd=copy, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    subprocess.run([node, "build.mjs", str(tmp_path / "built")], cwd=copy, check=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()} == {
        path.name: path.read_bytes() for path in BUILT.iterdir()
    }, MAKE
