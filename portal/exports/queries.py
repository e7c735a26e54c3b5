"""Exports of a person, and the pieces of a file."""

from collections.abc import Iterator

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.queries import grants_of
from portal.exports.models import Export, ExportPart
from portal.jobs.models import JobState


def exports_visible_to(user: User) -> QuerySet[Export]:
    """Return the person's own, but those made when they saw other things."""
    return Export.objects.filter(by=user, rights=export_rights_of(user))


def export_rights_of(user: User) -> list[list[str]]:
    """Return what decides what a person sees, as an export keeps it: each role with its scope, for
    some lists show more to one role than to another in the same scope.
    """
    return sorted([role, scope, str(uuid or "")] for role, scope, uuid in grants_of(user))


def exports_of(user: User) -> tuple[list[Export], bool]:
    """Return the person's own exports, the newest first, and whether others are kept from them
    because they see something else by now.
    """
    rows = list(Export.objects.filter(by=user).order_by("-made_at", "-pk"))
    rights = export_rights_of(user)
    shown = [row for row in rows if row.rights == rights]
    return shown, len(shown) < len(rows)


def pieces_of(export: Export) -> Iterator[bytes]:
    """Yield the file of an export, one piece of the database in memory at a time."""
    n = ExportPart.objects.filter(export=export).count()
    for number in range(n):
        yield bytes(
            ExportPart.objects.values_list("data", flat=True).get(export=export, number=number)
        )


def has_file(export: Export) -> bool:
    """Whether there is a file to take."""
    return export.state == JobState.DONE
