"""The archive: a ZIP file, so that its members can be taken out without Tagout.

`database.dump` is pg_dump's custom format, `manifest.json` lists what belongs to it,
`signature.json` is this installation's signature of the manifest. Members are not compressed again,
and nothing is unpacked to the disk. A backup has its name only when it is whole and on the disk;
what a killed run left beside it is removed by the next.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from portal.backup.engine import DUMP, MANIFEST, ArchiveMember, Manifest, read_manifest
from portal.backup.signature import SIGNATURE, proof_of, sign_manifest
from portal.errors import Refused

CHUNK = 1024 * 1024
MAX_MANIFEST = 16 * CHUNK
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_archive(
    out: BinaryIO, *, dump: Iterable[bytes], manifest_of: Callable[[ArchiveMember], Manifest]
) -> Manifest:
    """Write the dump as it comes, then the manifest with its length and digest, and the manifest's
    signature.
    """
    digest, length = hashlib.sha256(), 0
    with zipfile.ZipFile(out, "w") as archive:
        with archive.open(_entry(DUMP), "w", force_zip64=True) as member:
            for chunk in dump:
                digest.update(chunk)
                length += len(chunk)
                member.write(chunk)
        manifest = manifest_of(ArchiveMember(length, digest.hexdigest()))
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        archive.writestr(_entry(MANIFEST), text)
        archive.writestr(_entry(SIGNATURE), sign_manifest(text))
    return manifest


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file beside `path` that takes its name when the block ends well, else is removed. Only its
    owner may read it. Raises Refused where `path` is taken, or where the disk does not take it.
    """
    if not overwrite and os.path.lexists(path):
        raise Refused(f"{path} exists: choose another name, or add --overwrite.")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        _remove_leftovers(path)
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not overwrite and os.path.lexists(path):  # it came meanwhile
                raise FileExistsError(path)
            partial.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise Refused(f"{path} exists: choose another name, or add --overwrite.") from error
        if isinstance(error, OSError):
            raise Refused(cannot_write(str(path), error)) from error
        raise


def cannot_write(place: str, error: OSError) -> str:
    """Return in one sentence why the disk did not take the backup."""
    if error.errno in _FULL:
        return f"There is not enough room for {place}: no backup was made."
    return f"{place} cannot be written: {error.strerror}."


def _remove_leftovers(path: Path) -> None:
    """Remove what runs that were killed left; a run that lives holds a lock on its own."""
    begin, end = f".{path.name}.", ".partial"
    for entry in path.parent.iterdir():
        if entry.name.startswith(begin) and entry.name.endswith(end):
            with suppress(OSError), entry.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                entry.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def standard_output() -> BinaryIO:
    """Standard output, for an archive that goes into a pipe."""
    if sys.stdout.isatty():
        raise Refused("Standard output is a terminal: redirect it into a file or a pipe.")
    return sys.stdout.buffer


class BackupArchive:
    """A backup to be restored; to be closed. What it holds is used only after `verify`, and its
    manifest only as far as `proof` goes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            sizes = _member_sizes(self._zip)
            raw = self._zip.read(MANIFEST) if sizes[MANIFEST] <= MAX_MANIFEST else b""
            has_signature = sizes.get(SIGNATURE, MAX_MANIFEST + 1) <= MAX_MANIFEST
            signature = self._zip.read(SIGNATURE) if has_signature else None
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}.") from error
        except (zipfile.BadZipFile, KeyError):
            raise Refused(f"{path} is not a backup of Tagout, or it is incomplete.") from None
        self.proof = proof_of(raw, signature)
        try:
            self.manifest = read_manifest(raw)
        except ValueError as error:
            self.close()
            raise Refused(f"{path} cannot be restored. {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def verify(self) -> None:
        """Read every member and compare it with the manifest."""
        for name, entry in self.manifest.members.items():
            digest, length = hashlib.sha256(), 0
            try:
                with self._zip.open(name) as member:
                    while chunk := member.read(CHUNK):
                        digest.update(chunk)
                        length += len(chunk)
            except (zipfile.BadZipFile, KeyError, OSError):
                length = -1
            if (length, digest.hexdigest()) != (entry.bytes, entry.sha256):
                raise Refused(
                    f"{self.path} was changed or damaged since it was made: {name} is not what its"
                    " manifest says. Take another backup."
                )

    def dump(self) -> IO[bytes]:
        """Open the dump of the database."""
        return self._zip.open(DUMP)


def _member_sizes(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return the size of each member; raises BadZipFile where one is compressed, encrypted, there
    twice, or none of a backup's. So nothing in it is larger than the file.
    """
    sizes = {}
    for entry in archive.infolist():
        is_plain = entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 1
        is_known = entry.filename in (DUMP, MANIFEST, SIGNATURE) and entry.filename not in sizes
        if not is_plain or not is_known or entry.file_size != entry.compress_size:
            raise zipfile.BadZipFile(f"{entry.filename} is no member of a backup")
        sizes[entry.filename] = entry.file_size
    return sizes
