"""Sources of rows with options: files, DataFrames, and the result of a query.

A plain path or DataFrame needs none of these classes. They are created in DAG files, so they only store their
arguments, and importing them is cheap; the task opens and reads the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from airflow_provider_clevertap.locations import is_location, location_name

__all__ = ["CsvSource", "FileSource", "FrameSource", "JsonLinesSource", "ParquetSource", "SqlSource", "is_sql_file"]


@dataclass(repr=False)
class FileSource:
    """Files of one format.

    Not frozen: Airflow renders template fields by setting them.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    """

    path: Any
    template_fields: ClassVar[Sequence[str]] = ("path",)

    def __repr__(self) -> str:
        arguments = ", ".join(filter(None, (_path_text(self.path), self.options())))
        return f"{type(self).__name__}({arguments})"

    def options(self) -> str:
        """Return the arguments other than the path that differ from their defaults, as Python text."""
        return ", ".join(
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if field.name != "path" and getattr(self, field.name) != field.default
        )


@dataclass(repr=False)
class CsvSource(FileSource):
    """CSV or TSV files with any extension; ``.gz`` and ``.zst`` at the end are decompressed.

    Every cell is read as text, so that ``007``, 19-digit ids and ``+91...`` are unchanged; an empty cell has no value.
    Blank lines are not rows. A column without a name in the header is left out.

    .. code-block:: python

        CsvSource("/data/report.csv", skip_rows=3)  # three lines precede the header
        CsvSource("/data/answers.csv", header_row=1, skip_rows=3)  # two lines after the header are not rows
        CsvSource("/data/dump.txt", delimiter="\\t", quote=None, escape="\\\\", header=["id", "name"])  # from MySQL

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    :param delimiter: between cells; default: a tab for ``.tsv`` and a comma for others. Templated.
    :param encoding: the encoding of the files, as Python names it, such as ``"cp1252"`` or ``"utf-16"``. Templated.
    :param quote: encloses cells that contain delimiters, line ends or quotes, and is doubled within them;
        ``None`` when quotes are ordinary text.
    :param header: the column names, for files without a header line.
    :param skip_rows: how many lines at the start of each file are not rows. They are left out, whatever is in them; the
        first line after them is the header.
    :param header_row: the number of the line that is the header, as an editor shows it, when it is another one.
    :param escape: a character that takes the meaning of a delimiter, quote, line end or escape after it. Anywhere else
        it is ordinary text. With a backslash, a cell ``\\N`` is empty.
    :param comment: the first character of lines that are left out.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    quote: str | None = '"'
    header: Sequence[str] | None = None
    skip_rows: int = 0
    header_row: int | None = None
    escape: str | None = None
    comment: str | None = None
    template_fields: ClassVar[Sequence[str]] = ("path", "delimiter", "encoding")


@dataclass(repr=False)
class JsonLinesSource(FileSource):
    """JSON Lines (NDJSON) files with any extension; ``.gz`` and ``.zst`` at the end are decompressed.

    One JSON object per line; lines may have different keys, and values may be nested. Blank lines are not rows. Several
    objects on a line, one after the other, are several rows.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    :param encoding: the encoding of the files. Templated.
    """

    encoding: str = "utf-8"
    template_fields: ClassVar[Sequence[str]] = ("path", "encoding")


@dataclass(repr=False)
class ParquetSource(FileSource):
    """Parquet files with any extension. Values keep the types the file declares.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    """


@dataclass(repr=False, eq=False)
class FrameSource:
    """Rows in memory, or produced while they are read.

    :param frame: a pandas or polars DataFrame, an Arrow table or record batch, or an iterable of these. An iterator
        can be read only once; use a list if the load may be repeated in the same process. The index of a pandas
        DataFrame is not read. The names of columns must be text.
    """

    frame: Any
    template_fields: ClassVar[Sequence[str]] = ("frame",)

    def __repr__(self) -> str:
        # No rows and no address: Airflow stores the text of template fields.
        return f"FrameSource({type(self.frame).__name__})"


@dataclass(repr=False)
class SqlSource:
    """The result of a query on a database Airflow has a connection to.

    Rows are fetched in chunks, so a result of any size takes little memory. Values keep the types the driver returns.
    Every column of the result needs its own name; use ``ORDER BY`` if the order of rows matters.

    .. code-block:: python

        SqlSource(
            conn_id="warehouse",
            sql="SELECT * FROM orders WHERE at >= %(start)s AND at < %(end)s ORDER BY at",
            parameters={"start": "{{ data_interval_start }}", "end": "{{ data_interval_end }}"},
        )

    :param conn_id: id of a connection whose hook is one of Airflow's DB-API hooks. Templated.
    :param sql: one query, or the path of a file with one, which ends in ``.sql``: below the DAG file's directory or
        the DAG's ``template_searchpath``. Templated, as is the text of the file.
    :param parameters: values for the query's placeholders, in the style of the database's driver: a mapping or a
        list. Templated. They are in no message and no log.
    :param chunk_rows: rows fetched at a time, default 32768.
    :param resumable: ``True`` states that the query returns the same rows in the same order each time it runs: it has
        an ``ORDER BY`` without ties, and the rows it selects do not change between attempts. An interrupted load then
        resumes where it stopped. This is not checked.
    """

    conn_id: str
    sql: str
    parameters: Mapping[str, Any] | Sequence[Any] | None = None
    chunk_rows: int | None = None
    resumable: bool = False
    template_fields: ClassVar[Sequence[str]] = ("conn_id", "sql", "parameters")

    def __repr__(self) -> str:
        arguments = f"conn_id={self.conn_id!r}, sql={self.sql!r}"
        if self.parameters is not None:
            # Only the number: Airflow shows this text to everybody who may see the DAG.
            count = len(self.parameters) if hasattr(self.parameters, "__len__") else 1
            arguments += f", parameters=<{count} values>"
        if self.chunk_rows is not None:
            arguments += f", chunk_rows={self.chunk_rows!r}"
        if self.resumable:
            arguments += ", resumable=True"
        return f"SqlSource({arguments})"


def is_sql_file(sql: Any) -> bool:
    """Return whether this is the path of a file with a query, which ends in ``.sql``, and not a query."""
    return isinstance(sql, str) and sql.endswith(".sql")


def _path_text(path: Any) -> str:
    if isinstance(path, list | tuple):
        return f"[{', '.join(map(_path_text, path))}]"
    return repr(location_name(path)) if is_location(path) else repr(path)
