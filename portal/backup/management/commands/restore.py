"""`restore FILE`: put a backup into the database. Afterwards nothing is sent until somebody has
looked: `restore --check` compares again, `restore --resume` goes on.
"""

import getpass
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from portal import clock
from portal.backup.archive import BackupArchive
from portal.backup.engine import ComparisonResult
from portal.backup.models import Restore
from portal.backup.queries import unresumed_restore
from portal.backup.services.restore_backup import restore_backup
from portal.backup.services.resume import compare_with_outside, resume_after_restore
from portal.command import TagoutCommand

NEXT = (
    "Nothing is sent to Sentinel or by mail and no rule acts until you say so. Look at the above,"
    " then: restore --resume --reason “what you looked at”."
)
PEOPLE = (
    "People, roles, tokens and rules are as they were then: take back again what was taken back"
    " since."
)


class Command(TagoutCommand):
    """Restore a backup, compare it with the outside, go on."""

    help = "Restore a backup; then compare with Sentinel (--check), and resume (--resume)."

    def add_arguments(self, parser: CommandParser) -> None:
        """A file, or what comes after it."""
        parser.add_argument("file", metavar="FILE", nargs="?", help="the archive")
        parser.add_argument(
            "--replace",
            default="",
            metavar="DATABASE",
            help="the name of the database whose contents may be lost",
        )
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="a log, or a file of syslog, with heads of the audit record;"
            " - reads standard input",
        )
        parser.add_argument(
            "--foreign",
            default="",
            metavar="WHY",
            help="why an archive is trusted that this SECRET_KEY did not sign, for the record",
        )
        parser.add_argument("--check", action="store_true", help="compare with the outside again")
        parser.add_argument("--resume", action="store_true", help="let work leave again")
        parser.add_argument("--reason", default="", help="what was looked at, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """A file brings its own tables; the rest needs those of this version."""
        self.needs_database = not options["file"]
        super().handle(*args, **options)

    def run(self, **options: Any) -> dict[str, Any]:
        """One of the three."""
        chosen = [bool(options["file"]), options["check"], options["resume"]]
        if sum(chosen) != 1:
            raise CommandError("Give a FILE, --check or --resume.")
        if options["resume"]:
            line = resume_after_restore(by_label=_by(), reason=options["reason"], now=clock.now())
            return {"resumed": True, "told_outside": line}
        if options["check"]:
            if (restore := unresumed_restore()) is None:
                raise CommandError("Tagout is not paused: no restore waits to be resumed.")
        else:
            restore = self._restore(
                Path(options["file"]), replace=options["replace"], foreign=options["foreign"]
            )
        findings = compare_with_outside(
            restore=restore, against=options["against"], now=clock.now()
        )
        return _report(restore, findings)

    def _restore(self, path: Path, *, replace: str, foreign: str) -> Restore:
        try:
            with closing(BackupArchive(path)) as archive:
                return restore_backup(
                    archive=archive,
                    replace=replace,
                    foreign=foreign,
                    by_label=_by(),
                    progress=self._print,
                )
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) is None:
                raise
            message = " ".join(str(error).split())
            raise CommandError(f"Nothing was restored. PostgreSQL says: {message}") from error

    def _print(self, words: str) -> None:
        """What is going on is no part of the result."""
        self.stderr.write(words, style_func=str)

    def show(self, result: Any) -> None:
        """Print it for a person."""
        for line in _resumed(result) if "resumed" in result else _found(result):
            self.stdout.write(line)


def _by() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a user of a container without a name
        return "command line"


def _report(restore: Restore, findings: ComparisonResult) -> dict[str, Any]:
    return {
        "backup_made_at": restore.backup_made_at,
        "version": restore.backup_version,
        "restored_at": restore.restored_at,
        "paused": True,
        "record_seq": restore.record_seq,
        **msgspec.to_builtins(findings),
    }


def _found(result: dict[str, Any]) -> Iterator[str]:
    made_at, record = result["backup_made_at"], result["record"]
    yield (
        f"Restored: the backup of {made_at:%Y-%m-%d %H:%M:%S} UTC, made by Tagout"
        f" {result['version']}."
    )
    yield PEOPLE
    yield from _of_record(result, record)
    for found in result["places"]:
        yield from _of_place(found)
    for kind, number in result["waiting"].items():
        yield f"Still owed at the time of the backup, to leave when resumed: {number} {kind}."
    yield NEXT


def _of_record(result: dict[str, Any], record: dict[str, Any]) -> Iterator[str]:
    if record["broken_at"] is not None:
        yield f"AUDIT RECORD BROKEN at entry {record['broken_at']}: {record['reason']}."
    elif not record["anchors"]:
        yield (
            "Audit record: whole in itself. No published head was available to compare it with:"
            " --against FILE names a log that contains them."
        )
    if record["ignored"]:
        yield (
            f"{record['ignored']} lines look like such heads and carry the mark of another"
            " SECRET_KEY: to compare with them, set the key of then."
        )
    if record["lost"]:
        yield (
            f"AUDIT HEAD CHANGED: entries {result['record_seq'] + 1} to {record['newest_anchor']}"
            f" were published outside and are not in the backup ({record['lost']} lost)."
        )
    elif record["anchors"] and record["broken_at"] is None:
        yield "Audit record: whole, and as it was published outside."


def _of_place(found: dict[str, Any]) -> Iterator[str]:
    place = found["place"]
    if found["error"]:
        yield f"{place}: NOT COMPARED. {found['error']}"
        return
    for kind, words in (("unknown", "NOT KNOWN HERE"), ("changed", "different there")):
        for rule in found[kind]:
            yield f"{place}: {words}: {rule['name']} ({_acts(rule)})"
    for name in found["missing"]:
        yield f"{place}: not there any more: {name}"
    if not (found["unknown"] or found["changed"] or found["missing"]):
        yield f"{place}: as it is known here."


def _acts(rule: dict[str, Any]) -> str:
    if not rule["is_active"]:
        return "disabled"
    return f"acts until {rule['until']}" if rule["until"] else "acts without an end"


def _resumed(result: dict[str, Any]) -> Iterator[str]:
    yield "Resumed: what is owed leaves again, and rules act on incidents that come from now on."
    if result["told_outside"]:
        yield f"Published of the audit record: {result['told_outside']}"
        yield (
            "Where heads are published in a log, add this line to the end of the log of before the"
            " restore; `audit verify` reads both logs, the older one first."
        )
