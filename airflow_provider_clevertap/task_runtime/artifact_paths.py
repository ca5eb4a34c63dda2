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
from airflow_provider_clevertap.locations import join_path

#: Airflow itself puts these into run ids, so they alone do not call for a hash to keep names apart.
_IN_RUN_IDS = str.maketrans(":+", "__")
_LAST_NUMBER = re.compile(r"(?<![0-9])[0-9]+$")
_UNSAFE = re.compile(r"[^\w.=~-]|^\.+")
#: Of a name made from an id. File systems take 255 bytes, some 143; a letter outside the Latin ones has two or more.
_MOST_BYTES: Final = 120


def resolve_storage(place: Any) -> Any:
    """Turn text with a scheme, such as ``s3://my_connection@bucket/key``, into an ``ObjectStoragePath``.

    Only that class finds the Airflow connection named in the URI. Plain paths, and URIs of storages Airflow has none of
    its own for, stay as they are, for fsspec to open;
    lists and the paths of source objects such as ``CsvSource`` are gone through.

    :param place: a path, a URI, a list of them, a source object, or anything else.
    :raises ConfigurationError: when the library of the storage is not installed.
    """
    if isinstance(place, list | tuple):
        return [resolve_storage(each) for each in place]
    if is_dataclass(place) and not isinstance(place, type) and hasattr(place, "path"):
        return replace(place, path=resolve_storage(place.path))
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


def distinct_path(place: Any, context: Mapping[str, Any] | None, suffix: str) -> Any:
    """Return a place that users have named, changed so that each load of a run has its own.

    A mapped task adds ``-<map index>`` before the extension, unless the name ends in that number, or the directory has
    it as its name and the file's name ends in none. A later load of the same task adds its suffix. In a later run the
    place is the same, so that a task that runs each night replaces its file.

    :param place: a path, a URI or a path object.
    :param context: the context of the running task, if any.
    :param suffix: of the load, see ``load_suffix``.
    """
    map_index = -1 if context is None else getattr(context["ti"], "map_index", -1)
    is_text = isinstance(place, str)
    name = place.rpartition("/")[2] if is_text else place.name
    folder = (place.rpartition("/")[0] if is_text else str(place.parent)).rpartition("/")[2]
    stem, dot, ending = name.partition(".") if not name.startswith(".") else (name, "", "")
    if map_index is not None and map_index >= 0:
        number = _LAST_NUMBER.search(stem)
        if (number[0] if number else folder) != str(map_index):
            stem = f"{stem}-{map_index}"
    changed = f"{stem}{suffix}{dot}{ending}"
    if changed == name:
        return place
    return place.removesuffix(name) + changed if is_text else place.with_name(changed)


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
    return join_path(artifacts_base(base), *map(file_name, parts))


def artifacts_base(base: Any = None) -> Any:
    """Return the directory under which all tasks leave what they leave.

    :param base: path or URI; default as for :func:`task_directory`.
    """
    return resolve_storage(base or _configured_base())


def _configured_base() -> str:
    from airflow.providers.common.compat.sdk import conf

    configured = str(conf.get("clevertap", "artifacts_path", fallback="") or "").strip()
    return configured or str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap")


def artifacts_mode() -> int:
    """Return who may read what a load leaves on this machine: ``artifacts_mode`` in Airflow's configuration.

    :raises ConfigurationError: when it is not the mode of a file its owner can read and write and nobody can run.
    """
    from airflow.providers.common.compat.sdk import conf

    text = str(conf.get("clevertap", "artifacts_mode", fallback="") or "").strip() or "600"
    mode = re.fullmatch(r"(?:0o?)?(6[0246]{2})", text)
    if mode is None:
        raise ConfigurationError(
            f"[clevertap] artifacts_mode is {text!r}: give the mode of files as three digits, such as 600 for the user "
            "alone or 640 for the group as well."
        )
    return int(mode[1], 8)


def file_name(part: str) -> str:
    """Write an id so that it is safe in a file name everywhere; a hash keeps apart what would fall together."""
    plain = part.translate(_IN_RUN_IDS)
    safe = _UNSAFE.sub("_", plain)
    if safe == plain and len(safe.encode()) <= _MOST_BYTES:
        return safe
    mark = f"-{hashlib.sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    # cut between two letters, not within one
    start = safe.encode("utf-8", "replace")[: _MOST_BYTES - len(mark)].decode("utf-8", "ignore")
    return start + mark
