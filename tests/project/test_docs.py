"""The documentation is correct: its links, its examples, and every option, code and number it names."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_clevertap import exceptions
from airflow_provider_clevertap.api.regions import REGIONS, base_url
from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.columns import Column
from airflow_provider_clevertap.connections import form
from airflow_provider_clevertap.loading.artifacts.rejects_format import ADDED_COLUMNS
from airflow_provider_clevertap.loading.delivery import decision
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.options import LoadOptions
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome
from airflow_provider_clevertap.loading.outcomes.summary import Counts, Summary
from airflow_provider_clevertap.loading.record_kinds import PROFILES
from airflow_provider_clevertap.records import limits
from airflow_provider_clevertap.records.error_codes import ERROR_CODES
from airflow_provider_clevertap.records.models.event import normalize_event_name
from airflow_provider_clevertap.sources import CsvSource, FrameSource, JsonLinesSource, ParquetSource
from tests.support.doc_pages import DOCS, ROOT, anchors, blocks, code, links, prose, spans, table, tables, text_of
from tests.support.paths import PACKAGE
from tests.system.browser import screenshots

PAGES = ["README.md", *sorted(path.name for path in DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_has_a_target(page: str) -> None:
    here = (ROOT if page == "README.md" else DOCS) / page
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = here if not path else (here.parent / path).resolve()
        assert target.exists() or is_screenshot(target), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


EMPTY = Summary.of(Counts(), kind="profiles")


def is_screenshot(target: Path) -> bool:
    """Return whether the browser tests make this file; it is not in the repository."""
    return target.parent == screenshots.DIRECTORY and target.stem in screenshots.NAMES


def test_every_screenshot_is_shown() -> None:
    shown = [Path(link).stem for link in links("ui.md") if link.startswith("screenshots/")]
    assert sorted(shown) == sorted(screenshots.NAMES)


@pytest.mark.parametrize("page", PAGES)
def test_json_blocks_are_json(page: str) -> None:
    for block in blocks(page, "json"):
        json.loads(block)


@pytest.mark.airflow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python_blocks_run_and_their_loads_are_valid(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the blocks of a page one after the other, as a reader would, and check every load they describe."""
    from airflow.providers.common.compat.sdk import DAG

    monkeypatch.setenv("AIRFLOW_CONN_CLEVERTAP_DEFAULT", "clevertap://ABC:secret@/?region=in1")
    dags: list[Any] = []

    def recorded(*arguments: Any, **options: Any) -> Any:
        dags.append(DAG(*arguments, **options))
        return dags[-1]

    namespace: dict[str, Any] = {"recorded": recorded}
    for block in blocks(page, "python"):
        exec(compile(block.replace("with DAG(", "with recorded("), page, "exec"), namespace)  # noqa: S102
    mappings = [namespace["columns"]] if "columns" in namespace else []
    for task in (task for dag in dags for task in dag.tasks):
        arguments = getattr(task, "partial_kwargs", None) or vars(task)
        mappings += [columns] if isinstance(columns := arguments.get("columns"), dict) else []
        options = {name: arguments.get(name) for name in ("max_rejects", "max_in_flight", "default_country")}
        LoadOptions(**{name: value for name, value in options.items() if value is not None and "{{" not in str(value)})
    for mapping in mappings:
        plan_columns(list(mapping), parse_columns(mapping), schema=PROFILES.schema)


def documented_options(page: str, header: str, index: int = 0) -> dict[str, str]:
    return {code(row[0]): row[1] for row in tables(page, header, "Default")[index]}


def default_of(option: Any) -> str:
    return "required" if option.default is MISSING else f"`{option.default!r}`"


def test_all_options_of_columns_and_sources_are_documented() -> None:
    pages = [("columns.md", "Option of `Column`", 0, Column)]
    pages += [("sources.md", "Option", at, kind)
              for at, kind in enumerate((CsvSource, JsonLinesSource, ParquetSource, FrameSource))]  # fmt: skip
    for page, header, index, kind in pages:
        assert documented_options(page, header, index) == {option.name: default_of(option) for option in fields(kind)}
    for index, kind in enumerate((CsvSource, JsonLinesSource, ParquetSource, FrameSource)):
        templated = {code(row[0]) for row in tables("sources.md", "Option")[index] if "Templated" in row[2]}
        assert templated == set(kind.template_fields)


