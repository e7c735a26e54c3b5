"""A lead of OT confirms for a site what a file of verdicts brought, or takes that back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.reviews.models import FileConfirmation, VerdictFile
from alerts.reviews.policies import leads_ot_at
from alerts.reviews.queries.file_answers import answers_digest, answers_of_file, hidden_answers
from alerts.reviews.queries.verdict_files import (
    FileShare,
    confirmations_of,
    verdicts_of_file_at,
    workspaces_of_file_at,
)
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import identity_of
from portal.audit.services import record
from portal.errors import Refused


class CannotConfirmFile(Refused):
    """The verdicts of the file count as before."""


def confirm_verdict_file(
    *, file_id: int, site_id: int, shown: str, by: User, now: datetime
) -> None:
    """Confirm as lead of OT that these people gave these verdicts at these times, so that trials
    may count them. `shown` is the digest of the answers that the person looked through. Every
    refusal is put on record.
    """
    try:
        _confirm(file_id, site_id, shown=shown, by=by, now=now)
    except CannotConfirmFile as refusal:
        with transaction.atomic():
            file, why = VerdictFile.objects.get(pk=file_id), list(refusal.reasons)
            record("reviews.file.refused", on=file, by=by, at=now, site=site_id, reasons=why)
        raise


@transaction.atomic
def _confirm(file_id: int, site_id: int, *, shown: str, by: User, now: datetime) -> None:
    file = VerdictFile.objects.select_for_update().get(pk=file_id)
    site = Site.objects.get(pk=site_id)
    if reasons := reasons_against_confirming_file(file=file, site=site, by=by):
        raise CannotConfirmFile(*reasons)
    if answers_digest(answers_of_file(file, site, user=by)) != shown:
        raise CannotConfirmFile(
            gettext(
                "Its answers, or what is known of their incidents, have changed since they were"
                " shown. Look through them again."
            )
        )
    lapsed = FileConfirmation.objects.filter(file=file, site=site, withdrawn_at=None)
    lapsed.update(withdrawn_at=now)  # of who leads OT there no longer
    FileConfirmation.objects.create(file=file, site=site, by=by, confirmed_at=now)
    n = verdicts_of_file_at(file, site).count()
    record("reviews.file.confirmed", on=file, by=by, at=now, site=site.name, n=n, shown=shown)


@transaction.atomic
def withdraw_file_confirmation(*, file_id: int, site_id: int, by: User, now: datetime) -> None:
    """Take a confirmation back, as any lead of OT there. Trials do not count these verdicts any
    more, also those that go on.
    """
    file = VerdictFile.objects.select_for_update().get(pk=file_id)
    site = Site.objects.get(pk=site_id)
    confirmation = confirmations_of([file.pk]).get((file.pk, site.pk))
    if reasons := _reasons_against_person(workspaces_of_file_at(file, site), site, by=by):
        raise CannotConfirmFile(*reasons)
    if confirmation is None:
        raise CannotConfirmFile(gettext("Nobody has confirmed it for this site."))
    FileConfirmation.objects.filter(pk=confirmation.pk).update(withdrawn_at=now)
    record("reviews.file.withdrawn", on=file, by=by, at=now, site=site.name)


def reasons_against_confirming_file(*, file: VerdictFile, site: Site, by: User) -> list[str]:
    """Return why this person cannot confirm for a site what a file brought about it: they are no
    lead of OT there, have imported it themselves, or vouch for their own verdicts alone.
    """
    if reasons := _reasons_against_person(workspaces_of_file_at(file, site), site, by=by):
        return reasons
    verdicts = verdicts_of_file_at(file, site)
    if not verdicts.exists():
        return [gettext("It brought nothing about this site.")]
    if (file.pk, site.pk) in confirmations_of([file.pk]):
        return [gettext("It is confirmed for this site.")]
    if hidden_answers(file, site, user=by):
        return [gettext("You are asked for a second opinion on an answer of it. Give that first.")]
    authors = User.objects.filter(pk__in=verdicts.values("by"))
    return _reasons_against_own(file, authors, by=by)


def reasons_against_vouching(*, file: VerdictFile, share: FileShare, by: User) -> list[str]:
    """Return the same for a list, out of what it has read: all but what one finds on looking."""
    if reasons := _reasons_against_person(share.workspaces, share.site, by=by):
        return reasons
    return _reasons_against_own(file, share.authors, by=by)


def _reasons_against_own(file: VerdictFile, authors: Iterable[User], *, by: User) -> list[str]:
    if file.imported_by is not None and identity_of(file.imported_by) == identity_of(by):
        return [gettext("You imported it, so another lead has to confirm it.")]
    if all(identity_of(author) == identity_of(by) for author in authors):
        return [gettext("All of its answers are yours, so another lead has to confirm them.")]
    return []


def _reasons_against_person(workspaces: Iterable[Workspace], site: Site, *, by: User) -> list[str]:
    if by.via_token is not None:
        return [gettext("A person confirms it, not a program with a token.")]
    if not leads_ot_at(by, site, workspaces):
        return [gettext("Only the OT lead of %(site)s can confirm this.") % {"site": site}]
    return []
