"""The manifest of a backup, why it cannot be restored, and what a comparison found."""

from collections.abc import Collection
from datetime import datetime

import msgspec

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"


class ArchiveMember(msgspec.Struct, frozen=True):
    """One file in the archive."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The description in a backup. `rows` are those of each table at the moment of the backup;
    `migrations` read like `audit.0001_entries_and_head`.
    """

    format: int
    tagout: str
    made_at: datetime
    postgresql: int  # server_version_num
    migrations: tuple[str, ...]
    record_seq: int
    record_hash: str
    rows: dict[str, int]
    left_out: tuple[str, ...]
    members: dict[str, ArchiveMember]


class RemoteRule(msgspec.Struct, frozen=True, order=True):
    """A rule at a far end: its name there, whether it acts, and until when (None: for ever)."""

    name: str
    is_active: bool = False
    until: datetime | None = None


class RemoteDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What one far end holds that is unknown or different here; `missing` are the names of what it
    lacks. `error` is why it could not be read.
    """

    place: str
    error: str = ""
    unknown: tuple[RemoteRule, ...] = ()
    changed: tuple[RemoteRule, ...] = ()
    missing: tuple[str, ...] = ()


class RecordFound(msgspec.Struct, frozen=True, kw_only=True):
    """How the restored audit record compares with its anchors outside. `lost` entries were
    written after the backup; `broken_at` is the first that contradicts what it should be. `ignored`
    lines look like heads and carry another SECRET_KEY's mark.
    """

    entries: int
    anchors: int
    ignored: int = 0
    newest_anchor: int
    lost: int
    broken_at: int | None = None
    reason: str = ""


class ComparisonResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison with the outside found. `waiting` counts owed work by kind."""

    record: RecordFound
    places: tuple[RemoteDifference, ...] = ()
    waiting: dict[str, int] = {}


def read_manifest(raw: bytes) -> Manifest:
    """Read a manifest; raises ValueError with one sentence where it is none, or of a later kind."""
    try:
        head = msgspec.json.decode(raw)
        format_ = head.get("format") if isinstance(head, dict) else None
        if isinstance(format_, int) and format_ > FORMAT:
            raise ValueError(
                f"It was made by Tagout {head.get('tagout')}, whose backups this version does not"
                " know: restore it with that version."
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise ValueError(f"Its manifest cannot be read: {error}.") from None
    if manifest.members.keys() != {DUMP}:
        raise ValueError(
            f"Its manifest names {', '.join(manifest.members) or 'no part'}, not {DUMP}."
        )
    return manifest


def reasons_against_version(
    manifest: Manifest, *, version: str, migrations: Collection[str], server: int
) -> list[str]:
    """Why this Tagout, on this server, cannot restore the backup."""
    reasons = []
    listed = {label for label in manifest.migrations if "_squashed_" not in label}
    if unknown := sorted(listed - set(migrations)):
        reasons.append(
            f"The backup was made by Tagout {manifest.tagout}; this is {version}, which does not"
            f" know {len(unknown)} of its database migrations ({unknown[0]}"
            f"{' …' if len(unknown) > 1 else ''}): restore it with that version or a later one."
        )
    if manifest.postgresql // 10000 > server // 10000:
        reasons.append(
            f"The backup comes from PostgreSQL {manifest.postgresql // 10000}; this server is"
            f" PostgreSQL {server // 10000}, which is older."
        )
    return reasons
