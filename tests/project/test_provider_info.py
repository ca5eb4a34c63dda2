"""Airflow finds the provider and shows it without warnings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from airflow_provider_clevertap.provider_info import get_provider_info
from tests.support.paths import ROOT

pytestmark = pytest.mark.airflow

#: Runs several airflow commands in one process, because starting Airflow takes longer than any of them.
COMMANDS = """
import json, sys
from airflow.__main__ import main
for command in json.loads(sys.argv[1]):
    print("#", *command, flush=True)
    print("#", *command, file=sys.stderr, flush=True)
    sys.argv = ["airflow", *command]
    main()
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the output of each ``airflow providers`` command, on both streams."""
    names = ["list", "get", "hooks", "widgets", "behaviours", "links"]
    commands = [["providers", name, "--output", "json"] for name in names if name != "get"]
    commands.append(["providers", "get", "airflow-provider-clevertap", "--full", "--output", "json"])
    completed = subprocess.run(
        [sys.executable, "-W", "always", "-c", COMMANDS, json.dumps(commands)],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    printed = {"stderr": completed.stderr}
    for part in completed.stdout.split("# providers ")[1:]:
        name, _, text = part.partition("\n")
        printed[name.split()[0]] = text
    assert set(printed) == {*names, "stderr"}
    return printed


def test_the_provider_is_listed_with_its_version(shown: dict[str, str]) -> None:
    assert "airflow-provider-clevertap" in shown["list"]
    assert version("airflow-provider-clevertap") in shown["list"]


def test_get_shows_everything(shown: dict[str, str]) -> None:
    for part in ("clevertap", "CleverTapHook", "operators.profiles", "artifacts_path"):
        assert part in shown["get"]


def test_the_hook_is_known(shown: dict[str, str]) -> None:
    (hook,) = [hook for hook in json.loads(shown["hooks"]) if hook["connection_type"] == "clevertap"]
    assert hook["class"] == "airflow_provider_clevertap.hooks.clevertap.CleverTapHook"
    assert hook["conn_id_attribute_name"] == "clevertap_conn_id"
    assert hook["hook_name"] == "CleverTap"


@pytest.mark.parametrize("field", ["region", "max_in_flight", "timeout"])
def test_the_form_fields_are_known(shown: dict[str, str], field: str) -> None:
    assert f"extra__clevertap__{field}" in shown["widgets"]


def test_the_form_behaviour_is_known(shown: dict[str, str]) -> None:
    assert "clevertap" in shown["behaviours"]


def test_nothing_warns_of_us(shown: dict[str, str]) -> None:
    complaints = [line for text in shown.values() for line in text.splitlines() if _is_complaint(line)]
    assert complaints == []


def _is_complaint(line: str) -> bool:
    # where this checkout and its Python lie says nothing: the directory may well be named after the project
    words = line.replace(str(ROOT), "").replace(sys.prefix, "").lower()
    return "clevertap" in words and any(word in words for word in ("warn", "error", "deprecat", "exception"))


def test_the_check_above_can_fail() -> None:
    assert _is_complaint("[WARNING] provider airflow-provider-clevertap: ...")
    assert _is_complaint(f"{ROOT}/airflow_provider_clevertap/hooks/clevertap.py:1 DeprecationWarning: ...")
    assert not _is_complaint(f"{ROOT}/.venv/lib/airflow/metrics.py:22 DeprecationWarning: ...")


def test_the_entry_point_leads_here() -> None:
    (found,) = [
        entry
        for entry in entry_points(group="apache_airflow_provider")
        if entry.value.startswith("airflow_provider_clevertap")
    ]
    assert found.load() is get_provider_info
    assert get_provider_info()["package-name"] == "airflow-provider-clevertap"


def test_every_module_named_exists() -> None:
    info = get_provider_info()
    for part in ("hooks", "operators"):
        for group in info[part]:
            for module in group["python-modules"]:
                __import__(module)


def test_the_link_is_found_by_its_name(shown: dict[str, str]) -> None:
    assert "operators.base.links.CleverTapDashboardLink" in shown["links"]
    assert "operators.base.links.CleverTapReportLink" in shown["links"]


def test_the_decorators_are_found_by_their_names() -> None:
    from airflow.providers.common.compat.sdk import task

    for kind in ("profiles", "events", "device_tokens", "subscriptions"):
        made = getattr(task, f"clevertap_{kind}")(task_id="load")(lambda: None)
        assert made.operator_class.custom_operator_name == f"@task.clevertap_{kind}"


def test_airflow_knows_the_configuration(tmp_path: Path) -> None:
    code = (
        "from airflow.providers.common.compat.sdk import conf; import airflow.providers_manager as m;"
        "m.ProvidersManager().initialize_providers_configuration() if hasattr(m.ProvidersManager, "
        "'initialize_providers_configuration') else None;"
        "print(repr(conf.get('clevertap', 'artifacts_path', fallback='none')))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CLEVERTAP__ARTIFACTS_PATH": "/var/loads"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert completed.stdout.strip().endswith("'/var/loads'"), completed.stderr
