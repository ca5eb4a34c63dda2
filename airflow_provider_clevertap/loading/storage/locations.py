"""Whether two places are one file: what a load writes must not be what it reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.loading.storage.files import local_path, storage_errors, storage_of

#: Options of a file system that say which machine or account it is.
_ADDRESS: Final = ("host", "port", "endpoint_url", "account_name", "endpoint_override")


def same_file(storage: Any, path: str, place: Any, *, is_local: bool) -> bool:
    """Return whether a file is what a place names: behind links, and by its key in other storages.

    :param storage: the file's file system.
    :param path: its path there.
    :param is_local: the file is on this machine.
    :param place: a path, a URI or a path object that carries its storage.
    :raises ConfigurationError: when nobody knows the storage of the place.
    :raises StorageUnavailableError: when the storage fails.
    """
    with storage_errors(str(place)):
        return bool(_keys(storage, path, local=is_local) & _keys_of(place))


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
