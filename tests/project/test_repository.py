"""Workflows, pre-commit, issue templates and CONTRIBUTING name commands, scripts and paths that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.doc_pages import spans
from tests.support.paths import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
FORMS = sorted(path for path in GITHUB.glob("ISSUE_TEMPLATE/*.yml") if path.name != "config.yml")
NAMING_MAKE = [*WORKFLOWS, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
               GITHUB / "PULL_REQUEST_TEMPLATE.md", ROOT / ".ci/run", *sorted(ROOT.glob("docs/*.md"))]  # fmt: skip

_PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
#: ``make`` and the targets that follow it, where a command begins.
_MAKE = re.compile(r"(?:^|run:|&&)\s*(?:\w+=\S+ )*make((?: +[a-z][\w.-]*)+)", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def jobs(path: Path) -> dict[str, Any]:
    return parsed(path)["jobs"]  # type: ignore[no-any-return]


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_every_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert [line for line in lines if not _PINNED.fullmatch(line.removeprefix("- "))] == []
    assert len(lines) == sum("uses" in step for step in steps(path))


def test_an_action_has_one_commit_everywhere() -> None:
    used = {step["uses"] for path in WORKFLOWS for step in steps(path) if "uses" in step}
    assert len(used) == len({action.partition("@")[0] for action in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_workflows_have_few_permissions_and_a_timeout(path: Path) -> None:
    assert parsed(path)["permissions"] == {"contents": "read"}
    assert "concurrency" in parsed(path)
    assert [name for name, job in jobs(path).items() if "timeout-minutes" not in job] == []
    of_checkouts = [step["with"] for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(options["persist-credentials"] is False for options in of_checkouts)
    allowed = {"publish": {"id-token": "write"}} if path.name == "release.yml" else {}
    assert {name: job["permissions"] for name, job in jobs(path).items() if "permissions" in job} == allowed


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_input_from_others_is_not_part_of_a_script(path: Path) -> None:
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert [script for script in scripts if re.search(r"\$\{\{(?!\s*matrix\.)", script)] == []


def test_the_last_job_of_ci_waits_for_all_others() -> None:
    of_ci = jobs(GITHUB / "workflows/ci.yml")
    last = of_ci.pop("ci-success")
    assert sorted(last["needs"]) == sorted(of_ci)
    assert last["if"] == "always()"


def test_ci_tests_every_airflow_on_each_python_it_allows() -> None:
    matrix = jobs(GITHUB / "workflows/ci.yml")["test"]["strategy"]["matrix"]
    assert [f"airflow-{line}.txt" for line in sorted(matrix["airflow"])] == sorted(
        path.name for path in ROOT.glob("constraints/airflow-*.txt")
    )
    supported = re.findall(r"Programming Language :: Python :: (3\.\d+)", text_of("pyproject.toml"))
    assert matrix["python"] == supported
    assert matrix["exclude"] == [{"airflow": "2.11", "python": "3.13"}]


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    rules = re.findall(r"^([\w. -]+):(?!=)", text_of("Makefile"), re.MULTILINE)
    return {name for names in rules for name in names.split()}


def make_targets(text: str) -> set[str]:
    """Return the targets of each ``make`` of a script."""
    return {target for found in _MAKE.findall(text) for target in found.split()}


def commands_of(path: Path) -> str:
    """Return a file as a script; for Markdown, only the parts written as code."""
    text = path.read_text(encoding="utf-8").replace("${{ matrix.airflow }}", "3.3")
    if path.suffix != ".md":
        return text
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *spans(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))])


def test_the_search_for_make_finds_targets_and_ignores_prose() -> None:
    text = "- run: make lint\nmake test-3.3 docs\nPYTHON=python3.12 make quick\nmake demo  # a\na && make b"
    assert make_targets("to make rows; a maker") == set()
    assert make_targets(text) == {"lint", "test-3.3", "docs", "quick", "demo", "b"}


@pytest.mark.parametrize("path", [path for path in NAMING_MAKE if path.exists()], ids=name_of)
def test_every_named_make_target_exists(path: Path) -> None:
    assert make_targets(commands_of(path)) - targets() == set()


def test_every_path_in_contributing_exists() -> None:
    places = r"`((?:airflow_provider_clevertap|tests|docs|benchmarks|constraints|scripts|\.ci)/[\w./-]*)"
    paths = re.findall(places, text_of("CONTRIBUTING.md"))
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("path", [path for path in (*WORKFLOWS, ROOT / ".ci/run") if path.exists()], ids=name_of)
def test_every_script_of_a_workflow_exists(path: Path) -> None:
    for script in re.findall(r"(?<![\w./])(?:scripts|\.ci)/[\w-]+", path.read_text(encoding="utf-8")):
        assert (ROOT / script).stat().st_mode & 0o111, script


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_issue_forms_are_valid_and_ask_for_no_secret(path: Path) -> None:
    form = parsed(path)
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names) > 2
    assert all(field["attributes"]["label"] for field in fields)
    assert all(field["attributes"]["options"] for field in fields if field["type"] == "dropdown")


def test_other_files_github_reads_are_valid() -> None:
    assert parsed(GITHUB / "ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}
    (updates,) = parsed(GITHUB / "dependabot.yml")["updates"]
    assert updates["package-ecosystem"] == "github-actions"
    assert text_of(".github/PULL_REQUEST_TEMPLATE.md").count("- [ ]") > 3


def test_pre_commit_has_the_tested_versions_and_uses_no_other_repository() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    pinned = {package for hook in repository["hooks"] for package in hook.get("additional_dependencies", ())}
    assert pinned
    for path in ROOT.glob("constraints/airflow-*.txt"):
        assert pinned <= set(path.read_text(encoding="utf-8").splitlines()), path.name


def test_patterns_of_pre_commit_are_valid() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    by_pattern = [hook for hook in repository["hooks"] if hook["language"] == "pygrep"]
    assert [re.compile(hook["entry"]) for hook in by_pattern]


@pytest.mark.parametrize("path", sorted(ROOT.glob("constraints/*.txt")), ids=name_of)
def test_constraints_are_plain_versions(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[\w.+!]+", line)] == []
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))
