"""Paths of a task's rejects file, report and checkpoint, and the conversion of URIs to path objects."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from airflow_provider_clevertap.exceptions import ConfigurationError
from airflow_provider_clevertap.locations import join_path, last_name, with_last_name

#: Airflow itself uses these in run ids, so replacing them alone does not require a hash to keep names distinct.
_RUN_ID_CHARACTERS = str.maketrans(":+", "__")
_LAST_NUMBER = re.compile(r"(?<![0-9])[0-9]+$")
_UNSAFE = re.compile(r"[^\w.=~-]|^\.+")
#: Length of a file name made from an id. File systems allow 255 bytes, some 143; non-Latin letters take two or more.
_MAX_BYTES: Final = 120


def resolve_storage(location: Any) -> Any:
    """Return an ``ObjectStoragePath`` for a URI such as ``s3://my_connection@bucket/key``.

    Only that class finds the Airflow connection named in the URI. Plain paths, and URIs of storages that Airflow does
    not know, are returned unchanged, for fsspec to open. In lists and in source objects such as ``CsvSource`` every
    path is replaced.

    :param location: a path, a URI, a list of them, a source object, or anything else.
    :raises ConfigurationError: when the library of the storage is not installed.
    """
    if isinstance(location, list | tuple):
        return [resolve_storage(each) for each in location]
    if is_dataclass(location) and not isinstance(location, type) and hasattr(location, "path"):
        return replace(location, path=resolve_storage(location.path))
    if isinstance(location, str) and "://" in location:
        from airflow_provider_clevertap.airflow_compat import ObjectStoragePath

        try:
            path = ObjectStoragePath(location)
            _ = path.fs  # created on first access, which raises the error for a missing library
        except ValueError:
            return location  # not one of Airflow's storages, such as zip:// or https://; fsspec may know it
        except ImportError as error:
            raise ConfigurationError(f"{location.partition('://')[0]}:// paths cannot be used here: {error}") from None
        return path
    return location


def running_task(context: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the context of a running task, ``None`` where there is none: tests call ``execute`` with ``{}`` or a mock.

    :param context: what ``execute`` got.
    """
    task = context["ti"] if context is not None and "ti" in context else None
    ids = [getattr(task, name, None) for name in ("dag_id", "run_id", "task_id")]
    return context if all(isinstance(each, str) for each in ids) else None


def distinct_path(path: Any, context: Mapping[str, Any] | None, suffix: str) -> Any:
    """Return a path given by the user, changed so that each load of a run has a different one.

    A mapped task adds ``-<map index>`` before the extension, unless the name ends in that number already, or the name
    ends in no number and the directory is named like the map index. A second load of the same task adds its suffix. The
    path is the same in every run, so that a task that runs each night replaces its file.

    :param path: a path, a URI or a path object.
    :param context: the context of the running task, if any.
    :param suffix: the suffix of the load, see ``load_suffix``.
    """
    map_index = -1 if context is None else getattr(context["ti"], "map_index", -1)
    name = last_name(path)
    folder = (path.rpartition("/")[0] if isinstance(path, str) else str(path.parent)).rpartition("/")[2]
    stem, dot, extension = name.partition(".") if not name.startswith(".") else (name, "", "")
    if map_index is not None and map_index >= 0:
        number = _LAST_NUMBER.search(stem)
        if (number[0] if number else folder) != str(map_index):
            stem = f"{stem}-{map_index}"
    new_name = f"{stem}{suffix}{dot}{extension}"
    return path if new_name == name else with_last_name(path, new_name)


def run_began(context: Mapping[str, Any]) -> str:
    """Return when the run of a task began, in seconds since 1970; empty when it is not known.

    A run that is deleted and made again has the id of the old one, but another beginning.

    :param context: the running task's context.
    """
    began = getattr(context.get("dag_run"), "start_date", None)
    return f"{began.timestamp():.6f}" if isinstance(began, datetime) else ""


def task_directory(context: Mapping[str, Any], base: Any = None) -> Any:
    """Return the directory for the files of one task: ``<base>/<dag>/<run>/<task>[/<map index>]``.

    Every attempt of a task has the same directory, so a later attempt replaces the files of an earlier one.

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
    """Return the directory below which the files of all tasks are written.

    :param base: path or URI; default as for :func:`task_directory`.
    """
    return resolve_storage(base or _configured_base())


def _configured_base() -> str:
    from airflow_provider_clevertap.airflow_compat import conf

    configured = str(conf.get("clevertap", "artifacts_path", fallback="") or "").strip()
    return configured or str(Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "clevertap")


def artifacts_mode() -> int:
    """Return the mode of a load's files on local paths: ``artifacts_mode`` in Airflow's configuration.

    :raises ConfigurationError: when it is not a file mode that lets the owner read and write, and nobody execute.
    """
    from airflow_provider_clevertap.airflow_compat import conf

    text = str(conf.get("clevertap", "artifacts_mode", fallback="") or "").strip() or "600"
    mode = re.fullmatch(r"(?:0o?)?(6[0246]{2})", text)
    if mode is None:
        raise ConfigurationError(
            f"[clevertap] artifacts_mode is {text!r}. Write the mode of files as three digits, such as 600 for the "
            "user alone or 640 for the group as well."
        )
    return int(mode[1], 8)


def file_name(part: str) -> str:
    """Return an id as a file name that is safe on every file system; a hash keeps names distinct where needed."""
    replaced = part.translate(_RUN_ID_CHARACTERS)
    safe = _UNSAFE.sub("_", replaced)
    if safe == replaced and len(safe.encode()) <= _MAX_BYTES:
        return safe
    digest = f"-{hashlib.sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    # Decoding with "ignore" drops a letter that the limit splits.
    start = safe.encode("utf-8", "replace")[: _MAX_BYTES - len(digest)].decode("utf-8", "ignore")
    return start + digest
