"""Read files of cloud exports as Arrow tables: JSON, CSV and Parquet, compressed or not, whatever their names say."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import tzinfo
from typing import IO, Any, Final

import msgspec
import pyarrow as pa

from airflow_provider_clevertap.exceptions import SourceError
from airflow_provider_clevertap.exported.cloud.columns import EventTable
from airflow_provider_clevertap.exported.cloud.names import CloudFileName
from airflow_provider_clevertap.exported.cloud.unions import plain

_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
#: Rows of a table.
_TABLE_ROWS: Final = 10_000
_TOKENS: Final = ("token", "push_token")


class CloudEvent(msgspec.Struct, rename="camel"):
    """One event of a JSON file."""

    profile: Any = None
    ts: Any = None
    event_name: Any = None
    event_props: msgspec.Raw = msgspec.Raw()
    device_info: msgspec.Raw = msgspec.Raw()
    session_props: msgspec.Raw = msgspec.Raw()
    control_group_name: Any = None


_PROFILE: Final = msgspec.json.Decoder(dict[str, Any], float_hook=str)
_EVENT: Final = msgspec.json.Decoder(CloudEvent, float_hook=str)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def read_tables(
    stream: IO[bytes], file: CloudFileName, name: str, *, zone: tzinfo | None, include: Collection[str]
) -> Iterator[pa.Table]:
    """Read a file.

    :param stream: the file as stored; it is closed at the end.
    :param file: what its name says.
    :param name: its name, for messages.
    :param zone: the project's time zone, if it is known.
    :param include: ``"profile"``, ``"push_token"``.
    :raises SourceError: when it cannot be read.
    """
    with closing(stream):
        try:
            plain_stream = _decompressed(stream)
            if file.format == "parquet":
                yield from _parquet(plain_stream, file, zone, include)
            elif file.format == "csv":
                yield from _csv(plain_stream, file, zone, include)
            elif file.format == "json":
                yield from _json(plain_stream, file, name, zone, include)
            else:
                raise SourceError(f"{name}: XML is not read. Set JSON, CSV or Parquet in CleverTap's dashboard.")
        except (*_UNREADABLE, EOFError, OSError, pa.ArrowException) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"{name} cannot be read as {file.format} of a cloud export ({type(error).__name__}). Check that "
                "CleverTap has finished writing it."
            ) from None


def _decompressed(stream: IO[bytes]) -> IO[bytes]:
    """Return the file without its compression: pages disagree on the names of compressed files."""
    first = stream.read(2)
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if first == _GZIP else stream  # type: ignore[return-value]


def _json(
    stream: IO[bytes], file: CloudFileName, name: str, zone: tzinfo | None, include: Collection[str]
) -> Iterator[pa.Table]:
    lines = (line.strip() for line in stream)
    if file.kind == "profiles":
        yield from _profiles((_PROFILE.decode(line) for line in lines if line), include)
        return
    events = EventTable(zone, include)
    header = ""
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        if number == 1 and not line.startswith(b"{"):  # the name of the event
            header = line.decode("utf-8", "replace").lstrip("\ufeff")
            continue
        try:
            event = _EVENT.decode(line)
        except _UNREADABLE:
            raise SourceError(f"{name}: line {number} is not an event in JSON.") from None
        person = event.profile if isinstance(event.profile, dict) else {}
        event_name = header if event.event_name is None else event.event_name
        events.add(
            event_name, event.ts, None, person, event.event_props, event.session_props, event.device_info,
            event.control_group_name,
        )  # fmt: skip
        if len(events) == _TABLE_ROWS:
            yield events.take()
    yield events.take()


def _csv(stream: IO[bytes], file: CloudFileName, zone: tzinfo | None, include: Collection[str]) -> Iterator[pa.Table]:
    rows = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", "replace", newline=""))
    filled = ({name: value for name, value in row.items() if name and value} for row in rows)
    if file.kind == "profiles":
        yield from _profiles(filled, include, names=[name for name in rows.fieldnames or () if name])
        return
    events = EventTable(zone, include)
    for row in filled:
        events.add(
            row.get("eventName"), row.get("ts"), None, _below(row, "profile"), _below(row, "eventProps"),
            _below(row, "sessionProps"), _below(row, "deviceInfo"), row.get("controlGroupName"),
        )  # fmt: skip
        if len(events) == _TABLE_ROWS:
            yield events.take()
    yield events.take()


def _parquet(
    stream: IO[bytes], file: CloudFileName, zone: tzinfo | None, include: Collection[str]
) -> Iterator[pa.Table]:
    from pyarrow import parquet

    opened = parquet.ParquetFile(pa.BufferReader(stream.read()))
    batches = opened.iter_batches(_TABLE_ROWS)
    if file.kind == "profiles":
        yield from _profiles((_flat_profile(row) for batch in batches for row in _rows(batch)), include)
        return
    events = EventTable(zone, include)
    for batch in batches:
        for row in _rows(batch):
            time = str(row.get("eventTime", "")).strip()
            identity = row.get("identity")
            person = {**_mapping(row.get("profile")), **_mapping(identity)}
            device = _mapping(row.get("deviceInfo"))
            person.setdefault("platform", device.get("platform"))
            token = device.pop("token", None)
            if token is not None:
                person["push_token"] = token
            events.add(
                row.get("eventName"), None, int(time) if time.isdigit() else None, person,
                _mapping(row.get("eventProps")), None, device or None,
            )  # fmt: skip
        yield events.take()
    yield events.take()


def _flat_profile(row: Mapping[str, Any]) -> dict[str, Any]:
    device = _mapping(row.get("device"))
    return {
        "identity": row.get("identity"),
        **_mapping(row.get("profileIdentities")),
        "token": device.pop("token", None),
        "device": device or None,
        **{f"MSG-{name}" if "-" not in name else name: value for name, value in _mapping(row.get("commPrefs")).items()},
        **_mapping(row.get("profileProps")),
    }


def _profiles(
    rows: Iterator[Mapping[str, Any]], include: Collection[str], names: Collection[str] = ()
) -> Iterator[pa.Table]:
    """Return profiles with a column for each name that occurs, as text: names and types are the project's own."""
    hidden = () if "push_token" in include else _TOKENS
    names = [name for name in names if name not in hidden]
    found: list[dict[str, Any]] = []
    for row in rows:
        found.append({name: value for name, value in row.items() if name not in hidden})
        if len(found) == _TABLE_ROWS:
            yield _texts(found, names)
            found = []
    yield _texts(found, names)


def _texts(rows: list[dict[str, Any]], names: Collection[str]) -> pa.Table:
    columns = dict.fromkeys([*names, *(name for row in rows for name in row)])
    return pa.table({name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in columns})


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    for row in batch.to_pylist():
        yield {name: plain(value) for name, value in row.items()}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _below(row: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(f"{prefix}."): value for name, value in row.items() if name.startswith(f"{prefix}.")}
