"""Campaigns made by the API: created, listed, stopped, and their results. Nothing is sent.

https://developer.clevertap.com/docs/create-campaign-api, get-campaigns-api, stop-scheduled-campaigns-api and
get-campaign-report-api. A repeated request to create makes a second campaign: the API knows no key against it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from airflow_provider_clevertap.emulator.export.project_time import read_day
from airflow_provider_clevertap.emulator.export.query import EventQuery, QueryReader, read_body
from airflow_provider_clevertap.emulator.export.rejections import QueryRejected, wrong_dates
from airflow_provider_clevertap.emulator.export.state import Moment
from airflow_provider_clevertap.emulator.replies import Reply, failure, json_reply

MAX_LISTED_DAYS = 31
"""Days of a list (https://developer.clevertap.com/docs/get-campaigns-api)."""

_FIRST_ID = 1_457_000_000
"""Numbers of campaigns look like this."""

_TOKENS = (
    "EXISTS (SELECT 1 FROM profile_keys k JOIN tokens t ON t.object_id = k.value"
    " WHERE k.profile_id = p.id AND k.kind = 'objectId' AND t.token_type IN ({}))"
)
_REACHED = {
    "push": {"android": _TOKENS.format("'fcm', 'gcm'"), "ios": _TOKENS.format("'apns'")},
    "webpush": {"chrome": _TOKENS.format("'chrome'")},
    "email": {"web": "p.email IS NOT NULL"},
}
"""The keys of an estimate by ``target_mode``, and who counts below each."""

_WITH_PHONE = {"web": "json_extract(p.data, '$.Phone') IS NOT NULL"}

_RESULTS_TO_COME = {
    "conflict": failure(409, "This target hasn't been completed"),
    "error": failure(500, "This target has no result as of yet"),
    "success": json_reply(200, {"status": "success", "error": "This target hasn't been completed", "code": 200}),
    "fail": failure(200, "This target hasn't been completed", 400),
}
"""The answers that were seen or documented for a campaign without a result."""


def create(moment: Moment, body: bytes, stores: bool) -> Reply:
    """Answer a request to create a campaign, or only to estimate it.

    :param stores: whether to make it; a fault may keep it from being made.
    :raises QueryRejected: a field is missing, or its query is rejected.
    """
    fields = read_body(body)
    for name, kind in (("name", str), ("content", dict)):
        if not isinstance(fields.get(name), kind) or not fields[name]:
            raise _rejected(f"{name} is mandatory")
    answer: dict[str, Any] = {"status": "success"}
    if not fields.get("skip_estimate") or fields.get("estimate_only"):
        answer["estimates"] = _estimates(moment, fields)
    if fields.get("estimate_only"):
        return json_reply(200, answer)
    scheduled = _scheduled_on(moment, fields.get("when", "now"))
    reached = sum(_estimates(moment, fields).values())
    number = _next_number(moment)
    if stores:
        moment.connection.execute(
            "INSERT INTO campaigns VALUES (?, ?, ?, ?, 0, ?, ?)",
            (number, fields["name"], scheduled, moment.now, reached, msgspec.json.encode(fields).decode()),
        )
    return json_reply(200, {"status": "success", "id": number, **answer})


def list_campaigns(moment: Moment, body: bytes) -> Reply:
    """Answer a call for the campaigns of some days, by the day they are scheduled for.

    :raises QueryRejected: the days are wrong, or too many.
    """
    query = read_body(body)
    first, last = read_day(query.get("from")), read_day(query.get("to"))
    if first is None or last is None or not 0 <= (last - first).days < MAX_LISTED_DAYS:
        raise wrong_dates("Invalid date range")
    rows = moment.connection.execute(
        "SELECT id, name, scheduled_on, created_at, is_stopped FROM campaigns"
        " WHERE substr(scheduled_on, 1, 8) BETWEEN ? AND ? ORDER BY id",
        (f"{first:%Y%m%d}", f"{last:%Y%m%d}"),
    ).fetchall()
    targets = [
        {"id": number, "name": name, "scheduled_on": on, "status": _status(moment, created, is_stopped)}
        for number, name, on, created, is_stopped in rows
    ]
    return json_reply(200, {"status": "success", "targets": targets})


def stop(moment: Moment, body: bytes, stores: bool) -> Reply:
    """Answer a request to stop a campaign; one that is over may be stopped too.

    :param stores: whether to stop it.
    :raises QueryRejected: there is no such campaign.
    """
    number, _, _, _ = _find(moment, body)
    if stores:
        moment.connection.execute("UPDATE campaigns SET is_stopped = 1 WHERE id = ?", (number,))
    return json_reply(200, {"status": "success"})


def result(moment: Moment, body: bytes) -> Reply:
    """Answer a call for the result of a campaign. While there is none, the answer is a setting.

    :raises QueryRejected: there is no such campaign.
    """
    _, created, is_stopped, reached = _find(moment, body)
    if _status(moment, created, is_stopped) != "completed":
        return _RESULTS_TO_COME[moment.settings.unfinished_result]
    return json_reply(200, {"status": "success", "result": {"sent": reached, "clicked": 0}})


def _rejected(text: str) -> QueryRejected:
    return QueryRejected(failure(400, text))


def _estimates(moment: Moment, fields: dict[str, Any]) -> dict[str, int]:
    """Return how many people a campaign would reach, by kind of device or channel."""
    where = fields.get("where")
    condition, values = "1", ()
    if isinstance(where, dict) and where:
        events: EventQuery = QueryReader(moment.connection, moment.settings, moment.now).read_for_profiles(where)
        condition = f"EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.id AND {events.condition.sql})"
        values = events.condition.values
    estimates = {}
    for key, reached in _REACHED.get(str(fields.get("target_mode", "push")), _WITH_PHONE).items():
        sql = f"SELECT count(*) FROM profiles p WHERE {reached} AND {condition}"
        (estimates[key],) = moment.connection.execute(sql, values).fetchone()
    return estimates


def _scheduled_on(moment: Moment, when: object) -> str:
    """Return the time a campaign is scheduled for, in the project's time zone."""
    if isinstance(when, str) and when != "now":
        try:
            return f"{datetime.strptime(when, '%Y%m%d %H:%M'):%Y%m%d%H%M}"
        except ValueError:
            raise _rejected("when is not valid") from None
    now = datetime.fromtimestamp(moment.now, ZoneInfo(moment.settings.project_timezone))
    return f"{now:%Y%m%d%H%M}"


def _next_number(moment: Moment) -> int:
    (number,) = moment.connection.execute("SELECT coalesce(max(id), ?) + 1 FROM campaigns", (_FIRST_ID,)).fetchone()
    return int(number)


def _status(moment: Moment, created: float, is_stopped: int) -> str:
    if is_stopped:
        return "stopped"
    return "completed" if moment.now >= created + moment.settings.campaign_seconds else "running"


def _find(moment: Moment, body: bytes) -> tuple[int, float, int, int]:
    number = read_body(body).get("id")
    row = moment.connection.execute(
        "SELECT id, created_at, is_stopped, reached FROM campaigns WHERE id = ?",
        (number if type(number) is int and abs(number) < 2**63 else 0,),
    ).fetchone()
    if row is None:
        raise _rejected("Invalid campaign id")
    return (int(row[0]), float(row[1]), int(row[2]), int(row[3]))
