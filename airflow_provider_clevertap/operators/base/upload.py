"""Base class of the upload operators: their arguments, running a load, and translating its errors for Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from airflow_provider_clevertap.exceptions import CleverTapError, LoadStoppedError
from airflow_provider_clevertap.operators.base.arguments import (
    column_mapping,
    optional_text,
    source_or_list,
    true_or_false,
    whole_number,
)
from airflow_provider_clevertap.operators.base.assets import add_counts
from airflow_provider_clevertap.operators.base.pool_slots import partial_with_slots, with_slots
from airflow_provider_clevertap.operators.lineage.reporting import ReportingOperator
from airflow_provider_clevertap.sources import FrameSource
from airflow_provider_clevertap.task_runtime.failures import fail_task

if TYPE_CHECKING:
    from logging import Logger

    from airflow_provider_clevertap.airflow_compat import Context
    from airflow_provider_clevertap.columns import Column
    from airflow_provider_clevertap.loading.record_kinds import RecordKind
    from airflow_provider_clevertap.operators.lineage.dataset_names import Account
    from airflow_provider_clevertap.operators.lineage.facets import Report
    from airflow_provider_clevertap.task_runtime.task_load import TaskLoad
    from airflow_provider_clevertap.upload_kinds import UploadKind

__all__ = ["CleverTapUploadOperator"]

#: The key under which Airflow keeps what ``execute`` returns.
RETURN_KEY = "return_value"


class CleverTapUploadOperator(ReportingOperator):
    """Load one source into CleverTap; base class of the operators for profiles, events and device tokens.

    Every argument except Airflow's own is templated. The task returns the summary of the load, so that it is in XCom;
    the summary of a load that failed after it had started is in XCom as well.

    Airflow does not retry a task that failed because of its data, its arguments or its credentials. It retries one that
    could not reach CleverTap as often as ``retries`` says, and the next attempt resumes where the load was interrupted.

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
    :param rejects_path: path or URI of the rejects file. Default: ``rejects.csv`` (``.jsonl`` for nested sources) in a
        directory for the DAG, run, task and map index below ``artifacts_path``.
    :param artifacts_path: directory or URI below which the rejects file and the report go. Default:
        ``[clevertap] artifacts_path`` in Airflow's configuration, else ``clevertap`` in ``AIRFLOW_HOME``.
    :param dry_run: ``"local"`` checks everything and sends nothing; ``"server"`` has CleverTap check and store nothing.
    :param max_in_flight: maximum of requests in flight, 1 to 15. Default: the connection's number, else 10. A load
        never exceeds the connection's number. With a ``pool`` and no ``pool_slots`` the task takes as many slots: this
        number, or 10 where it is not given or a template.
    :param on_unconfirmed: what to do with records that are stored twice if sent twice, when it is unknown whether
        CleverTap processed them: ``"resend"`` (default) or ``"hold"`` them back.
    :param on_bad_value: ``"reject"`` the row (default), or ``"drop"`` the value and send the row without it.
    :param default_country: ISO country, such as ``"IN"``, of phone numbers written without ``+``.
    :param phone_check: what such a number must be with its country: ``"valid"`` (default), one that the country's
        numbering plan knows, or ``"possible"``, any of a length that it knows.
    :param resume: ``True`` (default) resumes where an interrupted earlier attempt ended; ``False`` starts at row 1 and
        loads all rows again. May be the text ``"true"`` or ``"false"``.
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
        "phone_check",
        "resume",
    )
    # Airflow replaces a path with one of these endings by the file's text; a source such as customers.json is a path.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"columns": "json"}
    ui_color = "#fde7d9"
    #: the operator's entry in the registry
    upload_kind: ClassVar[UploadKind]

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
        phone_check: Literal["valid", "possible"] | str = "valid",
        resume: bool | str = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**with_slots(kwargs, max_in_flight, self.upload_kind))
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
        self.phone_check = phone_check
        self.resume = resume

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Set the arguments that all instances of a mapped task share, see Airflow's ``partial``."""
        return partial_with_slots(super().partial(**kwargs), kwargs, cls.upload_kind)

    @property
    def source(self) -> Any:
        """What to load."""
        return self._source

    @source.setter
    def source(self, source: Any) -> None:
        # Airflow shows every template field as text in its UI, and the text of a DataFrame is its rows.
        self._source = FrameSource(source) if _holds_frames(source) else source

    def _kind(self) -> RecordKind:
        """Return the kind of record. Called when a task runs, because importing it is too slow for a DAG file."""
        return self.upload_kind.make_record_kind(self._kind_options())

    def _kind_options(self) -> dict[str, Any]:
        """Return the options of the kind of record, read from the rendered arguments."""
        return {}

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the load.

        :raises AirflowFailException: when a retry would fail in the same way; Airflow does not retry.
        :raises AirflowException: when CleverTap or the storage could not be reached; Airflow retries.
        """
        from airflow_provider_clevertap.hooks.clevertap import CleverTapHook
        from airflow_provider_clevertap.task_runtime.engine import task_load_class

        log = cast("Logger", self.log)

        try:
            load_class = task_load_class()
            hook = CleverTapHook(optional_text(self.clevertap_conn_id))
            settings = self._settings(hook.settings, context)
            self._task_load = load_class(self._kind(), hook.clevertap_conn_id, settings, log)
            if self._killed:
                self._task_load.stop()
            summary = self._task_load.run(
                source_or_list(self.source),
                self._options(),
                context=context,
                artifacts_path=optional_text(self.artifacts_path),
            )
            add_counts(context, self.outlets, summary)
            return summary
        except LoadStoppedError as error:  # after a kill, Airflow may no longer accept XComs of this task
            fail_task(error, self.log)
        except CleverTapError as error:
            self._push_summary(context)
            fail_task(error, self.log)
        except Exception:  # raised by the user's code that produces the rows, so it is not translated
            self._push_summary(context)
            raise

    def render_template(
        self, content: Any, context: Context, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a value as Airflow does, and for a ``SqlSource`` read and render the file that holds its query.

        The fields of a source object are rendered in a copy: the object belongs to the DAG, and a later run in the same
        process would otherwise find the dates of the first run in it.
        """
        if not hasattr(type(content), "template_fields"):
            return super().render_template(content, context, jinja_env, seen_oids)
        from airflow_provider_clevertap.task_runtime.databases import with_query

        rendered = super().render_template(copy(content), context, jinja_env, seen_oids)
        try:
            return with_query(rendered, context, jinja_env)
        except CleverTapError as error:
            fail_task(error, self.log)

    def on_kill(self) -> None:
        """Stop the load once the requests in flight are answered; see ``run_interruptibly`` for when this is called."""
        self._killed = True
        if self._task_load is not None:
            self._task_load.stop()

    # A signal may arrive before execute is called, so both have a value from the start.
    _task_load: TaskLoad | None = None
    _killed: bool = False

    def _options(self) -> dict[str, Any]:
        """Return the load's options, read from the rendered arguments."""
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
            "phone_check": optional_text(self.phone_check),
            "resume": true_or_false("resume", self.resume),
        }

    def _lineage_report(self, account: Account | None, *, ended: bool) -> Report:
        from airflow_provider_clevertap.operators.lineage.reports import load_report

        summary = self._task_load.summary if ended and self._task_load is not None else None
        written = [] if optional_text(self.dry_run_mode) else self._written_kinds()
        return load_report(self.source, account, written, summary, cast("Logger", self.log))

    def _written_kinds(self) -> list[str]:
        """Return the kinds of record that the rows become."""
        return [self.upload_kind.module]

    def _push_summary(self, context: Context) -> None:
        """Push the summary of a load that failed to XCom; Airflow pushes only what ``execute`` returns."""
        summary = None if self._task_load is None else self._task_load.summary
        task = context.get("ti") if context else None
        if summary is not None and self.do_xcom_push and task is not None:
            try:
                task.xcom_push(key=RETURN_KEY, value=summary)
            except Exception as problem:  # it must not hide why the load failed
                self.log.warning("The summary is not in XCom: %s", type(problem).__name__)


def _holds_frames(source: Any) -> bool:
    """Return whether this is a DataFrame or a list of them, without importing the libraries that define them."""
    first = source[0] if isinstance(source, list | tuple) and source else source
    return type(first).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")
