"""Open a source: find its files, tell their format, and choose what reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError, escape_unprintable
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS
from airflow_provider_clevertap.loading.sources.files.discovery import find_files
from airflow_provider_clevertap.locations import is_location, location_name
from airflow_provider_clevertap.sources import (
    CsvSource,
    FileSource,
    FrameSource,
    JsonLinesSource,
    ParquetSource,
    SqlSource,
    is_sql_file,
)

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.rows.block import Source
    from airflow_provider_clevertap.loading.sources.files.source import FileReader
    from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
    from airflow_provider_clevertap.loading.sources.sql.query import Database


def open_source(
    source: Any, *, block_rows: int = BLOCK_ROWS, databases: Callable[[str], Database] | None = None
) -> Source:
    """Open a source of rows.

    A list of files, or a glob, is one load: the files are read one after the other, those of a glob in the order of
    their names, each file once. They must be of one format and, but for JSON Lines, have the same columns.

    :param source: a path or URI (local, ``file://`` or any that fsspec knows), a glob, a list of these, an
        ``ObjectStoragePath``, a pandas or polars DataFrame, an Arrow table or record batch, an iterable of frames, or
        one of the classes of this module. The format of files is told by their extension: ``.csv``, ``.tsv``,
        ``.jsonl``, ``.ndjson``, ``.parquet``; text may be compressed, with ``.gz`` or ``.zst`` after it.
    :param block_rows: most rows in a block.
    :param databases: gives the database behind a connection id; only ``SqlSource`` needs it.
    :raises SourceError: when there is no such file, or it is plainly not what it claims to be.
    :raises ConfigurationError: when an argument of the source cannot be used.
    """
    if block_rows < 1:
        raise ConfigurationError(f"block_rows={block_rows} must be at least 1.")
    if isinstance(source, FileSource):
        return _open_files(source.path, lambda files: _described_reader(source, files, block_rows), source.form())
    if isinstance(source, SqlSource):
        return _open_query(source, block_rows, databases)
    if isinstance(source, FrameSource):
        source = source.frame
    if is_location(source) or _are_locations(source):
        return _open_files(source, lambda files: _described_reader(_by_extension(files), files, block_rows))
    from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource

    return DataFramesSource(source, block_rows=block_rows)


def _open_query(source: SqlSource, block_rows: int, databases: Callable[[str], Database] | None) -> Source:
    from airflow_provider_clevertap.loading.sources.sql.query import QuerySource

    if databases is None:
        raise ConfigurationError("a SqlSource can be read only where its connection is known, as in an Airflow task.")
    if not isinstance(source.conn_id, str) or not source.conn_id.strip():
        raise ConfigurationError("the conn_id of a SqlSource must be the id of a connection.")
    if is_sql_file(source.sql):
        raise ConfigurationError(
            f"{source.sql}: there is no DAG here to tell where this file is. Give the text of the query instead."
        )
    return QuerySource(
        databases(source.conn_id),
        conn_id=source.conn_id,
        sql=source.sql,
        parameters=source.parameters,
        chunk_rows=block_rows if source.chunk_rows is None else source.chunk_rows,
        resumable=source.resumable,
    )


def _are_locations(source: Any) -> bool:
    if not isinstance(source, Sequence) or isinstance(source, bytes):
        return False
    if not len(source):
        raise SourceError("the list given as the source is empty. Check what makes the list, or skip the task.")
    return is_location(source[0])


def _open_files(path: Any, make_reader: Callable[[list[SourceFile]], FileReader], form: str = "") -> Source:
    from airflow_provider_clevertap.loading.sources.files.source import FilesSource

    locations = [path] if is_location(path) else list(path) if _are_locations(path) else []
    if not locations:
        raise SourceError(f"a path cannot be of type {type(path).__name__}. Use paths, URIs, globs or lists of them.")
    files = find_files(locations)
    name = escape_unprintable(location_name(locations[0]))
    return FilesSource(name if len(locations) == 1 else f"{name}, ...", files, make_reader(files), form)


def _by_extension(files: Sequence[SourceFile]) -> FileSource:
    """Tell the format of the files from their names."""
    formats: dict[type[FileSource], SourceFile] = {}
    for file in files:
        described = _FORMATS.get(file.extension)
        if described is None:
            raise SourceError(
                f"{file.name}: the name does not tell the format. Known are {', '.join(_FORMATS)}, and text also "
                "with .gz or .zst. Else say it: CsvSource(path), JsonLinesSource(path) or ParquetSource(path)."
            )
        formats.setdefault(described, file)
    if len(formats) > 1:
        names = " and ".join(file.name for file in formats.values())
        raise SourceError(f"the files of one load must be of one format, but there are {names}. Load them apart.")
    return next(iter(formats))(path=None)


_FORMATS: dict[str, type[FileSource]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
    ".parquet": ParquetSource,
}


def _described_reader(described: FileSource, files: list[SourceFile], block_rows: int) -> FileReader:
    if isinstance(described, CsvSource):
        from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader

        return CsvReader(
            delimiter=described.delimiter,
            quote=described.quote,
            encoding=described.encoding,
            header=described.header,
            block_rows=block_rows,
        )
    if isinstance(described, JsonLinesSource):
        from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader

        return JsonLinesReader(encoding=described.encoding, block_rows=block_rows)
    from airflow_provider_clevertap.loading.sources.parquet import ParquetReader

    return ParquetReader(files, block_rows=block_rows)
