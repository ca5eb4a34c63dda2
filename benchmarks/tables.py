"""The tables: the jobs each compares, their settings, and the columns it shows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measuring import Job

SPEED = ("rows", "CPU s per million", "rows/s", "peak MB")
FAULTS = ("lost", "doubled", "bad rows sent")
#: A load lowers a larger number to this one, the maximum of its endpoint.
_SUBSCRIPTIONS_IN_FLIGHT = 3
_FIRST_LOADS = ("first-csv", "first-parquet", "first-orders", "first-tokens", "first-subscriptions")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table.

    :param title: its heading.
    :param jobs: its rows, which are measured in turn.
    :param columns: its columns, see ``reporting.COLUMNS``.
    :param baseline: the row with which a column compares the others.
    :param max_turns: how often each row is measured at most.
    """

    title: str
    jobs: tuple[Job, ...]
    columns: tuple[str, ...]
    baseline: str = "load-csv"
    max_turns: int = 100


def _waiting(contender: str, title: str, latency_ms: int, in_flight: int, *, one_core: bool = False) -> Job:
    core = ", one core" if one_core else ""
    return Job(
        contender,
        f"{contender}-{latency_ms}ms-{in_flight}{'-one-core' if one_core else ''}",
        f"{title}, {in_flight} in flight, {latency_ms} ms{core}",
        latency_ms=latency_ms,
        in_flight=in_flight,
        one_core=one_core,
    )


def _sizes(contender: str, *scales: float) -> tuple[Job, ...]:
    return tuple(Job(contender, f"{contender}-x{scale:g}", scale=scale) for scale in scales)


def _paced(name: str, title: str, *, artifacts: bool = True, checkpoint: bool = False, log: bool = False) -> Job:
    options = {"artifacts": artifacts, "checkpoint": checkpoint, "log": log}
    return Job("load-csv", name, title, latency_ms=50, in_flight=5, one_core=True, **options)


def _shared(name: str, title: str, in_flight: int, **server: float) -> Job:
    return Job("load-csv", name, title, latency_ms=50, in_flight=in_flight, **server)


def _failing(name: str, title: str, latency_ms: float, fault: str = "") -> Job:
    key = f"{name}-{latency_ms:g}ms"
    shown = f"{title}, {latency_ms:g} ms"
    share = 0.05 if fault else 0
    return Job("load-csv", key, shown, latency_ms=latency_ms, in_flight=15, fault=fault or "503", fault_share=share)


