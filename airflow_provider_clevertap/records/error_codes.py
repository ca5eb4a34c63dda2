"""CleverTap's error codes of records: what each means and how to fix it.

Source: https://developer.clevertap.com/docs/api-errors. Codes that are not on the page are reported with CleverTap's
own text.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class ErrorCode(NamedTuple):
    """One error code of a record.

    :param meaning: what is wrong with the record.
    :param fix: what to do about it.
    """

    meaning: str
    fix: str


EVENT_NAME_MISSING: Final = 509
EVENT_STRUCTURE: Final = 512
EVENT_RESTRICTED: Final = 513
GENDER: Final = 514
EMAIL: Final = 515
PHONE: Final = 516
EMPLOYED: Final = 517
EDUCATION: Final = 518
MARRIED: Final = 519
AGE: Final = 520
TOO_MANY_PROPERTIES: Final = 522
IDENTITY: Final = 523
RECORD_TYPE: Final = 524
TIMESTAMP: Final = 525
OBJECT_ID: Final = 526
EVENT_DISCARDED: Final = 528
TOKEN_OBJECT_ID: Final = 530
TOKEN_DATA: Final = 531
TOKEN_ID_MISSING: Final = 532
TOKEN_TYPE_MISSING: Final = 533
TOKEN_TYPE_MISMATCH: Final = 534
TOKEN_DATA_INVALID: Final = 535
SERVER_ERROR: Final = 555

ERROR_CODES: Final[dict[int, ErrorCode]] = {
    EVENT_NAME_MISSING: ErrorCode("the event name is missing", "fill the event name"),
    EVENT_STRUCTURE: ErrorCode("the event's structure is wrong", "only Items of Charged may be nested"),
    EVENT_RESTRICTED: ErrorCode("the event is one only CleverTap may raise", "use a name of your own"),
    GENDER: ErrorCode("Gender is not M or F", "use M or F"),
    EMAIL: ErrorCode("Email is not an e-mail address", "correct the address"),
    PHONE: ErrorCode("Phone is not + country code number", "write +<country code><number> or set default_country"),
    EMPLOYED: ErrorCode("Employed is not Y or N", "use Y or N"),
    EDUCATION: ErrorCode("Education is not School, College or Graduate", "use one of the three words"),
    MARRIED: ErrorCode("Married is not Y or N", "use Y or N"),
    AGE: ErrorCode("Age is not a number", "use a whole number of years"),
    TOO_MANY_PROPERTIES: ErrorCode("the event has too many properties", "leave some columns out"),
    IDENTITY: ErrorCode("no usable identity", "give identity, objectId, FBID or GPID"),
    RECORD_TYPE: ErrorCode("the record is neither a profile nor an event", "report it: this package sets the type"),
    TIMESTAMP: ErrorCode("ts is not UNIX seconds", "use seconds since 1970, and not 0"),
    OBJECT_ID: ErrorCode("objectId is not valid", "use the CleverTap ID of the device as CleverTap shows it"),
    EVENT_DISCARDED: ErrorCode("the event was discarded in the dashboard", "restore it there or leave it out"),
    TOKEN_OBJECT_ID: ErrorCode("objectId is not valid", "use the CleverTap ID of the device as CleverTap shows it"),
    TOKEN_DATA: ErrorCode("the token's data is not valid", "check the token and its type"),
    TOKEN_ID_MISSING: ErrorCode("the token is missing", "fill the token"),
    TOKEN_TYPE_MISSING: ErrorCode("the token's type is missing", "fill the type, such as fcm or apns"),
    TOKEN_TYPE_MISMATCH: ErrorCode("the token's type does not fit the device", "use the type of the device"),
    TOKEN_DATA_INVALID: ErrorCode("the token's data is not valid", "check the token and its type"),
    SERVER_ERROR: ErrorCode("CleverTap had an error with this record", "load the row again later"),
}
