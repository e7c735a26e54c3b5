"""`files.lock`: the SHA-256 of every figure and capture of a module, as sha256sum writes it."""

import hashlib
import re
from pathlib import Path

from training.catalog.engine.faults import Source

NAME = "files.lock"
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
    named: set[str] = set()
    for number, line in enumerate(source.lines, 1):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if not found:
            text = "Write the SHA-256, two blanks and the path, as `training lock` does."
            source.fault(number, 1, "LOCK-SYNTAX", text)
            continue
        digest, name = found.groups()
        named.add(name)
        if name not in files:
            source.fault(number, 67, "LOCK-UNKNOWN", f"There is no file {name}.")
        elif _sha256(files[name]) != digest:
            text = f"{name} has changed. If that was meant, run `training lock`."
            source.fault(number, 1, "LOCK-CHANGED", text)
    for name in files.keys() - named:
        source.fault(1, 1, "LOCK-MISSING", f"{name} is not locked: run `training lock`.")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
