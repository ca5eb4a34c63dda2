"""What the built package has: the code, its data files and the examples, and a page for the index whose links work."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

DISTRIBUTION = "airflow_provider_clevertap-0.1.0"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--out-dir", directory, ROOT], check=True)
    return directory


@pytest.fixture(scope="module")
def metadata(dist: Path) -> Message:
    with zipfile.ZipFile(dist / f"{DISTRIBUTION}-py3-none-any.whl") as wheel:
        return message_from_bytes(wheel.read(f"{DISTRIBUTION}.dist-info/METADATA"))


def test_the_wheel_has_the_package_and_the_examples(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"{DISTRIBUTION}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "airflow_provider_clevertap", f"{DISTRIBUTION}.data", f"{DISTRIBUTION}.dist-info",
    }  # fmt: skip
    ours = {path for path in (ROOT / "airflow_provider_clevertap").rglob("*") if path.is_file()}
    expected = {path.relative_to(ROOT).as_posix() for path in ours if path.suffix != ".pyc"}
    assert {name for name in names if name.startswith("airflow_provider_clevertap/")} == expected
    examples = f"{DISTRIBUTION}.data/data/share/airflow-provider-clevertap/dags_examples/"
    assert f"{examples}nightly_profiles_from_csv.py" in names
    assert f"{examples}data/customers.csv" in names


def test_the_source_distribution_can_be_tested(dist: Path) -> None:
    with tarfile.open(dist / f"{DISTRIBUTION}.tar.gz") as archive:
        names = {name.partition("/")[2].partition("/")[0] for name in archive.getnames()}
    assert names >= {"airflow_provider_clevertap", "dags_examples", "docs", "tests", "Makefile", "LICENSE"}
    assert not names & {".git", ".github", ".venv", ".demo", "site"}


def test_users_are_asked_for_no_tool_of_developers(metadata: Message) -> None:
    assert metadata.get_all("Provides-Extra") == ["emulator", "gcs", "openlineage", "s3"]
    needed = {re.split(r"[^\w-]", each)[0] for each in metadata.get_all("Requires-Dist", [])}
    assert not needed & {"pytest", "mypy", "ruff", "hypothesis", "matplotlib", "uv", "playwright"}


def test_the_index_shows_links_that_work_there(metadata: Message) -> None:
    page = str(metadata.get_payload())
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 20
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    urls = dict(str(each).split(", ", 1) for each in metadata.get_all("Project-URL", []))
    assert set(urls) >= {"Homepage", "Documentation", "Changelog", "Issues"}
    repository = urls["Homepage"]
    own = [link for link in links if link.startswith(repository)]
    for link in own:
        place = "raw" if link.endswith(".png") else "blob"  # the page of a picture is no picture
        path = link.removeprefix(f"{repository}/{place}/main/").partition("#")[0]
        assert (ROOT / path).exists(), link
