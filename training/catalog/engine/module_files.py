"""The files of a module: which belong in it, all of them as bytes, and as a folder again."""

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from training.catalog.engine.faults import Report
from training.catalog.engine.lockfile import NAME as LOCK
from training.catalog.engine.texts import MAX_CAPTURE, MAX_FIGURE, MAX_TEXT

HIDDEN = (".", "__")
LOCKED = ("assets/", "pcap/")
_PLACES = {
    "": re.compile(r"module\.yaml|files\.lock|[^/]+\.md"),
    "assets": re.compile(r"[^/]+\.svg"),
    "pcap": re.compile(r"[^/]+\.pcap(ng)?"),
    "labs": re.compile(r"[^/]+\.yaml"),
    "i18n": re.compile(r"[a-z]{2}(-[A-Za-z]+)?/[^/]+\.md"),
}
_LIMITS = {"assets": MAX_FIGURE, "pcap": MAX_CAPTURE}
MAX_PATH = 100  # bytes: a name on a disk has at most 255

type ModuleFiles = Mapping[str, bytes]
"""The files of one module by their path within it."""


def sha256(data: bytes | None) -> str:
    """Return the SHA-256 of a file in hexadecimal; empty where there is no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def belongs_in_module(path: str) -> bool:
    """Return whether a file of this path has a place in a module, and can be read back there."""
    parts = path.split("/")
    if not path.isprintable() or any(part.startswith(HIDDEN) for part in parts):
        return False
    top, _, rest = path.rpartition("/") if path.count("/") < 2 else path.partition("/")
    place = _PLACES.get(top)
    name = rest if top else path
    return bool(place and place.fullmatch(name)) and len(path.encode()) <= MAX_PATH


def limit_of(path: str) -> int:
    """Return how many bytes a file of this path may have."""
    return _LIMITS.get(path.partition("/")[0], MAX_TEXT) if "/" in path else MAX_TEXT


def check_files(module: Path, shown: str, report: Report) -> None:
    """Note what has no place in a module, is only a link to a file, or is too large."""
    noted = {fault.path for fault in report.faults}
    for path in _paths(module):
        name = path.relative_to(module).as_posix()
        if path.is_symlink():
            code, text = "STRAY-FILE", "This is a link: put the file itself here."
        elif not belongs_in_module(name):
            code, text = "STRAY-FILE", "This does not belong in a module."
        elif path.stat().st_size > limit_of(name):
            code, text = "TOO-LARGE", f"The file is larger than {limit_of(name) // 1000} KB."
        else:
            continue
        if f"{shown}/{name}" not in noted:
            report.add(f"{shown}/{name}", 1, 1, code, text)


def read_files(module: Path) -> dict[str, bytes]:
    """Return the files of a checked module, by path, in order."""
    return {path.relative_to(module).as_posix(): path.read_bytes() for path in _paths(module)}


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(HIDDEN):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _paths(path)
        else:
            yield path


def with_lock(files: ModuleFiles) -> dict[str, bytes]:
    """Return the files with a `files.lock` that names what stands in them now."""
    own = {path: data for path, data in sorted(files.items()) if path != LOCK}
    locked = {path: sha256(data) for path, data in own.items() if path.startswith(LOCKED)}
    if locked or LOCK in files:
        lines = [f"{digest}  {path}\n" for path, digest in locked.items()]
        own[LOCK] = "".join(lines).encode()
    return dict(sorted(own.items()))


@contextmanager
def unpacked(
    modules: Mapping[str, ModuleFiles], paths: Mapping[str, bytes] | None = None
) -> Iterator[Path]:
    """Give a folder with `modules/` in it, one folder each, and with `paths/` where there are any,
    until the block ends.
    """
    tops = {f"modules/{folder}": files for folder, files in modules.items()}
    if paths:
        tops["paths"] = paths
    with tempfile.TemporaryDirectory(prefix="tagout-modules-") as name:
        top = Path(name)
        (top / "modules").mkdir()
        for folder, files in tops.items():
            for path, data in files.items():
                place = top / folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        yield top
