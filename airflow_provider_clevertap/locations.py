"""Locations of files: paths, URIs and path objects that carry their own storage, such as ``ObjectStoragePath``.

Everything the package does with a location that depends on its form is here: recognise it, name it in a message
without credentials, find its file system, and join names to it. Importing this module imports no file system library.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_USER_INFO = re.compile(r"(\w://)[^/@\s]*@")
_USER_AND_PASSWORD = re.compile(r"(\w://)[^/@:\s]*:[^/@\s]*@")
_GLOB_CHARACTERS = re.compile(r"[*?\[]")
_WEB_QUERY = re.compile(r"(https?://[^?#\s]*)[?#][^\s'\"]*")


def without_credentials(location: object) -> str:
    """Return a path, URI or message without user names, passwords and signed queries."""
    return _WEB_QUERY.sub(r"\1", _USER_INFO.sub(r"\1", str(location)))


def is_object_path(location: Any) -> bool:
    """Return whether this is a path that carries its own storage, such as Airflow's ``ObjectStoragePath``."""
    return hasattr(location, "fs") and hasattr(location, "path") and hasattr(location, "open")


def is_location(location: Any) -> bool:
    """Return whether this names a file or files."""
    return isinstance(location, str | os.PathLike) or is_object_path(location)


def is_plain_path(location: Any) -> bool:
    """Return whether this is a path of this machine, written as a path and not as a URI."""
    return not is_object_path(location) and "://" not in os.fspath(location)


def is_glob(path: str) -> bool:
    """Return whether a path has the form of a glob; a file of that name may exist nevertheless."""
    return not path.startswith(("http://", "https://")) and bool(_GLOB_CHARACTERS.search(path))


def location_name(location: Any) -> str:
    """Return a path, URI or object path as the user wrote it, without credentials."""
    if is_object_path(location):
        # The part before the @ is the id of an Airflow connection here, not a user name: it stays.
        return _USER_AND_PASSWORD.sub(r"\1", str(location))
    return without_credentials(os.fspath(location))


def local_path(location: Any) -> Path | None:
    """Return the path of a location on this machine, or ``None`` if it is anywhere else.

    ``~/`` at its beginning is the home of the user, as in a shell and in fsspec.
    """
    text = str(location)
    if text.startswith("file://"):
        return Path(text.removeprefix("file://"))
    if isinstance(location, os.PathLike) and not is_object_path(location):
        return _in_home(Path(location))
    return None if "://" in text else _in_home(Path(text))


def _in_home(path: Path) -> Path:
    return path.expanduser() if path.parts[:1] == ("~",) else path


def file_system_of(location: Any) -> tuple[Any, str]:
    """Return the fsspec file system of a location, and the path in it.

    :raises ImportError: when the library of this storage is not installed.
    :raises ValueError: when fsspec does not know the scheme of the URI.
    """
    if is_object_path(location):
        return location.fs, str(location.path)
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(os.fspath(location))
    return fs, path


def join_path(directory: Any, *names: str) -> Any:
    """Return a location below a directory that is a path, a URI, or any path object."""
    if isinstance(directory, str) and "://" in directory:
        return "/".join([directory.rstrip("/"), *names])
    return (Path(directory) if isinstance(directory, str) else directory).joinpath(*names)


def last_name(path: Any) -> str:
    """Return the last name in a path, a URI, or any path object."""
    return path.rpartition("/")[2] if isinstance(path, str) else str(path.name)


def with_last_name(path: Any, name: str) -> Any:
    """Return a path, a URI, or any path object with another last name."""
    return path.removesuffix(last_name(path)) + name if isinstance(path, str) else path.with_name(name)
