"""Where rows come from: files, frames and queries, as row blocks.

A source is named by a path, a frame, or one of the classes here, which say more than a file's name can. They are
made in a DAG file, so they do nothing but hold what they are told; :func:`open_source` does the work, in the task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_clevertap.exceptions import ConfigurationError, SourceError, shown
from airflow_provider_clevertap.loading.rows import BLOCK_ROWS
from airflow_provider_clevertap.loading.sources.files import find_files, is_location, location_name

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.rows import Source
    from airflow_provider_clevertap.loading.sources.files import SourceFile
    from airflow_provider_clevertap.loading.sources.opened_files import FileReader
    from airflow_provider_clevertap.loading.sources.sql_rows import Database

__all__ = ["CsvSource", "FrameSource", "JsonLinesSource", "ParquetSource", "SqlSource", "open_source"]


@dataclass(repr=False)
class _FileSource:
    """A path, URI, glob or object path, or a list of them.

    Not frozen: Airflow renders template fields by setting them.
    """

    path: Any
    template_fields: ClassVar[Sequence[str]] = ("path",)

    def __repr__(self) -> str:
        said = ", ".join(filter(None, (_shown(self.path), self.form())))
        return f"{type(self).__name__}({said})"

    def form(self) -> str:
        """Give what is said of the files besides where they are, as it is written in Python."""
        return ", ".join(
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)
            if one.name != "path" and getattr(self, one.name) != one.default
        )


@dataclass(repr=False)
class CsvSource(_FileSource):
    """CSV or TSV files, whatever their names end in; ``.gz`` and ``.zst`` at the end are decompressed.

    Every cell is read as text, so that ``007``, 19-digit ids and ``+91...`` stay as they are; an empty cell is no
    value. Blank lines are not rows.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    :param delimiter: between cells; a tab for ``.tsv`` and a comma for others when not given. Templated.
    :param encoding: what the files are written in, as Python names it, such as ``"cp1252"`` or ``"utf-16"``. Templated.
    :param quote: stands around cells that hold delimiters, line ends or quotes, and is doubled within them;
        ``None`` when quotes are ordinary text.
    :param header: the column names, when the files have no header line.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    quote: str | None = '"'
    header: Sequence[str] | None = None
    template_fields: ClassVar[Sequence[str]] = ("path", "delimiter", "encoding")


@dataclass(repr=False)
class JsonLinesSource(_FileSource):
    """JSON Lines (NDJSON) files, whatever their names end in; ``.gz`` and ``.zst`` at the end are decompressed.

    One JSON object a line; lines may have different keys, and values may be nested. Blank lines are not rows.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    :param encoding: what the files are written in. Templated.
    """

    encoding: str = "utf-8"
    template_fields: ClassVar[Sequence[str]] = ("path", "encoding")


@dataclass(repr=False)
class ParquetSource(_FileSource):
    """Parquet files, whatever their names end in. Values keep the types the file declares.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    """


@dataclass(repr=False, eq=False)
class FrameSource:
    """Rows held in memory, or made on the way.

    :param frame: a pandas or polars DataFrame, an Arrow table or record batch, or an iterable of these. An iterator
        is read once, so give a list where the load may be tried again in the same process. The index of a pandas
        frame is not read. Columns must have text names.
    """

    frame: Any
    template_fields: ClassVar[Sequence[str]] = ("frame",)

    def __repr__(self) -> str:
        # nothing of the rows, and no address: Airflow keeps what it shows of a template field
        return f"FrameSource({type(self.frame).__name__})"


