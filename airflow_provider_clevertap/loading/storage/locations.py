"""Whether two places are one file: what a load writes must not be what it reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.artifacts.rejects import OUTCOME_COLUMNS
from airflow_provider_clevertap.loading.storage.files import local_path, storage_errors, storage_of

if TYPE_CHECKING:
    from airflow_provider_clevertap.loading.sources.files.discovery import SourceFile

#: Options of a file system that say which machine or account it is.
_ADDRESS: Final = ("host", "port", "endpoint_url", "account_name", "endpoint_override")
#: Bytes of a first line that are looked at: enough for the widest header a CSV may have.
_LONGEST_LINE: Final = 16 * 1024 * 1024


def same_file(file: SourceFile, place: Any) -> bool:
    """Return whether a file of the source is what a place names: behind links, and by its key in other storages.

    :param place: a path, a URI or a path object that carries its storage.
    :raises ConfigurationError: when nobody knows the storage of the place.
    :raises StorageUnavailableError: when the storage fails.
    """
    with storage_errors(str(place)):
        return bool(_keys(file.storage, file.path, local=file.is_local) & _keys_of(place))


def place_key(place: Any) -> str:
    """Return a text that is the same for every name of a place, but for hard links."""
    with storage_errors(str(place)):
        local = local_path(place)
        if local is not None:
            return os.path.realpath(local)
        return repr(sorted(map(str, _keys_of(place))))


def refuse_shared_places(places: Mapping[str, Any]) -> None:
    """Refuse to write two files to one place.

    :param places: where the load writes, by the name of the option.
    :raises ConfigurationError: when two of them are one.
    """
    seen: list[tuple[str, set[Any]]] = []
    for option, place in places.items():
        if place is None:
            continue
        with storage_errors(str(place)):
            keys = _keys_of(place)
        for other, taken in seen:
            if keys & taken:
                raise ConfigurationError(f"{option} and {other} are the same file: {place}. Give one of them another.")
        seen.append((option, keys))


def has_added_columns(file: SourceFile) -> bool:
    """Return whether a file has the columns that a rejects file of this package adds to those of its source."""
    with closing(file.open()) as stream:
        first_line: bytes = stream.readline(_LONGEST_LINE)
    return all(name.encode() in first_line for name in OUTCOME_COLUMNS)


def _keys_of(place: Any) -> set[Any]:
    local = local_path(place)
    if local is not None:
        return _keys(None, str(local), local=True)
    fs, path = storage_of(place)
    return _keys(fs, path, local=False)


def _keys(storage: Any, path: str, *, local: bool) -> set[Any]:
    """Return what names of the same file have in common."""
    if not local:
        # Two connections may lead to one bucket, so whose the credentials are says nothing.
        options = storage.storage_options
        protocol = storage.protocol if isinstance(storage.protocol, str) else storage.protocol[0]
        return {(protocol, path.strip("/"), *(str(options.get(name, "")) for name in _ADDRESS))}
    keys: set[Any] = {os.path.realpath(path)}
    if Path(path).exists():  # a hard link is another name of the same file
        found = Path(path).stat()
        keys.add((found.st_dev, found.st_ino))
    return keys
