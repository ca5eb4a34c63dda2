"""What the upload operators share: their arguments, one run of a load, and how each failure looks to Airflow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, cast

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, BaseOperator

from airflow_provider_clevertap.exceptions import CleverTapError, FinalError, LoadStoppedError
from airflow_provider_clevertap.operators.arguments import (
    column_mapping,
    optional_text,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.pool_slots import mapped_slots, with_slots
from airflow_provider_clevertap.sources import FrameSource

if TYPE_CHECKING:
    from logging import Logger

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad

#: The key under which Airflow keeps what ``execute`` returns.
RETURN_KEY = "return_value"


class CleverTapUploadOperator(BaseOperator):
    """Load one source into CleverTap; the operators for profiles and other records build on this class.

    Every argument but ``task_id`` and Airflow's own is templated. The summary is returned, and so is in XCom; when the
    load itself failed after it had begun, it is in XCom as well.

    A task that failed because of its data, its arguments or its credentials is not retried by Airflow; one that could
    not reach CleverTap is, as ``retries`` says, and the next try goes on where it was broken off.

    :param source: a path, URI or glob, a list of them, an ``ObjectStoragePath``, a DataFrame, or a source object such
        as ``CsvSource``. The format follows the file's extension. A URI may name an Airflow connection:
        ``s3://my_connection@bucket/key.csv``.
    :param columns: what each source column becomes: a CleverTap field's name, a ``Column``, or CleverTap's own SFTP
        manifest form; ``None`` leaves the column out. May be JSON text.
    :param unmapped: what happens to columns that ``columns`` does not name: ``"send"`` under their own name
        (default), ``"ignore"`` or ``"error"``.
    :param clevertap_conn_id: id of the connection, default ``"clevertap_default"``.
    :param max_rejects: how many rows may fail: a number of rows (``10``), or a share of all rows, either less than 1
        (``0.01``) or in per cent (``"1%"``, ``"100%"``). Default 0. Above it the task fails, after everything loadable
        was loaded, and is not retried.
    :param rejects_path: path or URI of the rejects file. Default: ``rejects.csv`` (``.jsonl`` for nested sources) below
        ``artifacts_path``, by DAG, run, task and map index.
    :param artifacts_path: directory or URI below which the rejects file and the report go. Default:
        ``[clevertap] artifacts_path`` in Airflow's configuration, else ``clevertap`` in ``AIRFLOW_HOME``.
    :param dry_run: ``"local"`` checks everything and sends nothing; ``"server"`` has CleverTap check and store nothing.
    :param max_in_flight: requests in flight at once, 1 to 15. Default: the connection's, else 10. The connection's
        number is a ceiling. With a ``pool`` and no ``pool_slots`` the task takes as many slots: this number, or 10
        where it is not given or a template.
    :param on_unconfirmed: for records that must not be sent twice and whose fate is unknown: ``"resend"`` (default)
        or ``"hold"``.
    :param on_bad_value: ``"reject"`` the row (default), or ``"drop"`` the value and send the row without it.
    :param default_country: ISO country, such as ``"IN"``, of phone numbers written without ``+``.
    :param resume: a later try goes on where an earlier one was broken off (default), or with ``False`` starts at row 1
        and loads again what was loaded. May be the text ``"true"`` or ``"false"``.
    """

    template_fields: Sequence[str] = (
        "source",
        "columns",
        "unmapped",
        "clevertap_conn_id",
        "max_rejects",
        "rejects_path",
        "artifacts_path",
        "dry_run_mode",
        "max_in_flight",
        "on_unconfirmed",
        "on_bad_value",
        "default_country",
        "resume",
    )
    # No file is a template: a source such as customers.json must stay a path.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"columns": "json"}
    ui_color = "#fde7d9"

    def __init__(
        self,
        *,
        source: Any,
        columns: Mapping[str, str | Column | Mapping[str, Any] | None] | str | None = None,
        unmapped: Literal["send", "ignore", "error"] | str = "send",
        clevertap_conn_id: str = "clevertap_default",
        max_rejects: int | float | str = 0,
        rejects_path: Any = None,
        artifacts_path: Any = None,
        dry_run: Literal["local", "server"] | str | None = None,
        max_in_flight: int | str | None = None,
        on_unconfirmed: Literal["resend", "hold"] | str = "resend",
        on_bad_value: Literal["reject", "drop"] | str = "reject",
        default_country: str | None = None,
        resume: bool | str = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**with_slots(kwargs, max_in_flight))
        self.source = source
        self.columns = columns
        self.unmapped = unmapped
        self.clevertap_conn_id = clevertap_conn_id
        self.max_rejects = max_rejects
        self.rejects_path = rejects_path
        self.artifacts_path = artifacts_path
        self.dry_run_mode = dry_run  # BaseOperator has a method dry_run, which Airflow's commands call
        self.max_in_flight = max_in_flight
        self.on_unconfirmed = on_unconfirmed
        self.on_bad_value = on_bad_value
        self.default_country = default_country
        self.resume = resume

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:  # the scheduler reads a mapped task's slots here, not from __init__
        """Begin a mapped task, see Airflow's ``partial``."""
        begun: Any = super().partial(**kwargs)
        begun.kwargs.update(
            mapped_slots(kwargs, kwargs.get("default_args"), begun.kwargs["task_group"], begun.kwargs["dag"])
        )
        return begun

    @property
    def source(self) -> Any:
        """What to load."""
        return self._source

    @source.setter
    def source(self, source: Any) -> None:
        # Airflow shows the text of every template field to people, and the text of a frame is its rows.
        self._source = FrameSource(source) if _holds_frames(source) else source

    @abstractmethod
    def _kind(self) -> RecordKind:
        """Give the kind of record; imported here, as it brings in what DAG files should not wait for."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the load.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap or the storage could not be reached; Airflow retries.
        """
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.task_load import TaskLoad

        try:
            hook = CleverTapHook(self.clevertap_conn_id)
            self._upload = TaskLoad(self._kind(), self.clevertap_conn_id, hook.settings, cast("Logger", self.log))
            if self._killed:
                self._upload.stop()
            return self._upload.run(
                self.source,
                self._options(),
                context=context,
                artifacts_path=optional_text(self.artifacts_path),
            )
        except LoadStoppedError as error:  # after a kill the task may no longer be Airflow's to write for
            self._fail(error)
        except CleverTapError as error:
            self._push_summary(context)
            self._fail(error)
        except Exception:  # of what makes the rows: it is the DAG's own, and stays as it is
            self._push_summary(context)
            raise

    def render_template(
        self, content: Any, context: Context, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render as Airflow does, and with a ``SqlSource`` the file its query is in.

        What is within a source object is rendered in a copy: the object is the DAG's own, and another run in the same
        process would find the first one's dates in it.
        """
        if not hasattr(type(content), "template_fields"):
            return super().render_template(content, context, jinja_env, seen_oids)
        from airflow_provider_clevertap.task_runtime.databases import with_query

        rendered = super().render_template(copy(content), context, jinja_env, seen_oids)
        try:
            return with_query(rendered, context, jinja_env)
        except CleverTapError as error:
            self._fail(error)

    def on_kill(self) -> None:
        """Settle what is in flight, then end; see ``run_interruptibly`` for how Airflow gets here."""
        self._killed = True
        if self._upload is not None:
            self._upload.stop()

    # A signal may arrive before execute does, so both have a value from the start.
    _upload: TaskLoad | None = None
    _killed: bool = False

    def _options(self) -> dict[str, Any]:
        """Give the load's options, read from whatever templates made of them."""
        return {
            "columns": column_mapping(self.columns),
            "unmapped": optional_text(self.unmapped),
            "max_rejects": optional_text(self.max_rejects),
            "rejects_path": optional_text(self.rejects_path),
            "dry_run": optional_text(self.dry_run_mode),
            "max_in_flight": whole_number("max_in_flight", self.max_in_flight),
            "on_unconfirmed": optional_text(self.on_unconfirmed),
            "on_bad_value": optional_text(self.on_bad_value),
            "default_country": optional_text(self.default_country),
            "resume": true_or_false("resume", self.resume),
        }

    def _push_summary(self, context: Context) -> None:
        """Keep the summary of a load that failed; Airflow itself keeps only what ``execute`` returns."""
        summary = None if self._upload is None else self._upload.summary
        if summary is not None and self.do_xcom_push:
            try:
                context["ti"].xcom_push(key=RETURN_KEY, value=summary)
            except Exception as problem:  # must not stand before the reason the load failed for
                self.log.warning("The summary is not in XCom: %s", type(problem).__name__)

    def _fail(self, error: CleverTapError) -> NoReturn:
        """Raise the error as Airflow's own kind, so that it retries what may pass and nothing else."""
        self.log.debug("What lies behind the failure", exc_info=error)
        _forget_foreign_causes(error)
        if isinstance(error, FinalError):
            raise AirflowFailException(str(error)) from error
        raise AirflowException(str(error)) from error


def _holds_frames(source: Any) -> bool:
    """Tell whether this is a DataFrame, or a list of them, without importing the libraries they come from."""
    first = source[0] if isinstance(source, list | tuple) and source else source
    return type(first).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")


def _forget_foreign_causes(error: CleverTapError) -> None:
    """Cut other libraries' errors off the chain: they quote what they choke on, and Airflow logs the whole chain."""
    while isinstance(error.__cause__, CleverTapError):
        error = error.__cause__
    error.__context__ = None
    error.__cause__ = None