@dataclass(repr=False)
class SqlSource:
    """The result of a query on a database Airflow has a connection to.

    Rows come part by part, so a result of any size takes little memory. Values keep the types the database gives
    them. Give every column a name of its own, and the rows an order (``ORDER BY``) where it matters.

    .. code-block:: python

        SqlSource(
            conn_id="warehouse",
            sql="SELECT * FROM orders WHERE at >= %(start)s AND at < %(end)s ORDER BY at",
            parameters={"start": "{{ data_interval_start }}", "end": "{{ data_interval_end }}"},
        )

    :param conn_id: id of a connection whose hook is one of Airflow's DB-API hooks. Templated.
    :param sql: one query, or the path of a file with one, which ends in ``.sql``: below the DAG file's directory or
        the DAG's ``template_searchpath``. Templated, and so is the file's text.
    :param parameters: values for the query's placeholders, in the style of the database's driver: a mapping or a
        list. Templated. No message and no log repeats them.
    :param chunk_rows: rows fetched at a time, default 32768.
    :param stable_order: say ``True`` when the query gives the same rows in the same order each time it is run, so that
        a load of it that was broken off can be gone on with: it has an ``ORDER BY`` with no ties, and the rows it
        selects do not change meanwhile. Nothing checks it.
    """

    conn_id: str
    sql: str
    parameters: Mapping[str, Any] | Sequence[Any] | None = None
    chunk_rows: int | None = None
    stable_order: bool = False
    template_fields: ClassVar[Sequence[str]] = ("conn_id", "sql", "parameters")

    def __repr__(self) -> str:
        said = f"conn_id={self.conn_id!r}, sql={self.sql!r}"
        if self.parameters is not None:
            # Airflow shows this to everybody who may see the DAG
            said += f", parameters=<{len(self.parameters)} values>"
        if self.chunk_rows is not None:
            said += f", chunk_rows={self.chunk_rows!r}"
        if self.stable_order:
            said += ", stable_order=True"
        return f"SqlSource({said})"


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
    if isinstance(source, _FileSource):
        return _open_files(source.path, lambda files: _described_reader(source, files, block_rows), source.form())
    if isinstance(source, SqlSource):
        return _open_query(source, block_rows, databases)
    if isinstance(source, FrameSource):
        source = source.frame
    if is_location(source) or _are_locations(source):
        return _open_files(source, lambda files: _described_reader(_by_extension(files), files, block_rows))
    from airflow_provider_clevertap.loading.sources.frames import OpenedFrames

    return OpenedFrames(source, block_rows=block_rows)


def _open_query(source: SqlSource, block_rows: int, databases: Callable[[str], Database] | None) -> Source:
    from airflow_provider_clevertap.loading.sources.sql_rows import QueriedRows

    if databases is None:
        raise ConfigurationError("a SqlSource can be read only where its connection is known, as in an Airflow task.")
    if not isinstance(source.conn_id, str) or not source.conn_id.strip():
        raise ConfigurationError("the conn_id of a SqlSource must be the id of a connection.")
    if is_sql_file(source.sql):
        raise ConfigurationError(
            f"{source.sql}: there is no DAG here to tell where this file is. Give the text of the query instead."
        )
    return QueriedRows(
        databases(source.conn_id),
        conn_id=source.conn_id,
        sql=source.sql,
        parameters=source.parameters,
        chunk_rows=block_rows if source.chunk_rows is None else source.chunk_rows,
        stable_order=source.stable_order,
    )


def is_sql_file(sql: Any) -> bool:
    """Tell whether this is the path of a file with a query, and not the query: it ends in ``.sql``."""
    return isinstance(sql, str) and sql.endswith(".sql")


def _are_locations(source: Any) -> bool:
    if not isinstance(source, Sequence) or isinstance(source, bytes):
        return False
    if not len(source):
        raise SourceError("the list given as the source is empty. Check what makes the list, or skip the task.")
    return is_location(source[0])


def _open_files(path: Any, make_reader: Callable[[list[SourceFile]], FileReader], form: str = "") -> Source:
    from airflow_provider_clevertap.loading.sources.opened_files import OpenedFiles

    locations = [path] if is_location(path) else list(path) if _are_locations(path) else []
    if not locations:
        raise SourceError(f"a {type(path).__name__} is not a path. Give a path, a URI, a glob or a list of them.")
    files = find_files(locations)
    name = shown(location_name(locations[0]))
    return OpenedFiles(name if len(locations) == 1 else f"{name}, ...", files, make_reader(files), form)


def _by_extension(files: Sequence[SourceFile]) -> _FileSource:
    """Tell the format of the files from their names."""
    formats: dict[type[_FileSource], SourceFile] = {}
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


_FORMATS: dict[str, type[_FileSource]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
    ".parquet": ParquetSource,
}


def _described_reader(described: _FileSource, files: list[SourceFile], block_rows: int) -> FileReader:
    if isinstance(described, CsvSource):
        from airflow_provider_clevertap.loading.sources.csv_rows import CsvReader

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


def _shown(path: Any) -> str:
    if isinstance(path, list | tuple):
        return f"[{', '.join(map(_shown, path))}]"
    return repr(location_name(path)) if is_location(path) else repr(path)
