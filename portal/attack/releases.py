"""Takes a later release of ATT&CK for ICS over, and lets a process use it."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from portal.attack import engine
from portal.attack.bundle import (
    BundleError,
    TechniqueChange,
    changes_between,
    is_retired,
    read_bundle,
)
from portal.attack.models import Release
from portal.audit.services import record
from portal.errors import Refused

logger = logging.getLogger(__name__)


class CannotImportAttack(Refused):
    """The bundle is not taken over."""


@dataclass(frozen=True, slots=True)
class ReleasePreview:
    """What an import would change: the release in use, the one of the bundle, and their changes."""

    before: str
    after: str
    changes: tuple[TechniqueChange, ...]


@transaction.atomic
def import_bundle(*, data: bytes, by: str, now: datetime) -> dict[str, Any]:
    """Take an official bundle over, all of it or nothing. The same bundle again changes nothing.
    Ids that the release no longer has stay known. Returns version, counts and `is_changed`.
    """
    catalogue = _catalogue_of(data)
    latest = Release.objects.order_by("imported_at", "pk").last()
    is_changed = latest is None or latest.catalogue != catalogue
    rows = [row for row in catalogue["techniques"] if not is_retired(row)]
    counts = {
        "version": catalogue["version"],
        "tactics": len(catalogue["tactics"]),
        "techniques": sum(row["parent"] is None for row in rows),
        "subtechniques": sum(row["parent"] is not None for row in rows),
    }
    if is_changed:
        release = Release.objects.create(
            version=catalogue["version"], catalogue=catalogue, imported_at=now
        )
        record("attack.release.imported", on=release, by=by, at=now, **counts)
    return {**counts, "is_changed": is_changed}


def preview_bundle(*, data: bytes) -> ReleasePreview:
    """Return what an import of this bundle would change. Refuses what `import_bundle` refuses."""
    after = _catalogue_of(data)
    latest = Release.objects.order_by("imported_at", "pk").last()
    before = latest.catalogue if latest else engine.shipped()
    changes = changes_between(before, after)
    return ReleasePreview(before["version"], after["version"], changes)


def use_latest_release() -> None:
    """Let this process use the latest imported release, once, at its start. Where the database
    does not answer yet the shipped one holds, and the log says so.
    """
    try:
        latest = Release.objects.order_by("imported_at", "pk").last()
    except DatabaseError:
        logger.warning("Imported releases of ATT&CK cannot be read; %s holds.", engine.version())
    else:
        engine.use(latest.catalogue if latest else None)


def _catalogue_of(data: bytes) -> dict[str, Any]:
    try:
        return _completed(read_bundle(data))
    except BundleError as error:
        raise CannotImportAttack(str(error)) from error


def _completed(release: dict[str, Any]) -> dict[str, Any]:
    """Return a release with the ids of the shipped one that it no longer has, as given up."""
    shipped = engine.shipped()
    version = release["version"]
    if _order(version) < _order(shipped["version"]):
        raise CannotImportAttack(
            f"Release {version} is older than {shipped['version']}, which Tagout ships."
        )
    ids = {row["id"] for row in release["techniques"]}
    lost = [row for row in shipped["techniques"] if row["id"] not in ids]
    retired = [
        row | {"is_deprecated": row["is_deprecated"] or not row["is_revoked"]} for row in lost
    ]
    notice = shipped["_about"]["notice"]
    if year := release.pop("year"):
        notice = re.sub(r"\d{4}", year, notice, count=1)
    return release | {"techniques": release["techniques"] + retired, "_about": {"notice": notice}}


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
