"""The model of a profile: it decides which profiles are valid, and converts their values.

https://developer.clevertap.com/docs/upload-user-profiles-api
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_clevertap.records import error_codes, fields
from airflow_provider_clevertap.records.issues import issue
from airflow_provider_clevertap.records.limits import CUSTOM_ATTRIBUTES
from airflow_provider_clevertap.records.models.identity import IDENTIFIERS, OWNER_CODES, OwnedRecord
from airflow_provider_clevertap.records.operations import is_operation, read_operation
from airflow_provider_clevertap.records.record_validation import RecordSchema
from airflow_provider_clevertap.records.values import check_text, read_float


def read_property(value: Any) -> Any:
    """Read the value of a custom attribute: text, a number, true or false, or an operation."""
    if isinstance(value, str):
        check_text(value)
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return read_float(value)
    if isinstance(value, dict) and is_operation(value):
        return read_operation(value)
    raise issue("nested values are not supported: use a separate attribute for each part")


Property = Annotated[Any, BeforeValidator(read_property)]


class ProfileData(BaseModel):
    """The properties of a profile: the predefined ones by name, any others as custom attributes."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Property]

    Name: fields.Text = None
    Email: fields.Email = None
    Phone: fields.Phone = None
    Gender: fields.Gender = None
    DOB: fields.Dob = None
    Employed: fields.Employed = None
    Education: fields.Education = None
    Married: fields.Married = None
    Age: fields.Age = None
    Photo: fields.Photo = None
    customer_type: fields.Text = Field(default=None, alias="Customer Type")
    Tz: fields.Text = None
    msg_email: fields.Flag = Field(default=None, alias="MSG-email")
    msg_push: fields.Flag = Field(default=None, alias="MSG-push")
    msg_sms: fields.Flag = Field(default=None, alias="MSG-sms")
    msg_whatsapp: fields.Flag = Field(default=None, alias="MSG-whatsapp")
    msg_webpush: fields.Flag = Field(default=None, alias="MSG-webpush")
    dnd_phone: fields.Flag = Field(default=None, alias="MSG-dndPhone")
    dnd_email: fields.Flag = Field(default=None, alias="MSG-dndEmail")
    dnd_whatsapp: fields.Flag = Field(default=None, alias="MSG-dndWhatsApp")
    unsubscribe: fields.SubscriptionGroups = Field(default=None, alias="category-unsubscribe")
    resubscribe: fields.SubscriptionGroups = Field(default=None, alias="category-resubscribe")
    ct_is_test_user: fields.Text = None

    @model_validator(mode="before")
    @classmethod
    def _keys_are_allowed(cls, data: Any) -> Any:
        for key in data:
            fields.read_key(key)
        return data


class Profile(OwnedRecord):
    """One profile record of ``POST /1/upload``."""

    type: Literal["profile"] = "profile"
    profileData: ProfileData  # noqa: N815 (CleverTap's name)


#: Error codes of issues found before the model validates the value, for the fields with a code.
FIELD_CODES: Final = {
    **OWNER_CODES,
    "Gender": error_codes.GENDER,
    "Email": error_codes.EMAIL,
    "Phone": error_codes.PHONE,
    "Employed": error_codes.EMPLOYED,
    "Education": error_codes.EDUCATION,
    "Married": error_codes.MARRIED,
    "Age": error_codes.AGE,
}

PROFILE_SCHEMA: Final = RecordSchema(
    model=Profile,
    data="profileData",
    identifiers=IDENTIFIERS,
    top=(*IDENTIFIERS, "ts"),
    known=tuple(info.alias or name for name, info in ProfileData.model_fields.items()),
    dates=frozenset({"DOB"}),
    operators={
        info.alias or name: found.allowed
        for name, info in ProfileData.model_fields.items()
        for found in info.metadata
        if isinstance(found, fields.Operators)
    },
    field_codes=FIELD_CODES,
    custom=Property,
    custom_limit=CUSTOM_ATTRIBUTES,
)