TABLES = {
    "side-by-side": Comparison(
        "This package and scripts, answers at once",
        (
            *map(Job, ("load-csv", "load-parquet", "load-frame", "threads", "to-dict")),
            *map(Job, ("iterrows", "iterrows-cells", "iterrows-dropna")),
        ),
        (*SPEED, "start-up CPU s", "CPU, times ours", "time, times ours", *FAULTS),
    ),
    "kinds": Comparison(
        "Profiles, events, orders, device tokens and subscriptions, answers at once",
        (
            Job("load-csv", title="profiles"),
            *map(Job, ("load-events", "load-orders", "load-tokens")),
            Job("load-subscriptions", in_flight=_SUBSCRIPTIONS_IN_FLIGHT),
            Job("load-csv", "load-csv-one-core", "profiles, one core", one_core=True),
            Job("load-tokens", "load-tokens-one-core", "device tokens, one core", one_core=True),
            Job("load-subscriptions", "load-subscriptions-one-core", "subscriptions, one core",
                in_flight=_SUBSCRIPTIONS_IN_FLIGHT, one_core=True),
        ),
        (*SPEED, "CPU, times profiles", "requests", *FAULTS),
    ),
    "messages": Comparison(
        "Messages of a customer data platform, answers at once",
        tuple(map(Job, ("load-flat-events", "load-tracks", "load-flat-orders", "load-order-messages"))),
        (*SPEED, "CPU, times events", "MB per million rows", *FAULTS),
        baseline="load-flat-events",
    ),
    "waiting": Comparison(
        "Answers after 50 and 200 ms",
        (
            _waiting("load-csv", "profiles", 50, 10),
            _waiting("load-csv", "profiles", 50, 15),
            _waiting("load-csv", "profiles", 50, 15, one_core=True),
            _waiting("threads", "script: chunks, msgspec, httpx in threads", 50, 10),
            _waiting("load-tokens", "device tokens", 50, 15),
            _waiting("load-subscriptions", "subscriptions", 50, _SUBSCRIPTIONS_IN_FLIGHT),
            _waiting("load-csv", "profiles", 200, 10),
            _waiting("load-csv", "profiles", 200, 15),
            _waiting("threads", "script: chunks, msgspec, httpx in threads", 200, 10),
        ),
        ("rows", "rows/s", "CPU s per million", "in flight", "of those asked", "time with all in flight"),
    ),
    "dirty": Comparison(
        "Bad rows",
        (Job("load-clean"), Job("load-csv", title="1 % bad"), Job("load-dirty")),
        (*SPEED, "CPU, times clean", *FAULTS),
        baseline="load-clean",
    ),
    "shapes": Comparison(
        "Wide, long and foreign rows",
        (Job("load-csv", title="twelve columns"), *map(Job, ("load-wide", "load-long", "load-abroad"))),
        (*SPEED, "MB per million rows", "CPU s per 100 MB", "CPU, times twelve columns", *FAULTS),
    ),
    "declared": Comparison(
        "Words, amounts and days as people write them",
        (Job("load-csv", title="twelve columns"), *map(Job, ("load-plain", "load-declared"))),
        (*SPEED, "CPU, times twelve columns", *FAULTS),
    ),
    "extras": Comparison(
        "The cost of rejects file, checkpoint, progress and 429s, answers after 50 ms, one core",
        (
            _paced("plain", "plain: with a rejects file and a report"),
            _paced("bare", "without them", artifacts=False),
            _paced("checkpoint", "plain, and a checkpoint in a file", checkpoint=True),
            _paced("progress", "that, and progress in a log file", checkpoint=True, log=True),
            Job("load-csv", "refused", "that, and 15 asked where the account takes 5 (429)",
                latency_ms=50, in_flight=15, one_core=True, ceiling=5, log=True),
        ),
        ("rows", "CPU s per million", "rows/s", "CPU, times plain", "requests", "429s", *FAULTS),
        baseline="plain",
    ),
    "shared": Comparison(
        "Other programs use the account, answers after 50 ms",
        (
            _shared("three", "3 allowed, 3 asked", 3),
            _shared("three-of-fifteen", "3 allowed, 15 asked", 15, ceiling=3),
            _shared("lifted", "3 allowed, 15 asked; after 6 s all 15", 15, ceiling=3, ceiling_seconds=6),
        ),
        ("rows", "rows/s", "time, times three", "CPU s per million", "in flight", "requests", "429s",
         "until all in flight, s", *FAULTS),
        baseline="three",
    ),
    "faults": Comparison(
        "A share of requests fails, 15 in flight",
        tuple(
            _failing(name, title, latency_ms, fault)
            for latency_ms in (50, 200)
            for name, title, fault in (
                ("sound", "no faults", ""),
                ("503s", "5 % of answers are 503", "503"),
                ("resets", "5 % of connections are reset before the answer", "reset"),
                ("429s", "5 % of answers are 429, without a reason", "429"),
            )
        ),
        ("rows", "rows/s", "CPU s per million", "in flight", "requests", "failed", "429s", *FAULTS),
    ),
    "compressed": Comparison(
        "Requests as they are, and compressed",
        (
            Job("load-csv", "as-it-is", "as it is"),
            Job("load-csv", "gzip", "compressed with gzip", gzip=True),
        ),
        ("rows", "CPU s per million", "rows/s", "CPU, times as it is", "MB sent", *FAULTS),
        baseline="as-it-is",
    ),
    "scaling": Comparison(
        "From few rows to many, answers at once",
        (*_sizes("load-csv", 0.01, 0.1, 1, 10), *_sizes("to-dict", 0.01, 0.1, 1)),
        ("rows", "CPU s", "CPU s per million", "rows/s", "peak MB"),
        max_turns=3,
    ),
    "first-load": Comparison(
        "The first load of a task, beyond what Airflow has imported",
        tuple(Job(name, fixed_rows=1_000) for name in _FIRST_LOADS),
        ("rows", "CPU s", "MB added", *FAULTS),
    ),
    "stages": Comparison(
        "Where the CPU time goes, s per million rows",
        tuple(
            Job(name, title=title, stages=True)
            for name, title in (
                ("load-csv", "profiles, CSV"),
                ("load-parquet", "profiles, Parquet"),
                ("load-dirty", "profiles, CSV, 10 % bad"),
                ("load-events", ""),
                ("load-orders", ""),
                ("load-tokens", ""),
                ("load-subscriptions", ""),
            )
        ),
        (),
        max_turns=1,
    ),
}  # fmt: skip
