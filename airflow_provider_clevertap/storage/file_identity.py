"""Whether two locations are the same file: a load must not overwrite a file that it reads or also writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.locations import file_system_of, local_path
from airflow_provider_clevertap.storage.errors import storage_errors

#: Options of a file system that identify the server or account.
_ADDRESS_OPTIONS: Final = ("host", "port", "endpoint_url", "account_name", "endpoint_override")


def same_file(storage: Any, path: str, location: Any, *, is_local: bool) -> bool:
    """Return whether a location names this file: through links on this machine, by the key in other storages.

    :param storage: the file's file system.
    :param path: its path there.
    :param location: a path, a URI or a path object that carries its storage.
    :param is_local: the file is on this machine.
    :raises ConfigurationError: when the storage of the location is not known.
    :raises StorageUnavailableError: when the storage fails.
    """
    with storage_errors(str(location)):
        return bool(_keys(storage, path, is_local=is_local) & _keys_of(location))


def location_key(location: Any) -> str:
    """Return a text that is the same for every name of a location, except for hard links."""
    with storage_errors(str(location)):
        local = local_path(location)
        if local is not None:
            return os.path.realpath(local)
        return repr(sorted(map(str, _keys_of(location))))


def check_distinct(locations: Mapping[str, Any]) -> None:
    """Check that no two files a load writes have the same location.

    :param locations: where the load writes, by the name of the option.
    :raises ConfigurationError: when two of them are the same file.
    """
    checked: list[tuple[str, set[Any]]] = []
    for option, location in locations.items():
        if location is None:
            continue
        with storage_errors(str(location)):
            keys = _keys_of(location)
        for other, other_keys in checked:
            if keys & other_keys:
                raise ConfigurationError(
                    f"{option} and {other} are the same file: {location}. Set another path for one of them."
                )
        checked.append((option, keys))


def _keys_of(location: Any) -> set[Any]:
    local = local_path(location)
    if local is not None:
        return _keys(None, str(local), is_local=True)
    fs, path = file_system_of(location)
    return _keys(fs, path, is_local=False)


def _keys(storage: Any, path: str, *, is_local: bool) -> set[Any]:
    """Return keys of a file: two names of the same file have at least one key in common."""
    if not is_local:
        # Credentials are left out: two connections may lead to one bucket.
        options = storage.storage_options
        protocol = storage.protocol if isinstance(storage.protocol, str) else storage.protocol[0]
        return {(protocol, path.strip("/"), *(str(options.get(name, "")) for name in _ADDRESS_OPTIONS))}
    keys: set[Any] = {os.path.realpath(path)}
    if Path(path).exists():  # a hard link is another name of the same file
        status = Path(path).stat()
        keys.add((status.st_dev, status.st_ino))
    return keys
