"""Find the files behind paths, URIs, globs and lists of them, through fsspec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import IO, Any

from airflow_provider_clevertap.exceptions import SourceError, escape_unprintable
from airflow_provider_clevertap.loading.sources.files.errors import directory_error, read_error
from airflow_provider_clevertap.loading.sources.files.source_file import SourceFile
from airflow_provider_clevertap.locations import (
    file_system_of,
    is_glob,
    is_location,
    is_object_path,
    is_plain_path,
    location_name,
    without_credentials,
)

#: What storages call the time of a file's last change, or a hash or version of its content.
_VERSION_KEYS = (
    "mtime", "modified", "last_modified", "LastModified", "updated", "ETag", "etag", "e_tag", "md5", "md5Hash",
    "content_md5", "crc32c", "checksum", "VersionId", "version_id", "generation",
)  # fmt: skip
_COMPRESSIONS = (".gz", ".zst")


def find_files(locations: Iterable[Any]) -> list[SourceFile]:
    """Find the files of one load, each once: in the order given and, within a glob, by name.

    :param locations: paths, URIs, globs or object paths.
    :raises SourceError: when one of them leads to no file.
    """
    # The file system is a part of the key: two of one kind with different hosts or accounts are not equal.
    files: dict[tuple[Any, str], SourceFile] = {}
    for location in locations:
        for key, file in _find(location):
            files.setdefault(key, file)
    return list(files.values())


def _find(location: Any) -> Iterator[tuple[tuple[Any, str], SourceFile]]:
    if not is_location(location):
        raise SourceError(f"a path cannot be of type {type(location).__name__}. Use paths, URIs or globs.")
    name = escape_unprintable(location_name(location))
    if not name.strip():
        raise SourceError("a path is empty. If it is a template, it rendered to nothing.")
    try:
        fs, path = file_system_of(location)
        info = _info(fs, path)
        matches = fs.glob(path, detail=True) if info is None and is_glob(path) else {}
    except Exception as error:
        raise read_error(name, error) from None
    if info is not None:
        if info.get("type") == "directory":
            raise directory_error(name)
        opener = _opener(location) if is_object_path(location) else _opener(fs, path)
        yield (fs, path), replace(_file(name, fs, info, opener), storage=fs, path=path)
        return
    infos = {matched: match for matched, match in matches.items() if match.get("type") != "directory"}
    if not infos:
        problem = "no file matches" if is_glob(path) else "there is no such file"
        blank = " The path begins or ends with a blank." if name != name.strip() or path != path.strip() else ""
        raise SourceError(f"{name}: {problem}. Check the path, and that the file has been delivered.{blank}")
    # In a chain such as zip://*.csv::/data/a.zip the rest names the archive, which the member does not.
    member, link, rest = location_name(location).partition("::")
    archive = link + rest if "://" in member else ""
    for matched in sorted(infos):
        uri = matched if is_plain_path(location) else without_credentials(fs.unstrip_protocol(matched)) + archive
        file = _file(escape_unprintable(uri), fs, infos[matched], _opener(fs, matched))
        yield (fs, matched), replace(file, storage=fs, path=matched, is_match=True)


def _info(fs: Any, path: str) -> dict[str, Any] | None:
    try:
        return dict(fs.info(path))
    except FileNotFoundError:
        return None


def _opener(storage: Any, *path: str) -> Callable[[], IO[bytes]]:
    # An object path is opened through its own method, so that Airflow's lineage records the read. Always as bytes:
    # its text mode is broken on Airflow 2.11.
    return lambda: storage.open(*path, mode="rb")


def _file(name: str, fs: Any, info: Mapping[str, Any], opener: Callable[[], IO[bytes]]) -> SourceFile:
    # In a chain such as zip://people.csv::s3://bucket/export.zip, the first part with a path names the file itself.
    links = [link for link in name.lower().split("::") if "://" in link] or [name.lower()]
    path = PurePosixPath(links[0])
    compression = path.suffix if path.suffix in _COMPRESSIONS else ""
    extension = PurePosixPath(path.stem).suffix if compression else path.suffix
    return SourceFile(
        name=name,
        extension=extension,
        compression=compression,
        size=info.get("size"),
        opener=opener,
        versions={key: str(info[key]) for key in _VERSION_KEYS if info.get(key) is not None},
        is_local="file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol),
    )
