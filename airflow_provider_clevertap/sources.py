"""The sources of rows that say more than a file's name can: options of files, frames, and the result of a query.

They are made in a DAG file, so they only hold what they are given; the task opens and reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from airflow_provider_clevertap.locations import is_location, location_name

__all__ = ["CsvSource", "FrameSource", "JsonLinesSource", "ParquetSource", "SqlSource"]


@dataclass(repr=False)
class FileSource:
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
class CsvSource(FileSource):
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
class JsonLinesSource(FileSource):
    """JSON Lines (NDJSON) files, whatever their names end in; ``.gz`` and ``.zst`` at the end are decompressed.

    One JSON object a line; lines may have different keys, and values may be nested. Blank lines are not rows.

    :param path: a path, URI, glob or object path, or a list of them. Templated.
    :param encoding: what the files are written in. Templated.
    """

    encoding: str = "utf-8"
    template_fields: ClassVar[Sequence[str]] = ("path", "encoding")


@dataclass(repr=False)
class ParquetSource(FileSource):
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
        said = f"conn_id={self.conn_id!r}, sql={self.sql!r}"
        if self.parameters is not None:
            # Airflow shows this to everybody who may see the DAG
            said += f", parameters=<{len(self.parameters)} values>"
        if self.chunk_rows is not None:
            said += f", chunk_rows={self.chunk_rows!r}"
        if self.resumable:
            said += ", resumable=True"
        return f"SqlSource({said})"


def is_sql_file(sql: Any) -> bool:
    """Tell whether this is the path of a file with a query, and not the query: it ends in ``.sql``."""
    return isinstance(sql, str) and sql.endswith(".sql")


def _shown(path: Any) -> str:
    if isinstance(path, list | tuple):
        return f"[{', '.join(map(_shown, path))}]"
    return repr(location_name(path)) if is_location(path) else repr(path)
