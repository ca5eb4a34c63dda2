"""Scripts that people write instead of using this package.

They are good examples of such scripts: batches of 1,000, empty cells left out, no unnecessary copies. They check
nothing, send dates as text, and treat every answer with status 200 as a success.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.loads import ACCOUNT, LoadSettings, Upload

BATCH = 1_000
HEADERS = dict(zip(("X-CleverTap-Account-Id", "X-CleverTap-Passcode"), ACCOUNT, strict=True))


def post_dicts(path: Path, _: LoadSettings) -> Upload:
    """Read the whole file with pandas, make dicts, and post one batch after the other."""
    import pandas as pd
    import requests

    def upload(url: str) -> dict[str, Any]:
        frame = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=False)
        for start in range(0, len(frame), BATCH):
            rows = frame.iloc[start : start + BATCH].to_dict("records")
            requests.post(f"{url}/1/upload", json={"d": _records(rows)}, headers=HEADERS, timeout=60).raise_for_status()
        return {}

    return upload


def post_iterrows(path: Path, _: LoadSettings) -> Upload:
    """Read the whole file with pandas, loop over its rows, and post one batch after the other."""
    return _post_rows(path, lambda row: _records([row.to_dict()])[0])


def post_iterrows_by_cell(path: Path, _: LoadSettings) -> Upload:
    """Do the same, but take each cell from the row by its column's name, as most such scripts do."""

    def record(row: Any) -> dict[str, Any]:
        names = [name for name in row.index if name != "identity"]
        data = {name: row[name] for name in names if row[name] != ""}
        return {"identity": row["identity"], "type": "profile", "profileData": data}

    return _post_rows(path, record)


def post_iterrows_without_nulls(path: Path, _: LoadSettings) -> Upload:
    """Do the same, but read empty cells as nulls and drop them with pandas."""

    def record(row: Any) -> dict[str, Any]:
        data = row.dropna().to_dict()
        return {"identity": data.pop("identity", ""), "type": "profile", "profileData": data}

    return _post_rows(path, record, keep_default_na=True)


def _post_rows(path: Path, record: Callable[[Any], dict[str, Any]], *, keep_default_na: bool = False) -> Upload:
    import pandas as pd
    import requests

    def upload(url: str) -> dict[str, Any]:
        def post() -> None:
            requests.post(f"{url}/1/upload", json={"d": batch}, headers=HEADERS, timeout=60).raise_for_status()

        frame = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=keep_default_na)
        batch: list[dict[str, Any]] = []
        for _, row in frame.iterrows():
            batch.append(record(row))
            if len(batch) == BATCH:
                post()
                batch = []
        if batch:
            post()
        return {}

    return upload


def post_chunks_in_threads(path: Path, settings: LoadSettings) -> Upload:
    """Read with pandas chunk by chunk, encode with msgspec, and send from threads, as an expert's script does."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx
    import msgspec
    import pandas as pd

    httpx.Client().close()

    def upload(url: str) -> dict[str, Any]:
        chunks = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=False, chunksize=BATCH * settings.in_flight)
        with httpx.Client(headers=HEADERS, timeout=60) as client, ThreadPoolExecutor(settings.in_flight) as threads:

            def post(records: list[dict[str, Any]]) -> None:
                client.post(f"{url}/1/upload", content=msgspec.json.encode({"d": records})).raise_for_status()

            for chunk in chunks:
                records = _records(chunk.to_dict("records"))
                list(threads.map(post, [records[start : start + BATCH] for start in range(0, len(records), BATCH)]))
        return {}

    return upload


def _records(rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "identity": row.pop("identity"),
            "type": "profile",
            "profileData": {name: value for name, value in row.items() if value != ""},
        }
        for row in rows
    ]