@pytest.mark.airflow
def test_all_arguments_of_the_operator_are_documented_and_templated() -> None:
    from airflow_provider_clevertap.operators.base.messages import MessagesOperator
    from airflow_provider_clevertap.operators.base.upload import CleverTapUploadOperator
    from airflow_provider_clevertap.operators.events import CleverTapUploadEventsOperator

    arguments = {
        name: "required" if parameter.default is parameter.empty else f"`{parameter.default!r}`"
        for name, parameter in inspect.signature(CleverTapUploadOperator.__init__).parameters.items()
        if name not in ("self", "kwargs")
    }
    assert {code(row[0]): row[2] for row in table("operators.md", "Argument")} == arguments
    assert {name.removesuffix("_mode") for name in CleverTapUploadOperator.template_fields} == set(arguments)
    of_messages = set(MessagesOperator.template_fields) - set(CleverTapUploadOperator.template_fields)
    assert {code(row[0]) for row in table("leaving-a-cdp.md", "Argument")} == of_messages
    of_events = set(CleverTapUploadEventsOperator.template_fields) - set(MessagesOperator.template_fields)
    assert {code(row[0]) for row in table("events-and-tokens.md", "Argument")} == of_events


@pytest.mark.airflow
def test_every_error_documents_whether_airflow_retries_it() -> None:
    rows = table("operators.md", "What happened")
    final = {name: "does not retry" in row[2] for row in rows for name in spans(row[1]) if hasattr(exceptions, name)}
    raised = {
        name: kind
        for name, kind in vars(exceptions).items()
        if inspect.isclass(kind) and issubclass(kind, exceptions.CleverTapError)
    }
    abstract = {"CleverTapError", "FinalError", "UnavailableError"}
    expected = {name: issubclass(kind, exceptions.FinalError) for name, kind in raised.items() if name not in abstract}
    assert final == expected


def test_all_codes_are_documented_as_they_are_reported() -> None:
    rows = table("outcomes.md", "Code", "Of", "Means")
    assert {int(row[0]): (row[2], row[3]) for row in rows} == ERROR_CODES
    for row in table("README.md", "Code", "Means"):
        assert all(int(number) in ERROR_CODES for number in row[0].split(", "))


def test_all_outcomes_columns_and_keys_are_documented() -> None:
    assert [row[0] for row in table("outcomes.md", "Outcome")] == [outcome.value for outcome in Outcome]
    assert [code(row[0]) for row in table("outcomes.md", "Column")] == list(ADDED_COLUMNS)
    keys = [key for row in table("outcomes.md", "Key") for key in spans(row[0])]
    assert sorted(keys) == sorted(EMPTY.to_dict())
    of_reasons = [key for row in table("outcomes.md", "Key of a reason") for key in spans(row[0])]
    assert all(list(reason) == of_reasons for reason in json.loads(blocks("outcomes.md", "json")[0]))
    (example,) = blocks("operators.md", "json")
    assert list(json.loads(example)) == list(EMPTY.to_dict())
    assert blocks("outcomes.md", "csv")[0].splitlines()[0].endswith(",".join(ADDED_COLUMNS[:5]))


def test_bounds_of_retries_match_the_code() -> None:
    policy = RetryPolicy()
    documented = [row[1] for row in table("outcomes.md", "Bound, for one batch")]
    assert [float(number) for number in documented] == [
        policy.attempts, policy.total_seconds, policy.base, policy.cap,
        decision.SERVER_ERROR_RESENDS, decision.CONTRADICTION_RESENDS, LoadOptions().bytes_per_batch,
    ]  # fmt: skip


