"""What is compared: this package, and the scripts people write in its place. Each runs in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.data import data_file
from benchmarks.loads import Circumstances, Prepare, load_file, load_frame
from benchmarks.scripts import (
    post_chunks_in_threads,
    post_dicts,
    post_iterrows,
    post_iterrows_by_cell,
    post_iterrows_without_nulls,
)


class Contender(NamedTuple):
    """One way to load some data.

    :param title: what the tables call it.
    :param prepare: gives its upload.
    :param dataset: what it loads.
    :param extension: the file it reads.
    :param share: it gets one row of so many, because it is slow or its rows are large.
    """

    title: str
    prepare: Prepare
    dataset: str = "people"
    extension: str = "csv"
    share: int = 1


CONTENDERS = {
    "load-csv": Contender("this package, CSV", load_file),
    "load-parquet": Contender("this package, Parquet", load_file, extension="parquet"),
    "load-frame": Contender("this package, pandas DataFrame", load_frame, extension="parquet"),
    "load-events": Contender("events", load_file, "events"),
    "load-orders": Contender("`Charged` from order lines", load_file, "order-lines"),
    "load-tokens": Contender("device tokens", load_file, "devices"),
    "load-clean": Contender("no bad row", load_file, "people-clean"),
    "load-dirty": Contender("10 % bad", load_file, "people-dirty"),
    "load-wide": Contender("200 columns", load_file, "people-wide", share=10),
    "load-long": Contender("four long texts more", load_file, "people-long", share=2),
    "load-abroad": Contender("names and places beyond ASCII", load_file, "people-abroad"),
    "threads": Contender("script: `read_csv` in chunks, msgspec, httpx in threads", post_chunks_in_threads),
    "to-dict": Contender("script: `read_csv`, `to_dict`, `requests.post`", post_dicts),
    "iterrows": Contender(
        "script: `read_csv`, `iterrows` with `row.to_dict()`, `requests.post`", post_iterrows, share=20
    ),
    "iterrows-cells": Contender(
        "script: `read_csv`, `iterrows` with `row[name]`, `requests.post`", post_iterrows_by_cell, share=20
    ),
    "iterrows-dropna": Contender(
        "script: `read_csv`, `iterrows` with `row.dropna().to_dict()`, `requests.post`",
        post_iterrows_without_nulls,
        share=20,
    ),
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
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--no-artifacts", action="store_true")
    parser.add_argument("--no-checkpoint", action="store_true")
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--one-core", action="store_true")
    parser.add_argument("--stages", action="store_true")
    asked = parser.parse_args()
    if asked.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    contender = CONTENDERS[asked.name]
    told = Circumstances(
        contender.dataset,
        asked.in_flight,
        artifacts=not asked.no_artifacts,
        checkpoint=not asked.no_checkpoint,
        log=asked.log,
        gzip=asked.gzip,
    )
    upload = contender.prepare(data_file(asked.data, contender.dataset, asked.rows, contender.extension), told)
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
