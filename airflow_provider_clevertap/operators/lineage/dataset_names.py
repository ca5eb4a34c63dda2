"""Names of datasets, as OpenLineage's naming specification has them.

https://openlineage.io/docs/spec/naming/
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from airflow_provider_clevertap.locations import (
    is_glob,
    is_location,
    is_object_path,
    local_path,
    without_credentials,
)
from airflow_provider_clevertap.sources.described import FileSource, FrameSource

#: More datasets than this are reported as the directory that holds all of them: an event stays small.
MAX_DATASETS: Final = 100

#: Schemes of the same storage have one name; names of objects have no slash in front.
_OBJECT_STORES: Final = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "abfss"),
    **dict.fromkeys(("wasb", "wasbs"), "wasbs"),
}
_WEB: Final = ("http", "https")
_AZURE_HOST: Final = ".core.windows.net"


class Account(NamedTuple):
    """Where a connection leads.

    :param account_id: the account.
    :param region: the code of the region, ``None`` with a base URL.
    :param base_url: where requests are sent.
    """

    account_id: str
    region: str | None
    base_url: str

    @classmethod
    def of(cls, settings: Any) -> Account:
        """Return where a connection leads.

        :param settings: the settings of the connection; the passcode is not kept.
        """
        return cls(settings.account_id, settings.region, settings.base_url)


class DatasetName(NamedTuple):
    """The name of a dataset.

    :param namespace: where the dataset is.
    :param name: the dataset there.
    """

    namespace: str
    name: str


def account_dataset(account: Account, kind: str) -> DatasetName:
    """Return the name of an account's records of one kind: ``clevertap://in1`` and ``ACCOUNT/profiles``.

    :param account: the connection. With a base URL, its host takes the place of the region.
    :param kind: the kind of record.
    """
    place = account.region or urlsplit(account.base_url).netloc
    return DatasetName(f"clevertap://{place.lower()}", f"{account.account_id}/{kind}")


def datasets_of(source: Any) -> list[DatasetName]:
    """Return the names of the files that a source reads, each once. Rows in memory have none.

    A glob is the directory that it searches, so that a name does not depend on which files are there today.

    :param source: a path, a list of paths, or a source object.
    """
    if isinstance(source, FrameSource):
        source = source.frame
    if isinstance(source, FileSource):
        source = source.path
    if is_location(source):
        locations: Iterable[Any] = [source]
    elif isinstance(source, list | tuple):
        locations = filter(is_location, source)
    else:
        return []
    names = list(dict.fromkeys(map(file_dataset, locations)))
    return names if len(names) <= MAX_DATASETS else _common_directories(names)


def file_dataset(location: Any) -> DatasetName:
    """Return the name of a file or a directory.

    :param location: a path, URI, glob or path object. The id of an Airflow connection in it is left out.
    """
    text = str(location) if is_object_path(location) else os.fspath(location)
    text = text.rpartition("::")[2]  # the last link of a chain such as zip://people.csv::s3://bucket/x.zip is the file
    local = local_path(text)
    if text.startswith("local://"):
        local = local_path(text.removeprefix("local://"))
    if local is not None:
        path = os.path.abspath(os.path.expanduser(local))  # noqa: PTH100, PTH111 - Path would follow no ".."
        return DatasetName("file", path if os.path.exists(path) else _searched(path))  # noqa: PTH110
    scheme, _, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme in _WEB:
        authority, slash, path = without_credentials(text).partition("://")[2].partition("/")
    else:
        path = _searched(path)
    host = authority.rpartition("@")[2]
    if scheme not in _OBJECT_STORES:
        return DatasetName(f"{scheme}://{host}" if host else scheme, slash + path.rstrip("/") or "/")
    if host.endswith(_AZURE_HOST):
        host = authority  # the container stands before the account, where other storages have a user
    return DatasetName(f"{_OBJECT_STORES[scheme]}://{host}", path.strip("/") or "/")


def _searched(path: str) -> str:
    """Return the directory that a glob searches, and a path that is none unchanged."""
    if not is_glob(path):
        return path
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if is_glob(part))
    return "/".join(parts[:first]) or ("/" if path.startswith("/") else "")


def _common_directories(names: list[DatasetName]) -> list[DatasetName]:
    """Return for each namespace the directory that holds all of its datasets."""
    paths: dict[str, list[str]] = {}
    for namespace, name in names:
        paths.setdefault(namespace, []).append(name)
    return [
        DatasetName(namespace, "/" if "/" in inside else os.path.commonpath(inside) or "/")
        for namespace, inside in paths.items()
    ]