def test_limits_match_the_code() -> None:
    documented = {row[0]: int(row[1]) for row in table("rules.md", "Limit", "Value")}
    assert documented == {
        "profiles in one request": limits.PROFILES_PER_CALL,
        "events in one request": limits.EVENTS_PER_CALL,
        "device tokens in one request": limits.TOKENS_PER_CALL,
        "subscriptions in one request": limits.SUBSCRIPTIONS_PER_CALL,
        "uploads at a time, for an account": limits.MAX_IN_FLIGHT,
        "requests for subscriptions at a time, for an account": limits.OTHER_APIS_IN_FLIGHT,
        "bytes of a property's name": limits.KEY_BYTES,
        "bytes of a text value": limits.VALUE_BYTES,
        "items of a multi-value property": limits.MULTI_VALUE_ITEMS,
        "characters of an identity, must be fewer than": limits.IDENTITY_CHARACTERS,
        "digits of a phone number, at least": limits.PHONE_MIN_DIGITS,
        "digits of a phone number, at most": limits.PHONE_MAX_DIGITS,
        "properties of an event, `Items` not counted": limits.EVENT_PROPERTIES,
        "`Items` of one `Charged` event": limits.CHARGED_ITEMS,
        "bytes of an event's name": limits.EVENT_NAME_BYTES,
        "seconds an event may lie in the future": limits.FUTURE_SECONDS,
        "custom attributes": limits.CUSTOM_ATTRIBUTES,
    }
    rules = {row[0]: spans(row[0]) for rows in tables("rules.md", "Rule", "Page") for row in rows}

    def named(start: str) -> list[str]:
        (names,) = [spans for rule, spans in rules.items() if rule.startswith(start)]
        return names

    assert set(named("a property's name")) == limits.FORBIDDEN_KEY_CHARACTERS
    assert {normalize_event_name(name) for name in named("its name is not one")} == limits.RESTRICTED_EVENTS
    assert tuple(named("the type is one of")) == limits.TOKEN_TYPES
    assert f"({limits.TS_MILLISECONDS_FROM} and above)" in prose("rules.md")
    assert f"| {limits.DEFAULT_IN_FLIGHT}; fewer after a 429" in prose("rules.md")


def test_all_regions_are_documented() -> None:
    rows = table("connection.md", "`region`")
    assert {code(row[0]): code(row[2]) for row in rows} == {region: base_url(region) for region in REGIONS}


@pytest.mark.airflow
def test_documented_environment_variables_are_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_clevertap.hooks.clevertap import CleverTapHook

    settings = {}
    for block in (block for block in blocks("connection.md", "bash") if "export AIRFLOW_CONN_" in block):
        printed = subprocess.run(["bash", "-c", f"{block}\nenv -0"], capture_output=True, text=True, check=True).stdout
        for variable in printed.split("\0"):
            name, _, value = variable.partition("=")
            if name.startswith("AIRFLOW_CONN_") and os.environ.get(name) != value:
                monkeypatch.setenv(name, value)
                settings.setdefault(name, []).append(
                    CleverTapHook(name.removeprefix("AIRFLOW_CONN_").lower()).settings()
                )
    as_json, as_uri = settings["AIRFLOW_CONN_CLEVERTAP_DEFAULT"]
    assert as_json == as_uri
    assert (as_uri.passcode, as_uri.region, as_uri.max_in_flight, as_uri.timeout) == ("p@ss/word", "in1", 8, 30)
    assert settings["AIRFLOW_CONN_THROUGH_GATEWAY"][0].base_url == "https://gateway.example.com"
    assert settings["AIRFLOW_CONN_BEHIND_A_PATH"][0].base_url == "https://gateway.example.com/clevertap"
    assert settings["AIRFLOW_CONN_EMULATOR"][0].base_url == "http://127.0.0.1:8077"


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "connection.md"])
def test_the_command_adds_a_connection(page: str, airflow_db: Path, run_airflow: Any) -> None:
    (command,) = [block for block in blocks(page, "bash") + blocks(page, "console") if "connections add" in block]
    added = f"docs_{page.partition('.')[0].lower()}"
    command = command.replace("airflow ", f"{sys.executable} -m airflow ", 1).replace("clevertap_default", added)
    environment = {**os.environ, "PASSCODE": "p@s/s w%rd"}
    subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=True, timeout=600)
    (stored,) = json.loads(run_airflow("connections", "get", added, "-o", "json").stdout)
    assert (stored["login"], stored["password"]) == ("ABC-DEF-123Z", "p@s/s w%rd")
    assert stored["extra_dejson"] == {"region": "in1"}


def test_no_page_contains_a_path_of_a_developers_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(?:home|root|tmp|Users)/", text_of(page)), page


@pytest.mark.airflow
def test_labels_of_the_connection_form_are_documented() -> None:
    labels = {row[1] for row in table("connection.md", "Connection field", "In the form")}
    assert {extra["label"] for extra in form.conn_fields().values()} <= labels
    assert set(form.field_behaviour()["relabeling"].values()) <= labels


def test_log_lines_of_resuming_are_the_real_ones() -> None:
    code_of_resume = (PACKAGE / "loading" / "checkpoint" / "resume.py").read_text(encoding="utf-8")
    (block,) = blocks("resume.md", "")
    for line in block.splitlines():
        for part in re.split(r"[\d,]+\d|: sent again", line):
            assert part.strip(" ,:") in code_of_resume, part
