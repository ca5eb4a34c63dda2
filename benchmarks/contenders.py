"""The programs that are compared: this package, and scripts that people write instead. Each runs in its own process."""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.data import data_file
from benchmarks.loads import LoadSettings, Prepare, load_file, load_file_in_task, load_frame
from benchmarks.scripts import (
    post_chunks_in_threads,
    post_dicts,
    post_iterrows,
    post_iterrows_by_cell,
    post_iterrows_without_nulls,
)


class Contender(NamedTuple):
    """One way to load some data.

    :param title: its name in the tables.
    :param prepare: returns its upload.
    :param dataset: the data it loads.
    :param extension: the type of the file it reads.
    :param share: it loads one row of so many, because it is slow or its rows are large.
    """

    title: str
    prepare: Prepare
    dataset: str = "people"
    extension: str = "csv"
    share: int = 1


CONTENDERS = {
    "load-csv": Contender("this package, CSV", load_file),
    "load-parquet": Contender("this package, Parquet", load_file, extension="parquet"),
    "first-csv": Contender("profiles, CSV", load_file_in_task),
    "first-parquet": Contender("profiles, Parquet", load_file_in_task, extension="parquet"),
    "first-orders": Contender("`Charged` from order lines, CSV", load_file_in_task, "order-lines"),
    "first-tokens": Contender("device tokens, CSV", load_file_in_task, "devices"),
    "first-subscriptions": Contender("subscriptions, CSV", load_file_in_task, "opt-outs"),
    "load-frame": Contender("this package, pandas DataFrame", load_frame, extension="parquet"),
    "load-events": Contender("events", load_file, "events"),
    "load-flat-events": Contender("events, JSON Lines", load_file, "flat-events", "jsonl"),
    "load-tracks": Contender("the same events as RudderStack's `track` messages", load_file, "tracks", "jsonl"),
    "load-flat-orders": Contender("`Charged` with two `Items`, JSON Lines", load_file, "flat-orders", "jsonl"),
    "load-order-messages": Contender(
        "the same orders as `Order Completed` messages", load_file, "order-messages", "jsonl"
    ),
    "load-orders": Contender("`Charged` from order lines", load_file, "order-lines"),
    "load-tokens": Contender("device tokens", load_file, "devices"),
    "load-subscriptions": Contender("subscriptions", load_file, "opt-outs"),
    "load-clean": Contender("no bad row", load_file, "people-clean"),
    "load-dirty": Contender("10 % bad", load_file, "people-dirty"),
    "load-wide": Contender("200 columns", load_file, "people-wide", share=10),
    "load-long": Contender("four long texts more", load_file, "people-long", share=2),
    "load-plain": Contender("six columns more", load_file, "people-plain"),
    "load-declared": Contender("the same, as people write them", load_file, "people-declared"),
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


def _memory(key: str) -> float:
    """Return the memory of this process in MB of a million bytes.

    :param key: ``VmRSS`` for now, ``VmHWM`` for the highest so far.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(f"{key}:")[2].split()[0]) * 1024 / 1e6


def main() -> None:
    """Run one contender in this process, and print its times as JSON."""
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
    arguments = parser.parse_args()
    if arguments.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    contender = CONTENDERS[arguments.name]
    settings = LoadSettings(
        contender.dataset,
        arguments.in_flight,
        artifacts=not arguments.no_artifacts,
        checkpoint=not arguments.no_checkpoint,
        log=arguments.log,
        gzip=arguments.gzip,
    )
    upload = contender.prepare(
        data_file(arguments.data, contender.dataset, arguments.rows, contender.extension), settings
    )
    stages = None
    if arguments.stages:
        from benchmarks.stages import Stages

        stages = Stages()
        stages.start()
    memory = _memory("VmRSS")
    cpu, started = _cpu(), time.perf_counter()
    facts = upload(arguments.url)
    measured: dict[str, Any] = {"start_up": cpu, "cpu": _cpu() - cpu, "wall": time.perf_counter() - started}
    measured["added_mb"] = _memory("VmHWM") - memory
    if stages is not None:
        measured["stages"] = stages.seconds
    print(json.dumps(measured | {"facts": facts}))


if __name__ == "__main__":
    main()
