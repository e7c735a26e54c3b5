"""Files of verdicts from before Tagout, and where a lead of OT vouches for what they brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from alerts.reviews.models import VerdictFile
from alerts.reviews.policies import leads_ot_at
from alerts.reviews.queries.verdict_files import (
    FileShare,
    files_visible_to,
    shares_of_files,
)
from alerts.reviews.services.verdict_files import reasons_against_vouching
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.moments import READER
from portal.ui.pieces import with_query
from portal.ui.responses import render_page
from portal.ui.words import number

PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One site of a file, and what this person can do about it."""

    share: FileShare
    people: str
    against: str  # why they cannot confirm it
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class FileCard:
    """One file."""

    file: VerdictFile
    rows: Sequence[ShareRow]

    @property
    def zone(self) -> str:
        """On which clock it came: that of its plant, if it is one."""
        zones = {row.share.site.time_zone for row in self.rows}
        return zones.pop() if len(zones) == 1 else READER


@require_GET
def list_verdict_files(request: HttpRequest) -> HttpResponse:
    """The files, the newest first, each with what it brought about the sites one sees."""
    user = actor_of(request)
    files = files_visible_to(user).order_by("-imported_at", "-pk")
    after = request.GET.get("after", "")
    mark = files.filter(pk=int(after)).first() if after.isdecimal() and len(after) < 19 else None
    if mark is not None:
        files = files.filter(imported_at__lte=mark.imported_at).exclude(
            imported_at=mark.imported_at, pk__gte=mark.pk
        )
    rows = list(files.select_related("imported_by")[: PAGE + 1])
    shares = shares_of_files([file.pk for file in rows[:PAGE]], user=user)
    page = {
        "cards": [FileCard(file, _rows(file, shares[file.pk], user)) for file in rows[:PAGE]],
        "more": with_query(request.GET, {"after": str(rows[PAGE - 1].pk)})
        if len(rows) > PAGE
        else "",
    }
    return render_page(request, "alerts/reviews/verdict_files.html", page)


def _rows(file: VerdictFile, shares: Sequence[FileShare], user: User) -> list[ShareRow]:
    return [
        ShareRow(
            share,
            people=", ".join(f"{name} ({number(n)})" for name, n in share.people.items()),
            against=""
            if share.confirmation
            else " ".join(reasons_against_vouching(file=file, share=share, by=user)),
            may_withdraw=share.confirmation is not None
            and leads_ot_at(user, share.site, share.workspaces),
        )
        for share in shares
    ]
