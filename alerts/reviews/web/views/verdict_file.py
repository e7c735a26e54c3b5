"""The answers of one file of verdicts about one site, one by one: a lead of OT confirms them at the
end of what was shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from alerts.reviews.engine.causes import cause
from alerts.reviews.models import VerdictFile, VerdictKind
from alerts.reviews.queries.file_answers import (
    Contradiction,
    FileAnswer,
    answers_digest,
    answers_of_file,
    hidden_answers,
)
from alerts.reviews.queries.verdict_files import files_visible_to, shares_of_files
from alerts.reviews.services.verdict_files import (
    confirm_verdict_file,
    reasons_against_confirming_file,
    withdraw_file_confirmation,
)
from alerts.sites.models import Site
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.pieces import with_query
from portal.ui.responses import leave_toast, render_page

PAGE: Final = 25  # answers
MAX_LISTED: Final = 5  # incidents of one answer
_CONTRADICTIONS: Final[Mapping[Contradiction, Promise]] = {
    Contradiction.TRUE_POSITIVE: _("the SOC found a true positive"),
    Contradiction.REOPENED: _("the incident was opened again"),
    Contradiction.SUSPICIOUS: _("somebody else calls it suspicious"),
    Contradiction.HARMLESS: _("somebody else calls it harmless"),
    Contradiction.CLOSED_AS_HARMLESS: _("the SOC closed it as harmless"),
}


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer, and what it would count for."""

    answer: FileAnswer
    reason: str  # the cause, in words
    disagrees: str  # what is known and speaks against it
    effect: str

    @property
    def listed(self) -> Sequence[Any]:
        """The first of its incidents."""
        return self.answer.incidents[:MAX_LISTED]

    @property
    def more(self) -> int:
        """How many of them are not listed."""
        return len(self.answer.incidents) - len(self.listed)


@require_http_methods(["GET", "HEAD", "POST"])
def verdict_file(request: HttpRequest, file_id: int, site_id: int) -> HttpResponse:
    """Show the answers of a file about a site; confirm them, or take that back."""
    user, now = actor_of(request), clock.now()
    file = get_object_or_404(files_visible_to(user), pk=file_id)
    shares = shares_of_files([file.pk], user=user)[file.pk]
    site = next((share.site for share in shares if share.site.pk == site_id), None)
    if site is None:
        raise Http404
    if request.method != "POST":
        return _page(request, file, site, user)
    try:
        if request.POST.get("do") == "withdraw":
            withdraw_file_confirmation(file_id=file.pk, site_id=site.pk, by=user, now=now)
            words = gettext("Taken back. Trials do not count these answers any more.")
        else:
            shown = request.POST.get("shown", "")
            confirm_verdict_file(file_id=file.pk, site_id=site.pk, shown=shown, by=user, now=now)
            words = gettext("Confirmed. Trials that begin from now on count these answers.")
    except Refused as refusal:
        return _page(request, file, site, user, problems=refusal.reasons)
    goal = f"{reverse('reviews:files')}#file-{file.pk}"
    return leave_toast(request, HttpResponseRedirect(goal), words)


def _page(
    request: HttpRequest,
    file: VerdictFile,
    site: Site,
    user: User,
    *,
    problems: Sequence[str] = (),
) -> HttpResponse:
    """A page of the answers; the form to confirm them is at the end of the last, and only where
    they are what the first page showed.
    """
    answers = answers_of_file(file, site, user=user)
    digest, last = answers_digest(answers), max(0, len(answers) - 1) // PAGE
    number = _page_number(request, last)
    has_changed = number > 0 and request.GET.get("shown") != digest
    if has_changed:
        number = 0
    others = Site.objects.in_bulk({pk for answer in answers for pk in answer.other_site_ids})
    start = number * PAGE
    page = {
        "file": file,
        "site": site,
        "rows": [_row(answer, others) for answer in answers[start : start + PAGE]],
        "first": start + 1,
        "last": min(start + PAGE, len(answers)),
        "count": len(answers),
        "counting": sum(answer.counts for answer in answers),
        "disagreeing": sum(bool(answer.contradictions) for answer in answers),
        "hidden": hidden_answers(file, site, user=user),
        "digest": digest,
        "problems": problems,
        "has_changed": has_changed,
        "against": reasons_against_confirming_file(file=file, site=site, by=user),
        "back": _query(request, number - 1, digest) if number else "",
        "onward": _query(request, number + 1, digest) if number < last else "",
    }
    status = 422 if problems else 200
    return render_page(request, "alerts/reviews/verdict_file.html", page, status=status)


def _page_number(request: HttpRequest, last: int) -> int:
    text = "" if request.method == "POST" else request.GET.get("page", "")
    return min(int(text) - 1, last) if text.isdecimal() and 0 < len(text) < 6 and int(text) else 0


def _query(request: HttpRequest, number: int, digest: str) -> str:
    return with_query(request.GET, {"page": str(number + 1), "shown": digest})


def _row(answer: FileAnswer, sites: Mapping[int, Site]) -> AnswerRow:
    routine_cause = cause(answer.verdict.cause)
    return AnswerRow(
        answer,
        reason=routine_cause.label(get_language() or "en")
        if routine_cause
        else answer.verdict.cause,
        disagrees=", ".join(str(_CONTRADICTIONS[what]) for what in answer.contradictions),
        effect=_effect(answer, sites),
    )


def _effect(answer: FileAnswer, sites: Mapping[int, Site]) -> str:
    """Return what an answer counts for once it is confirmed."""
    if answer.verdict.kind == VerdictKind.SUSPICIOUS:
        return gettext("Speaks against rules that match it, confirmed or not. No trial counts it.")
    if answer.is_own:
        return gettext("Yours, so your confirmation does not count for it.")
    if not answer.counts:
        return gettext("No trial counts it.")
    types = ", ".join(sorted({row.alert_type for row in answer.incidents}))
    if answer.other_site_ids:
        names = ", ".join(sorted(str(sites[pk]) for pk in answer.other_site_ids if pk in sites))
        return gettext(
            "One look for trials of rules about %(types)s, once %(sites)s is confirmed, too."
        ) % {"types": types, "sites": names}
    return gettext("One look for trials of rules about %(types)s.") % {"types": types}
