"""What users may import is listed here, name by name; examples and pages for users import nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.package_modules import PACKAGE
from tests.support.paths import DOCS, EXAMPLES, ROOT

PUBLIC_NAMES = {
    "api.retry": {"RetryPolicy"},
    "columns": {"Column", "ColumnChoice"},
    "decorators.device_tokens": {"clevertap_device_tokens_task"},
    "decorators.events": {"clevertap_events_task"},
    "decorators.profiles": {"clevertap_profiles_task"},
    "decorators.subscriptions": {"clevertap_subscriptions_task"},
    "emulator.testing": {"RunningEmulator"},
    "exceptions": {
        "AccessDeniedError",
        "CannotResumeError",
        "CleverTapError",
        "CleverTapUnavailableError",
        "ConfigurationError",
        "CursorExpiredError",
        "ExportError",
        "FinalError",
        "IncompleteExportError",
        "LoadStoppedError",
        "MappingError",
        "NotExportableError",
        "SourceError",
        "StorageUnavailableError",
        "SupersededError",
        "TooManyRejectsError",
        "UnavailableError",
        "UnknownRegionError",
    },
    "hooks.clevertap": {"CleverTapHook"},
    "operators.base.question": {"CleverTapQuestionOperator"},
    "operators.base.upload": {"CleverTapUploadOperator"},
    "operators.counts": {"CleverTapCountOperator", "CleverTapTopPropertiesOperator", "CleverTapTrendsOperator"},
    "operators.device_tokens": {"CleverTapUploadDeviceTokensOperator"},
    "operators.base.export": {"CleverTapExportOperator"},
    "operators.export_events": {"CleverTapExportEventsOperator"},
    "operators.export_profiles": {"CleverTapExportProfilesOperator"},
    "operators.message_report": {"CleverTapMessageReportOperator"},
    "operators.base.output": {"CleverTapOutputOperator"},
    "operators.events": {"CleverTapUploadEventsOperator"},
    "operators.profiles": {"CleverTapUploadProfilesOperator"},
    "operators.schema": {"CleverTapSchemaOperator"},
    "operators.subscriptions": {"CleverTapUpdateSubscriptionsOperator"},
    "sensors.cloud_export": {"CleverTapCloudExportSensor"},
    "sensors.event_count": {"CleverTapEventCountSensor"},
    "sources": {
        "CloudExportSource",
        "CsvSource",
        "ExportedEventsSource",
        "ExportedMessagesSource",
        "ExportedProfilesSource",
        "FrameSource",
        "JsonLinesSource",
        "ParquetSource",
        "SqlSource",
    },
}
USER_FILES = sorted([*EXAMPLES.rglob("*.py"), *DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_FROM_IMPORT = re.compile(rf"\bfrom\s+{PACKAGE}([\w.]*)\s+import\s+(\([^)]*\)|[^\n#`]+)")
_PLAIN_IMPORT = re.compile(rf"^[ >]*import\s+({PACKAGE}[\w.]*)", re.MULTILINE)


def imported_names(text: str) -> Iterator[tuple[str, str]]:
    """The module, without the package's name, and the name of each import from the package."""
    for module, names in _FROM_IMPORT.findall(text):
        for name in names.strip("() \n").split(","):
            if name.strip():
                yield module.removeprefix("."), name.split(" as ")[0].strip()


@pytest.mark.airflow
@pytest.mark.parametrize("module", sorted(PUBLIC_NAMES))
def test_a_public_module_has_exactly_these_names(module: str) -> None:
    imported = import_module(f"{PACKAGE}.{module}")
    assert sorted(imported.__all__) == sorted(PUBLIC_NAMES[module])
    assert all(hasattr(imported, name) for name in imported.__all__)


@pytest.mark.parametrize("path", USER_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_users_read_imports_public_names_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name in imported_names(text) if name[1] not in PUBLIC_NAMES.get(name[0], set())] == []
    assert _PLAIN_IMPORT.findall(text) == []
    assert f"from {PACKAGE}.loading" not in text


def test_every_public_module_is_one_that_users_read_of() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in USER_FILES)
    assert [module for module in PUBLIC_NAMES if f"{PACKAGE}.{module}" not in text] == []


def test_the_check_finds_imports_of_every_form() -> None:
    text = (
        f"    from {PACKAGE}.columns import Column, Other as Another  # why\n"
        f"from {PACKAGE}.sources import (\n    CsvSource,\n    SqlSource,\n)\n"
        f"from {PACKAGE} import loading\n"
    )
    assert list(imported_names(text)) == [
        ("columns", "Column"),
        ("columns", "Other"),
        ("sources", "CsvSource"),
        ("sources", "SqlSource"),
        ("", "loading"),
    ]
    assert _PLAIN_IMPORT.findall(f"import {PACKAGE}.loading.load") == [f"{PACKAGE}.loading.load"]
