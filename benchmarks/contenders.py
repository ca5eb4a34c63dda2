"""What is compared: this package, and the scripts people write in its place. Each runs in a process of its own.

The scripts are written as well as such scripts are: batches of 1,000, empty cells left out, no wasted copies. They
check nothing, send dates as text, and take every answer for a success.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.people import data_file

BATCH = 1_000
IN_FLIGHT = 10
HEADERS = {"X-CleverTap-Account-Id": "BENCHMARK", "X-CleverTap-Passcode": "BENCHMARK"}

#: Uploads to the server at a URL, and gives what it knows of the outcome.
Upload = Callable[[str], dict[str, Any]]


class Contender(NamedTuple):
    """One way to load the people.

    :param title: what the tables call it.
    :param extension: the file it reads.
    :param prepare: imports what is needed, reads what is held in memory anyway, and gives the upload.
    :param share: it gets one row of so many, because it is slow.
    """

    title: str
    extension: str
    prepare: Callable[[Path], Upload]
    share: int = 1


def load_file(path: Path) -> Upload:
    """Load a file with this package."""
    return _load(str(path))


def load_frame(path: Path) -> Upload:
    """Load a pandas DataFrame with typed columns with this package."""
    import pandas as pd

    return _load(pd.read_parquet(path))


def _load(source: Any) -> Upload:
    from airflow_provider_clevertap.api.client import CleverTapClient
    from airflow_provider_clevertap.loading.columns import Column
    from airflow_provider_clevertap.loading.kinds import PROFILES
    from airflow_provider_clevertap.loading.load import Load, LoadOptions
    from airflow_provider_clevertap.loading.sources import open_source

    opened = open_source(source)
    # httpx imports its inside with the first client
    CleverTapClient("BENCHMARK", "BENCHMARK", "http://127.0.0.1").close()

    def upload(url: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as artifacts:
            options = LoadOptions(
                columns={
                    "Loyalty Points": Column(type="integer"),
                    "Lifetime Value": Column(type="float"),
                    "Joined On": Column(type="date"),
                },
                max_rejects=1.0,
                max_in_flight=IN_FLIGHT,
                rejects_path=Path(artifacts, "rejects.csv"),
                report_path=Path(artifacts, "report.json"),
            )
            with CleverTapClient("BENCHMARK", "BENCHMARK", url, max_in_flight=IN_FLIGHT) as client:
                return Load(PROFILES, opened, client, options).run().to_dict()

    return upload


def post_dicts(path: Path) -> Upload:
    """Read everything with pandas, make dicts, and post one batch after the other."""
    import pandas as pd
    import requests

    def upload(url: str) -> dict[str, Any]:
        frame = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=False)
        for start in range(0, len(frame), BATCH):
            rows = frame.iloc[start : start + BATCH].to_dict("records")
            requests.post(f"{url}/1/upload", json={"d": _records(rows)}, headers=HEADERS, timeout=60).raise_for_status()
        return {}

    return upload


def post_iterrows(path: Path) -> Upload:
    """Read everything with pandas, go through it row by row, and post one batch after the other."""
    import pandas as pd
    import requests

    def upload(url: str) -> dict[str, Any]:
        def post() -> None:
            requests.post(f"{url}/1/upload", json={"d": batch}, headers=HEADERS, timeout=60).raise_for_status()

        frame = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=False)
        batch: list[dict[str, Any]] = []
        for _, row in frame.iterrows():
            batch += _records([row.to_dict()])
            if len(batch) == BATCH:
                post()
                batch = []
        if batch:
            post()
        return {}

    return upload


def post_chunks_in_threads(path: Path) -> Upload:
    """Read with pandas chunk by chunk, encode with msgspec, and send from threads: what an expert's script does."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx
    import msgspec
    import pandas as pd

    httpx.Client().close()

    def upload(url: str) -> dict[str, Any]:
        chunks = pd.read_csv(path, dtype={"Phone": "str"}, keep_default_na=False, chunksize=BATCH * IN_FLIGHT)
        with httpx.Client(headers=HEADERS, timeout=60) as client, ThreadPoolExecutor(IN_FLIGHT) as threads:

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


CONTENDERS = {
    "load-csv": Contender("this package, CSV", "csv", load_file),
    "load-parquet": Contender("this package, Parquet", "parquet", load_file),
    "load-frame": Contender("this package, pandas DataFrame", "parquet", load_frame),
    "threads": Contender("script: read_csv in chunks, msgspec, httpx in 10 threads", "csv", post_chunks_in_threads),
    "to-dict": Contender("script: read_csv, to_dict, requests.post", "csv", post_dicts),
    "iterrows": Contender("script: read_csv, iterrows, requests.post", "csv", post_iterrows, share=20),
}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run one contender in this process, and print what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--stages", action="store_true")
    asked = parser.parse_args()
    contender = CONTENDERS[asked.name]
    upload = contender.prepare(data_file(asked.data, asked.rows, contender.extension))
    stages = None
    if asked.stages:
        from benchmarks.stages import Stages

        stages = Stages()
        stages.watch()
    cpu, started = _cpu(), time.perf_counter()
    facts = upload(asked.url)
    taken: dict[str, Any] = {"start_up": cpu, "cpu": _cpu() - cpu, "wall": time.perf_counter() - started}
    if stages is not None:
        taken["stages"] = stages.seconds
    print(json.dumps(taken | {"facts": facts}))


if __name__ == "__main__":
    main()
