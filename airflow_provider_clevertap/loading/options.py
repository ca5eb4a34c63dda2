"""The options of a load, which are checked when they are made, before anything is read or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from airflow_provider_clevertap.api.retry import RetryPolicy
from airflow_provider_clevertap.columns import ColumnChoice
from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.records.limits import DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT
from airflow_provider_clevertap.storage.private_files import PRIVATE

if TYPE_CHECKING:
    from airflow_provider_clevertap.records.phones import PhoneCheck

DryRun: TypeAlias = Literal["local", "server"]
OnBadValue: TypeAlias = Literal["reject", "drop"]
OnUnconfirmed: TypeAlias = Literal["resend", "hold"]
Unmapped: TypeAlias = Literal["send", "ignore", "error"]
SpecName: TypeAlias = Literal["rudderstack", "segment", "freshpaint"]

#: The platforms whose messages a load reads, and the options that need one of them.
SPECS: Final = ("rudderstack", "segment", "freshpaint")
SPEC_OPTIONS: Final = ("track_anonymous", "use_object_id", "strict", "page_name", "screen_name")

# Python, and so a template, writes 0.00001 as 1e-05.
_NUMBER = re.compile(r"(?:[0-9]+\.?|[0-9]*\.[0-9]+)(?:e-?[0-9]{1,3})?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """How many rows of a load may fail: a number of rows, or a share of all of them.

    Shares are decimals, because ``0.29 * 100`` is less than 29 in floating point.

    :param rows: the number of rows, ``None`` for a share.
    :param share: the share, 0 to 1.
    """

    rows: int | None = None
    share: Decimal = Decimal(0)

    @classmethod
    def of(cls, max_rejects: object) -> RejectLimit:
        """Read a ``max_rejects``: ``10`` rows, or a share written as ``0.01`` or ``"1%"``.

        ``1`` means one row, and ``1.0`` may be meant either way, so a float of 1 or more is an error.
        Templates and trigger forms write numbers as text, which means the same as the number.

        :raises ConfigurationError: when it is anything else.
        """
        if isinstance(max_rejects, int) and not isinstance(max_rejects, bool) and max_rejects >= 0:
            return cls(rows=max_rejects)
        # Adding 0.0 turns -0.0 into 0.0.
        text = str(float(max_rejects) + 0.0) if isinstance(max_rejects, float) else max_rejects
        if isinstance(text, str):
            text = text.strip()
            if _WHOLE_NUMBER.fullmatch(text):
                return cls(rows=int(text))
            percent = text.endswith("%")
            number = text.removesuffix("%").rstrip() if percent else text
            if _NUMBER.fullmatch(number) or number == "inf":
                share = Decimal(number).scaleb(-2) if percent else Decimal(number)
                if share < 1 or (percent and share == 1):
                    return cls(share=share)
                raise ConfigurationError(
                    f"max_rejects={max_rejects!r} is not allowed, as a share of the rows must be less than 1 or at "
                    'most "100%". Write 1 for one row, or "100%" for all rows.'
                )
        raise ConfigurationError(
            "max_rejects must be a number of rows such as 10, a share less than 1 such as 0.01, or a percentage such "
            f'as "1%", not {max_rejects!r}.'
        )

    def allows(self, failed: int, rows: int) -> bool:
        """Return whether this many rows may fail.

        :param failed: the rows that failed.
        :param rows: all rows of the load.
        """
        return failed <= (self.share * rows if self.rows is None else self.rows)

    def __str__(self) -> str:
        if self.rows is not None:
            return f"{self.rows:,}"
        return f"{(self.share * 100).normalize():f}% of the rows"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOptions:
    """Options of a load.

    :param columns: what each source column becomes, by its name; see ``Column``.
    :param profile_columns: for events: the columns, in the same forms or as a list of names, that update the profile of
        the event's owner. The update is a record that is sent before the event. These columns become properties of the
        event only if ``columns`` names them too.
    :param unmapped: columns not named in ``columns`` are sent under their own name (``"send"``), left out
        (``"ignore"``) or not allowed (``"error"``).
    :param max_rejects: how many rows may fail: a number of rows (``10``), or a share of all rows, either less than 1
        (``0.01``) or in per cent (``"1%"``, ``"100%"``). See ``RejectLimit``.
    :param rejects_path: path of the rejects file, ``None`` for none.
    :param report_path: path of the report, ``None`` for none.
    :param artifacts_mode: file mode of these files on local paths: 0o600 for the user alone.
    :param dry_run: ``"local"`` checks everything and sends nothing, ``"server"`` lets CleverTap check and store
        nothing, ``None`` loads.
    :param max_in_flight: the maximum of requests in flight, 1 to 15.
    :param on_unconfirmed: records that must not be sent twice, after an answer that leaves open whether they were
        processed: ``"resend"`` (at least once) or ``"hold"`` (at most once).
    :param on_bad_value: a bad value makes its row invalid (``"reject"``) or is left out of it (``"drop"``).
    :param default_country: ISO country of phone numbers written without ``+``.
    :param phone_check: what such a number must be with its country: ``"valid"``, one that the country's numbering plan
        knows, or ``"possible"``, one of a length that it knows.
    :param bytes_per_batch: the maximum size of one request in bytes. CleverTap documents no limit; 4 MiB is our own
        choice.
    :param retries: how often and for how long one batch is sent again.
    :param resume: resume where an interrupted earlier attempt ended; ``False`` starts at row 1 regardless.
    :param spec: the rows are messages of this platform: ``"rudderstack"``, ``"segment"`` or ``"freshpaint"``.
    :param track_anonymous: with a spec: events of people without a user id are loaded too.
    :param use_object_id: with a spec: the anonymous id is CleverTap's object id.
    :param strict: with a spec: records are exactly what the platform sends.
    :param page_name: with a spec: the pattern of the names of events from pages.
    :param screen_name: with a spec: the pattern of the names of events from screens.
    :raises ConfigurationError: when a value is not allowed; the message names the option.
    """

    columns: Mapping[str, ColumnChoice] | None = None
    profile_columns: Mapping[str, ColumnChoice] | Sequence[str] | None = None
    unmapped: Unmapped = "send"
    max_rejects: int | float | str = 0
    rejects_path: Any = None
    report_path: Any = None
    artifacts_mode: int = PRIVATE
    dry_run: DryRun | None = None
    max_in_flight: int = DEFAULT_IN_FLIGHT
    on_unconfirmed: OnUnconfirmed = "resend"
    on_bad_value: OnBadValue = "reject"
    default_country: str | None = None
    phone_check: PhoneCheck = "valid"
    bytes_per_batch: int = 4 * 1024 * 1024
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    resume: bool = True
    spec: SpecName | None = None
    track_anonymous: bool = False
    use_object_id: bool | None = None
    strict: bool = False
    page_name: str | None = None
    screen_name: str | None = None

    def __post_init__(self) -> None:
        _check_choice("unmapped", self.unmapped, ("send", "ignore", "error"))
        _check_choice("dry_run", self.dry_run, (None, "local", "server"))
        _check_choice("on_unconfirmed", self.on_unconfirmed, ("resend", "hold"))
        _check_choice("on_bad_value", self.on_bad_value, ("reject", "drop"))
        _check_choice("phone_check", self.phone_check, ("valid", "possible"))
        _check_choice("resume", self.resume, (True, False))
        _check_choice("spec", self.spec, (None, *SPECS))
        _check_choice("track_anonymous", self.track_anonymous, (True, False))
        _check_choice("use_object_id", self.use_object_id, (None, True, False))
        _check_choice("strict", self.strict, (True, False))
        needless = [name for name in SPEC_OPTIONS if self.spec is None and getattr(self, name)]
        if needless:
            raise ConfigurationError(f"{needless[0]} needs spec: it is about messages of {', '.join(SPECS)}")
        if type(self.max_in_flight) is not int or not 1 <= self.max_in_flight <= MAX_IN_FLIGHT:
            raise ConfigurationError(
                f"max_in_flight must be a whole number from 1 to {MAX_IN_FLIGHT}, which is CleverTap's limit for an "
                f"account, not {self.max_in_flight!r}"
            )
        if type(self.bytes_per_batch) is not int or self.bytes_per_batch < 1:
            raise ConfigurationError(
                f"bytes_per_batch must be a whole number, at least 1, not {self.bytes_per_batch!r}"
            )
        if not isinstance(self.retries, RetryPolicy):
            raise ConfigurationError(f"retries must be a RetryPolicy, not {self.retries!r}")
        RejectLimit.of(self.max_rejects)
        if self.default_country is not None:
            _check_country(self.default_country)

    def spec_settings(self) -> list[Any]:
        """Return the spec and its options, which decide what messages become."""
        return [self.spec, *(getattr(self, name) for name in SPEC_OPTIONS)]


def _check_choice(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{name}={value!r} is not known; use {', '.join(map(repr, allowed))}")


def _check_country(country: str) -> None:
    from phonenumbers import SUPPORTED_REGIONS

    if not isinstance(country, str) or country not in SUPPORTED_REGIONS:
        raise ConfigurationError(f"default_country={country!r} is not an ISO country code such as 'IN' or 'DE'")
