"""Calling ``execute`` outside a task, as the unit tests of DAG authors do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_clevertap.decorators.base import DecoratedUploadOperator
from airflow_provider_clevertap.exceptions import SourceError, TooManyRejectsError
from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
from airflow_provider_clevertap.operators.profiles import CleverTapUploadProfilesOperator

CONTEXTS = [None, {}, {"run_id": "manual"}, {"ti": None}, {"ti": MagicMock()}, MagicMock()]


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "people.csv").write_text("id,Email\n1,a@example.com\n2,broken\n")
    return str(tmp_path / "people.csv")


def operator(source: Any, **arguments: Any) -> CleverTapUploadProfilesOperator:
    return CleverTapUploadProfilesOperator(
        task_id="load", source=source, columns={"id": "identity"}, dry_run="local", **arguments
    )


@pytest.mark.parametrize("context", CONTEXTS, ids=["none", "empty", "run", "no task", "mocked task", "mock"])
def test_a_context_without_a_task(context: Any, path: str, tmp_path: Path) -> None:
    summary = operator(path, max_rejects=1, artifacts_path=str(tmp_path / "artifacts")).execute(context)
    assert (summary["accepted"], summary["invalid"], summary["rejects_path"]) == (1, 1, None)
    with pytest.raises(AirflowFailException, match="1 of 2 rows failed") as caught:
        operator(path).execute(context)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    summary = operator(path, max_rejects=1, rejects_path=str(tmp_path / "rejects.csv")).execute(context)
    assert Path(summary["rejects_path"]).exists()


def test_an_error_of_the_hook_is_short(path: str) -> None:
    with pytest.raises(TooManyRejectsError) as caught:
        CleverTapHook().upload_profiles(path, columns={"id": "identity"}, dry_run="local")
    assert [frame.name for frame in caught.traceback][1:] == ["upload_profiles", "_upload", "run"]
    assert str(caught.value).split("\n")[1:] == [
        "- 1 row invalid (column Email, code 515): not an e-mail address [row 2]",
        "Set rejects_path to see which rows and why.",
    ]
    with pytest.raises(SourceError) as not_found:
        CleverTapHook().upload_profiles(f"{path}.csv", dry_run="local")
    assert not_found.value.__cause__ is None
    assert not_found.value.__context__ is None


def test_a_decorated_function_without_a_task(path: str) -> None:
    class Operator(DecoratedUploadOperator, CleverTapUploadProfilesOperator):
        custom_operator_name = "@task.clevertap_profiles"

    made = Operator(task_id="load", python_callable=lambda: path, max_rejects=1, dry_run="local")
    made.columns = {"id": "identity"}
    assert made.execute({})["accepted"] == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["", " ", "None", None])
def test_a_template_that_rendered_to_nothing(source: Any) -> None:
    with pytest.raises(AirflowFailException, match=r"source is empty\. If it is a template, it rendered to nothing"):
        operator(source).execute({})  # type: ignore[arg-type]


def test_a_list_that_a_template_rendered_as_text(path: str) -> None:
    assert operator(f'["{path}"]', max_rejects=1).execute({})["accepted"] == 1  # type: ignore[arg-type]
    with pytest.raises(AirflowFailException, match=r"the text of a list\. Write \{\{ \.\.\. \| tojson \}\}"):
        operator(f"['{path}']").execute({})  # type: ignore[arg-type]
    with pytest.raises(AirflowFailException, match="the list given as the source is empty"):
        operator("[]").execute({})  # type: ignore[arg-type]
