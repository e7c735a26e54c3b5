"""A secret key of this data folder, for installations that set none."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from portal.errors import Misconfigured


def local_secret(file: Path) -> str:
    """Read the key from this file, made with mode 0600 at first use.

    `check --deploy` asks for a SECRET_KEY of your own: several machines must share one. Raises
    Misconfigured where the data folder cannot hold it.
    """
    try:
        return _read_or_make(file)
    except OSError as error:
        raise Misconfigured(
            f"DATA_DIR is {file.parent}, which cannot be used ({error.strerror})."
        ) from error


def _read_or_make(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        # Whole before it has its name: several processes start at once and read it.
        half = file.with_name(f"{file.name}-{os.getpid()}-{secrets.token_hex(3)}")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was faster
            os.link(half, file)
        half.unlink()
    return file.read_text()
