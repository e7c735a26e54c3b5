"""ZIP files of modules: written so that the same files give the same bytes, and read from
strangers. Nothing is ever unpacked to the path that an entry names.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from training.catalog.engine.module_files import HIDDEN, belongs_in_module, limit_of

MAX_ARCHIVE = 20_000_000  # bytes, packed
MAX_UNPACKED = 60_000_000
MAX_ENTRIES = 5_000
MAX_NAME = 100  # bytes of a folder's name
_ENCRYPTED = 0x1
_PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


class ArchiveError(ValueError):
    """The archive cannot be used; the text gives the reason and the entry."""


def write_module_archive(files: Mapping[str, bytes]) -> bytes:
    """Return these files as a ZIP. The same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class ModuleArchive:
    """The modules in a ZIP: the name of each folder that holds a module.yaml, with its files by
    path; and the files in the folder `paths` beside that of the modules, by name.
    """

    modules: dict[str, dict[str, bytes]]
    paths: dict[str, bytes]


def read_archive(data: bytes) -> ModuleArchive:
    """Return the modules and paths in a ZIP, and leave out what else lies in it. Raises
    ArchiveError.
    """
    if len(data) > MAX_ARCHIVE:
        raise ArchiveError(f"It is larger than {MAX_ARCHIVE // 1_000_000} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = list(_entries(archive))
            folders = _module_folders(entries)
            modules = _read_modules(archive, entries, folders)
            return ModuleArchive(modules, _read_paths(archive, entries, folders))
    except ArchiveError:
        raise
    except _UNREADABLE:
        raise ArchiveError("This is not a readable ZIP file.") from None


def _entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Yield the files, each with a name that stays within the archive."""
    names: set[str] = set()
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ArchiveError(f"It holds more than {MAX_ENTRIES} files.")
    for entry in entries:
        name = entry.orig_filename
        parts = name.rstrip("/").split("/")
        if "\\" in name or not name.isprintable() or ":" in parts[0] or not parts[0]:
            raise ArchiveError(f"“{_printable(name)}” is not a path inside the archive.")
        if any(part in {"", ".", ".."} for part in parts):
            raise ArchiveError(f"“{_printable(name)}” leads out of the archive.")
        if any(len(part.encode()) > MAX_NAME for part in parts):
            raise ArchiveError(f"The name “{_printable(name)}” is too long.")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise ArchiveError(f"“{_printable(name)}” is a link: put the file itself there.")
        if name.casefold() in names:
            raise ArchiveError(f"“{_printable(name)}” is in it twice.")
        names.add(name.casefold())
        if entry.flag_bits & _ENCRYPTED:
            raise ArchiveError(f"“{_printable(name)}” has a password.")
        if entry.compress_type not in _PACKED:
            raise ArchiveError(f"“{_printable(name)}” is packed in a way that is not read here.")
        if not entry.is_dir() and not any(part.startswith(HIDDEN) for part in parts):
            yield entry


def _module_folders(entries: list[zipfile.ZipInfo]) -> dict[str, str]:
    """Return the path of each module by the name of its folder."""
    folders: dict[str, str] = {}
    for entry in entries:
        path, _, name = entry.filename.rpartition("/")
        if name != "module.yaml":
            continue
        folder = path.rpartition("/")[2]
        if not folder:
            raise ArchiveError("Put the folder of the module into the ZIP, not only its files.")
        if folder in folders:
            raise ArchiveError(f"Two modules lie in folders named “{_printable(folder)}”.")
        folders[folder] = f"{path}/"
    if not folders:
        raise ArchiveError("It contains no module. Put in a folder with a module.yaml.")
    for folder, path in folders.items():
        if any(other != path and path.startswith(other) for other in folders.values()):
            raise ArchiveError(f"The module “{_printable(folder)}” lies within another module.")
    return folders


def _read_modules(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folders: Mapping[str, str]
) -> dict[str, dict[str, bytes]]:
    modules: dict[str, dict[str, bytes]] = {folder: {} for folder in sorted(folders)}
    total = 0
    for entry in sorted(entries, key=lambda entry: entry.filename):
        for folder, path in folders.items():
            if not entry.filename.startswith(path):
                continue
            name = entry.filename.removeprefix(path)
            if not belongs_in_module(name):
                raise ArchiveError(f"“{_printable(entry.filename)}” does not belong in a module.")
            limit = limit_of(name)
            data = _read(archive, entry, limit)
            total += len(data)
            if total > MAX_UNPACKED:
                size = f"{MAX_UNPACKED // 1_000_000} MB"
                raise ArchiveError(f"Its files are larger than {size} together.")
            modules[folder][name] = data
    return modules


def _read_paths(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folders: Mapping[str, str]
) -> dict[str, bytes]:
    paths: dict[str, bytes] = {}
    tops = {
        path[: -len(f"modules/{folder}/")]
        for folder, path in folders.items()
        if path.endswith(f"modules/{folder}/")
    }
    for entry in entries:
        top, _, name = entry.filename.rpartition("paths/")
        if top in tops and name.endswith(".yaml") and entry.filename == f"{top}paths/{name}":
            paths[name] = _read(archive, entry, limit_of(name))
    if sum(map(len, paths.values())) > MAX_UNPACKED:
        raise ArchiveError(f"Its paths are larger than {MAX_UNPACKED // 1_000_000} MB together.")
    return paths


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Return a file, reading no more than its limit, whatever the entry states of its size."""
    with archive.open(entry) as packed:
        data = packed.read(limit + 1)
    if len(data) > limit:
        size = f"{limit // 1000} KB"
        raise ArchiveError(f"“{_printable(entry.filename)}” is larger than {size}.")
    return data


def _printable(name: str) -> str:
    unknown = "\N{REPLACEMENT CHARACTER}"
    text = "".join(letter if letter.isprintable() else unknown for letter in name)
    return text if len(text) <= 120 else f"{text[:120]}…"
