"""Open a source: find its files, determine their format, and select the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_clevertap.arguments import number_as_text, read_text
from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError, escape_unprintable
from airflow_provider_clevertap.loading.rows.block import BLOCK_ROWS
from airflow_provider_clevertap.loading.sources.files.discovery import find_files
from airflow_provider_clevertap.locations import is_location, location_name
from airflow_provider_clevertap.sources import CloudExportSource
from airflow_provider_clevertap.sources.described import (
    CsvSource,
    FileSource,
    FrameSource,
    JsonLinesSource,
    ParquetSource,
    SqlSource,
    is_sql_file,
)
from airflow_provider_clevertap.sources.exports import ExportedSource

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.rows.block import Source
    from airflow_provider_clevertap.loading.sources.files.source import FileReader
    from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
    from airflow_provider_clevertap.loading.sources.sql.query import Database


def open_source(
    source: Any,
    *,
    block_rows: int = BLOCK_ROWS,
    databases: Callable[[str], Database] | None = None,
    messages: bool = False,
) -> Source:
    """Open a source of rows.

    A list of files, or a glob, is one load: the files are read one after the other, those of a glob in the order of
    their names, each file once. They must have one format and, except for JSON Lines, the same columns.

    :param source: a path or URI (local, ``file://`` or any that fsspec knows), a glob, a list of these, an
        ``ObjectStoragePath``, a pandas or polars DataFrame, an Arrow table or record batch, an iterable of these, or a
        class of :mod:`airflow_provider_clevertap.sources`. Files are read in the format of their extension: ``.csv``,
        ``.tsv``, ``.jsonl``, ``.ndjson``, ``.parquet``; text may be compressed, with ``.gz`` or ``.zst`` at the end.
    :param block_rows: maximum number of rows in a block.
    :param databases: returns the database of a connection id; only needed for ``SqlSource``.
    :param messages: the rows are messages of a platform, whose archives are JSON Lines named ``.json.gz`` or ``.gz``.
    :raises SourceError: when a file does not exist, or evidently has another format than its name says.
    :raises ConfigurationError: when an argument of the source cannot be used.
    """
    if block_rows < 1:
        raise ConfigurationError(f"block_rows={block_rows} must be at least 1.")
    if isinstance(source, CloudExportSource):
        from airflow_provider_clevertap.loading.sources.cloud_exports import CloudExportRows

        return CloudExportRows(source)
    if isinstance(source, ExportedSource):
        return _open_export(source, block_rows)
    if isinstance(source, FileSource):
        return _open_files(
            source.path, lambda files: _reader(source, files, block_rows, messages=messages), source.options()
        )
    if isinstance(source, SqlSource):
        return _open_query(source, block_rows, databases)
    if isinstance(source, FrameSource):
        source = source.frame
    if is_location(source) or _are_locations(source):
        formats = {**_FORMATS, **_ARCHIVES} if messages else _FORMATS
        return _open_files(
            source, lambda files: _reader(_by_extension(files, formats), files, block_rows, messages=messages)
        )
    from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource

    return DataFramesSource(source, block_rows=block_rows)


def _open_query(source: SqlSource, block_rows: int, databases: Callable[[str], Database] | None) -> Source:
    from airflow_provider_clevertap.loading.sources.sql.query import QuerySource

    if databases is None:
        raise ConfigurationError("a SqlSource can be read only in an Airflow task, where its connection is known.")
    conn_id = read_text("conn_id", source.conn_id)
    if conn_id is None or not conn_id.strip():
        raise ConfigurationError("the conn_id of a SqlSource must be the id of a connection.")
    if is_sql_file(source.sql):
        raise ConfigurationError(
            f"{source.sql}: only a task of a DAG can find this file. Use the text of the query instead."
        )
    return QuerySource(
        databases(conn_id),
        conn_id=conn_id,
        sql=source.sql,
        parameters=source.parameters,
        chunk_rows=block_rows if source.chunk_rows is None else source.chunk_rows,
        resumable=source.resumable,
    )


def _are_locations(source: Any) -> bool:
    if not isinstance(source, Sequence) or isinstance(source, bytes):
        return False
    if not len(source):
        raise SourceError("the list given as the source is empty. Check what creates the list, or skip the task.")
    return is_location(number_as_text(source[0]))


def _open_files(path: Any, make_reader: Callable[[list[SourceFile]], FileReader], options: str = "") -> Source:
    from airflow_provider_clevertap.loading.sources.files.source import FilesSource

    path = number_as_text(path)
    locations = [path] if is_location(path) else list(map(number_as_text, path)) if _are_locations(path) else []
    if not locations:
        raise SourceError(f"a path cannot be of type {type(path).__name__}. Use paths, URIs, globs or lists of them.")
    files = find_files(locations)
    name = escape_unprintable(location_name(locations[0]))
    return FilesSource(name if len(locations) == 1 else f"{name}, ...", files, make_reader(files), options)


def _open_export(source: ExportedSource, block_rows: int) -> Source:
    locations = source.files()
    if not locations:
        from airflow_provider_clevertap.loading.sources.dataframes import DataFramesSource

        return DataFramesSource(source.to_pandas(), block_rows=block_rows)
    return _open_files(locations, lambda files: _reader(_by_extension(files), files, block_rows), source.options())


def _by_extension(files: Sequence[SourceFile], formats: Mapping[str, type[FileSource]] | None = None) -> FileSource:
    """Return the format of the files according to their names.

    :param formats: the format of each extension.
    """
    formats = formats or _FORMATS
    first_files: dict[type[FileSource], SourceFile] = {}
    for file in files:
        file_format = formats.get(file.extension)
        if file_format is None and "" in formats and file.compression:
            file_format = formats[""]
        if file_format is None:
            raise SourceError(
                f"{file.name}: the extension does not name a format. Known are {', '.join(_FORMATS)}, and text also "
                "with .gz or .zst. Otherwise use CsvSource(path), JsonLinesSource(path) or ParquetSource(path)."
            )
        first_files.setdefault(file_format, file)
    if len(first_files) > 1:
        names = " and ".join(file.name for file in first_files.values())
        raise SourceError(f"the files of one load must be of one format, but there are {names}. Load them separately.")
    return next(iter(first_files))(path=None)


_FORMATS: dict[str, type[FileSource]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
    ".parquet": ParquetSource,
}
#: Archives of platforms are JSON Lines, and their names may end in a number, a date or nothing before ``.gz``.
_ARCHIVES: dict[str, type[FileSource]] = {".json": JsonLinesSource, "": JsonLinesSource}


def _reader(
    source: FileSource,
    files: list[SourceFile],
    block_rows: int,
    messages: bool = False,
) -> FileReader:
    if isinstance(source, CsvSource):
        from airflow_provider_clevertap.loading.sources.csv.reader import CsvReader

        return CsvReader(
            delimiter=read_text("delimiter", source.delimiter),
            quote=source.quote,
            encoding=read_text("encoding", source.encoding) or "utf-8",
            header=source.header,
            escape=source.escape,
            comment=source.comment,
            skip_rows=source.skip_rows,
            header_row=source.header_row,
            block_rows=block_rows,
        )
    if isinstance(source, JsonLinesSource):
        encoding = read_text("encoding", source.encoding) or "utf-8"
        if messages:
            from airflow_provider_clevertap.loading.sources.message_lines import MessageLinesReader

            return MessageLinesReader(encoding=encoding, block_rows=block_rows)
        from airflow_provider_clevertap.loading.sources.json_lines import JsonLinesReader

        return JsonLinesReader(encoding=encoding, block_rows=block_rows)
    from airflow_provider_clevertap.loading.sources.parquet import ParquetReader

    return ParquetReader(files, block_rows=block_rows)
