"""CleverTap's documented limits, each with the page that documents it.

Pages are on https://developer.clevertap.com/docs/ (DEV) and https://docs.clevertap.com/docs/ (DOCS).
"""

from __future__ import annotations

from typing import Final

#: Records in one ``POST /1/upload`` (DEV upload-user-profiles-api, upload-events-api, upload-device-tokens-api).
PROFILES_PER_CALL: Final = 1000
EVENTS_PER_CALL: Final = 1000
TOKENS_PER_CALL: Final = 100

#: Records in one ``POST /1/subscribe`` (DEV subscribe-api).
SUBSCRIPTIONS_PER_CALL: Final = 1000

#: Requests in flight for each account (DEV api-request-limit). Other programs of the account share it. Whether
#: the three kinds of upload share it is not documented, so the default is lower.
MAX_IN_FLIGHT: Final = 15
DEFAULT_IN_FLIGHT: Final = 10
#: The same for each API other than uploads (DEV api-request-limit). The page does not list ``/1/subscribe``, and DEV
#: subscribe-api knows no limit on the number of requests: the limit of the others is the stricter reading.
OTHER_APIS_IN_FLIGHT: Final = 3

#: Bytes of a property's name and of a text value (DEV upload-user-profiles-api; DOCS platform-considerations says
#: characters: bytes are the stricter reading).
KEY_BYTES: Final = 120
VALUE_BYTES: Final = 512

#: Custom attributes (DEV upload-user-profiles-api, without a scope; DOCS platform-considerations: per profile).
CUSTOM_ATTRIBUTES: Final = 256

#: Items of a multi-value property; CleverTap drops the oldest beyond it (DEV concepts-user-profiles).
MULTI_VALUE_ITEMS: Final = 100

#: An identity must be shorter than this many characters (error text 523, DOCS map-data-for-import).
IDENTITY_CHARACTERS: Final = 1024

#: Characters no property name may hold (DEV upload-user-profiles-api; ``#`` from DOCS map-data-for-import).
FORBIDDEN_KEY_CHARACTERS: Final = frozenset("%><!|&.:;$'\"\\#")

#: Values that cannot be an identity, in lower case (DOCS csv-upload and map-data-for-import). Whether the server
#: ignores case is not documented; disallowing every spelling keeps people from being merged into one profile.
DISALLOWED_IDENTITIES: Final = frozenset(
    {
        "undefined", "null", "na", "n/a", "0", "nil", "-1", "none", "empty", "xxxxxx",
        "nan", "-nan", "inf", "-inf", "infinity", "-infinity",
    }
)  # fmt: skip

#: Digits of a phone number after ``+``: more than 4 (DOCS map-data-for-import), at most 15 (ITU-T E.164).
PHONE_MIN_DIGITS: Final = 5
PHONE_MAX_DIGITS: Final = 15

#: ``ts`` is UNIX seconds and 0 is rejected (code 525). A number from here on can only be milliseconds: as seconds it
#: would lie after the year 5000.
TS_MILLISECONDS_FROM: Final = 100_000_000_000

#: How far in the future an event may be, in seconds. DEV upload-events-api names no limit, but an event of tomorrow
#: nearly always has a time in the wrong unit or zone, and events cannot be deleted. Configurable.
FUTURE_SECONDS: Final = 3600

#: How far after the start of a load a date of birth may be, in seconds: in some time zones it is tomorrow already. This
#: rule is ours; DEV upload-user-profiles-api has no limit.
BIRTH_AFTER_NOW: Final = 86_400

#: Properties of one event: 100 unless the account has another number (DEV upload-events-api, June 2026); DOCS
#: platform-considerations says 256. Configurable; the default is the stricter number.
EVENT_PROPERTIES: Final = 100

#: Items of one ``Charged`` event (DEV upload-events-api).
CHARGED_ITEMS: Final = 256

#: Bytes of an event's name. DEV upload-events-api gives 120 for keys and no number for names, so the
#: limit of keys is used.
EVENT_NAME_BYTES: Final = 120

#: Events only CleverTap may raise (code 513): the union of the lists in DEV and DOCS. Uploads ignore case and spaces in
#: event names (DOCS platform-considerations), so they are compared without both.
RESTRICTED_EVENTS: Final = frozenset(
    {
        "notificationsent", "notificationviewed", "notificationclicked", "notificationdelivered",
        "notificationreplied", "utmvisited", "applaunched", "appuninstalled", "appversionchanged", "stayed",
        "replysent", "experimentrendered", "reachableby", "identityset", "identityreset", "identityerror",
    }
)  # fmt: skip

#: An event that neither DEV nor DOCS lists, and that CleverTap rejected with code 513 in an answer of 2024, recorded in
#: the tests of another client. This is the only such answer, so it is sent, with a warning.
RISKY_EVENTS: Final = frozenset({"webpageviewed"})

#: Types of device tokens (DEV upload-device-tokens-api): three on the current page, the others in older samples.
TOKEN_TYPES: Final = ("apns", "fcm", "gcm", "wns", "mpns", "chrome")

#: Channels of a subscription (DEV subscribe-api: e-mail and phone; WhatsApp only in newer, secondary sources), and the
#: two statuses one can be set to.
SUBSCRIPTION_CHANNELS: Final = ("email", "phone", "whatsapp")
SUBSCRIPTION_STATUSES: Final = ("Unsubscribe", "Resubscribe")

#: Records in one page of an export (DEV get-events-api, get-user-profiles-api).
MAX_PAGE_RECORDS: Final = 5000
#: Days in one query of an export. DEV names no limit; longer walks make it more likely that a cursor expires.
MAX_QUERY_DAYS: Final = 31

#: Days and groups of one trend, and values in one list of the most frequent ones (DEV trends-api,
#: top-property-counts-api). "One year" may have 366 days.
TREND_DAYS: Final = 366
QUESTION_GROUPS: Final = 5
TOP_VALUES: Final = 100
#: Days in one request for the report on messages. DEV get-message-reports-api names no limit; a client measured 26
#: seconds for 30 days and 109 for 90, more than most time-outs.
REPORT_DAYS: Final = 14
