"""Where a task's rejects file and report go, and how places written as URIs become paths."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError

#: Airflow itself puts these into run ids, so they alone do not call for a hash to keep names apart.
_IN_RUN_IDS = str.maketrans(":+", "__")
_UNSAFE = re.compile(r"[^\w.=~-]|^\.+")
#: Of a name made from an id. File systems take 255 bytes, some 143; a letter outside the Latin ones has two or more.
_MOST_BYTES: Final = 120


def located(place: Any) -> Any:
    """Turn text with a scheme, such as ``s3://my_connection@bucket/key``, into an ``ObjectStoragePath``.

    Only that class finds the Airflow connection named in the URI. Plain paths, and URIs of storages Airflow has none of
    its own for, stay as they are, for fsspec to open;
    lists and the paths of source objects such as ``CsvSource`` are gone through.

    :param place: a path, a URI, a list of them, a source object, or anything else.
    :raises ConfigurationError: when the library of the storage is not installed.
    """
    if isinstance(place, list | tuple):
        return [located(each) for each in place]
    if is_dataclass(place) and not isinstance(place, type) and hasattr(place, "path"):
        return replace(place, path=located(place.path))
    if isinstance(place, str) and "://" in place:
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        try:
            path = ObjectStoragePath(place)
            _ = path.fs  # made when first asked for, and that is when a missing library shows
        except ValueError:
            return place  # not one of Airflow's storages, such as zip:// or https://: fsspec may know it
        except ImportError as error:
            raise ConfigurationError(f"{place.partition('://')[0]}:// paths cannot be used here: {error}") from None
        return path
    return place


def joined(directory: Any, *parts: str) -> Any:
    """Give a path below a directory that is text or any path object."""
    return (Path(directory) if isinstance(directory, str) else directory).joinpath(*parts)


def task_directory(context: Mapping[str, Any], base: Any = None) -> Any:
    """Give the directory for what one task leaves behind: ``<base>/<dag>/<run>/<task>[/<map index>]``.

    Every try of a task has the same directory, so a later try replaces what an earlier one left.

    :param context: the context of the running task.
    :param base: path or URI; default: ``[clevertap] artifacts_path`` of Airflow's configuration, else the directory
        ``clevertap`` in ``AIRFLOW_HOME``.
    """
    task = context["ti"]
    parts = [task.dag_id, task.run_id, task.task_id]
    map_index = getattr(task, "map_index", -1)
    if map_index is not None and map_index >= 0:
        parts.append(str(map_index))
    return joined(located(base or _configured_base()), *map(_file_name, parts))


def _configured_base() -> str:
    from airflow.providers.common.compat.sdk import conf

    configured = str(conf.get("clevertap", "artifacts_path", fallback="") or "").strip()
    return configured or str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap")


def _file_name(part: str) -> str:
    """Write an id so that it is safe in a file name everywhere; a hash keeps apart what would fall together."""
    plain = part.translate(_IN_RUN_IDS)
    safe = _UNSAFE.sub("_", plain)
    if safe == plain and len(safe.encode()) <= _MOST_BYTES:
        return safe
    mark = f"-{hashlib.sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    # cut between two letters, not within one
    start = safe.encode("utf-8", "replace")[: _MOST_BYTES - len(mark)].decode("utf-8", "ignore")
    return start + mark
