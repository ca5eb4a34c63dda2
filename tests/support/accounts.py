"""Answers that account for the records of a batch."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_clevertap.api.answers import Processed
from airflow_provider_clevertap.api.response_parser import read_answer


def rejection(
    number: int | None, code: Any = 515, record: Any = None, text: str = "Email is not valid.", **more: Any
) -> Any:
    error = text if number is None else f"{text}Skipped record number : {number}"
    return {"status": "fail", "code": code, "error": error, "record": {} if record is None else record, **more}


def read(records: int, sent: list[Any] | None = None, **body: Any) -> Any:
    request = b"" if sent is None else json.dumps({"d": sent}).encode()
    return read_answer(200, {}, json.dumps(body).encode(), records, sent=request)


def person(identity: Any, kind: str = "profile", **more: Any) -> dict[str, Any]:
    return {"identity": identity, "type": kind, "profileData": {"Plan": "gold"}, **more}


def places(answer: Any) -> list[int]:
    assert isinstance(answer, Processed), answer
    return [refused.index for refused in answer.rejected]
