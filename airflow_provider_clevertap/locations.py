"""Locations of files: paths, URIs and path objects, and their names without credentials."""

from __future__ import annotations

import os
import re
from typing import Any

_USER_INFO = re.compile(r"(\w://)[^/@\s]*@")
_USER_AND_PASSWORD = re.compile(r"(\w://)[^/@:\s]*:[^/@\s]*@")
_WEB_QUERY = re.compile(r"(https?://[^?#\s]*)[?#][^\s'\"]*")


def without_credentials(location: object) -> str:
    """Return a path, URI or message without user names, passwords and signed queries."""
    return _WEB_QUERY.sub(r"\1", _USER_INFO.sub(r"\1", str(location)))


def is_object_path(location: Any) -> bool:
    """Return whether this is a path object with its own storage, such as Airflow's ``ObjectStoragePath``."""
    return hasattr(location, "fs") and hasattr(location, "path") and hasattr(location, "open")


def is_location(location: Any) -> bool:
    """Return whether this names a file or files."""
    return isinstance(location, str | os.PathLike) or is_object_path(location)


def location_name(location: Any) -> str:
    """Return a path, URI or object path as the user knows it, without credentials."""
    if is_object_path(location):
        # The part before @ is the id of an Airflow connection, which belongs to the path as the user knows it.
        return _USER_AND_PASSWORD.sub(r"\1", str(location))
    return without_credentials(os.fspath(location))
