"""The files of a module: which belong in it, all of them as bytes and as a folder again;
`files.lock`, which holds the SHA-256 of every figure and capture; and what an import makes of files
that were edited here. Whoever alone changed a file since the latest import is followed; where both
did, ours stays and theirs is offered.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from training.catalog.engine.faults import Report, Source
from training.catalog.engine.texts import MAX_CAPTURE, MAX_FIGURE, MAX_TEXT

LOCK_FILE = "files.lock"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_LOCKED = {"assets": {".svg"}, "pcap": {".pcap", ".pcapng"}}


def locked_files(module: Path) -> dict[str, Path]:
    """Return the files of a module that the lock must name, by their path within the module."""
    return {
        f"{folder}/{path.name}": path
        for folder, suffixes in _LOCKED.items()
        for path in sorted((module / folder).glob("*"))
        if path.suffix in suffixes and path.is_file()
    }


def write_lock(module: Path) -> str:
    """Return the text of the lock as it should be."""
    return "".join(f"{_sha256(path)}  {name}\n" for name, path in locked_files(module).items())


def check_lock(source: Source, module: Path) -> None:
    """Note files that the lock does not name, names wrongly, or names for nothing."""
    files = locked_files(module)
    names: set[str] = set()
    for number, line in enumerate(source.lines, 1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if not match:
            text = "Write the SHA-256, two blanks and the path, as `training lock` does."
            source.fault(number, 1, "LOCK-SYNTAX", text)
            continue
        digest, name = match.groups()
        names.add(name)
        if name not in files:
            source.fault(number, 67, "LOCK-UNKNOWN", f"There is no file {name}.")
        elif _sha256(files[name]) != digest:
            text = f"{name} has changed. If that was meant, run `training lock`."
            source.fault(number, 1, "LOCK-CHANGED", text)
    for name in files.keys() - names:
        source.fault(1, 1, "LOCK-MISSING", f"{name} is not locked: run `training lock`.")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


def check_files(module: Path, display_path: str, report: Report) -> None:
    """Note what has no place in a module, is only a link to a file, or is too large."""
    paths = {fault.path for fault in report.faults}
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
        if f"{display_path}/{name}" not in paths:
            report.add(f"{display_path}/{name}", 1, 1, code, text)


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
    """Return the files with a `files.lock` that lists their present digests."""
    own = {path: data for path, data in sorted(files.items()) if path != LOCK_FILE}
    locked = {path: sha256(data) for path, data in own.items() if path.startswith(LOCKED)}
    if locked or LOCK_FILE in files:
        lines = [f"{digest}  {path}\n" for path, digest in locked.items()]
        own[LOCK_FILE] = "".join(lines).encode()
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


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file as it is here. `data` is None where it was taken out here; `imported_sha256` is
    the sum of what the latest import brought that was taken, empty where none did.
    """

    data: bytes | None
    imported_sha256: str

    @property
    def is_edited(self) -> bool:
        """Whether it was changed, added or taken out here."""
        return sha256(self.data) != self.imported_sha256


@dataclass(frozen=True, slots=True)
class MergedModule:
    """The files to publish; those that stay as they were edited here; and, of these, what the
    import would have in their place (None: nothing), where that is new.
    """

    files: dict[str, bytes]
    local_edits: tuple[str, ...] = ()
    offers: dict[str, bytes | None] = field(default_factory=dict)


def merge_module(published: Mapping[str, PublishedFile], incoming: ModuleFiles) -> MergedModule:
    """Return the files of a module after an import; none where it was taken out here."""
    facts = published.get("module.yaml")
    if facts is not None and facts.data is None:
        return MergedModule({}, tuple(sorted(incoming.keys() - {LOCK_FILE})))
    files: dict[str, bytes] = {}
    local_edits: list[str] = []
    offers: dict[str, bytes | None] = {}
    for path in sorted((published.keys() | incoming.keys()) - {LOCK_FILE}):
        here, new = published.get(path), incoming.get(path)
        data = new
        if here is not None and here.is_edited and sha256(here.data) != sha256(new):
            data = here.data
            local_edits.append(path)
            if sha256(new) != here.imported_sha256:
                offers[path] = new
        if data is not None:
            files[path] = data
    if local_edits:
        files = with_lock(files)
    elif LOCK_FILE in incoming:
        files[LOCK_FILE] = incoming[LOCK_FILE]
    return MergedModule(dict(sorted(files.items())), tuple(local_edits), offers)
