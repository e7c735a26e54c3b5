"""The page about push hints: an administrator makes keys and names the identity that may send."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from alerts.intake.engine.push_signature import Refusal
from alerts.intake.policies import reasons_against_push_settings
from alerts.intake.push.access import (
    CannotChangePush,
    make_push_key,
    set_push_caller,
    turn_push_off,
)
from alerts.intake.push.queries import push_overviews
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only

_REFUSALS = {
    Refusal.MALFORMED: gettext_lazy("its headers could not be read"),
    Refusal.TOO_OLD: gettext_lazy("its time was more than five minutes off"),
    Refusal.WRONG_SIGNATURE: gettext_lazy("its signature does not fit: another key, or changed"),
    Refusal.NO_KEY: gettext_lazy("it was signed, but there is no key"),
    Refusal.NO_IDENTITY: gettext_lazy("it had a token, but no identity is allowed"),
    Refusal.WRONG_TOKEN: gettext_lazy("its token could not be verified"),
    Refusal.UNKNOWN_SIGNER: gettext_lazy("its token is signed with a key that Entra did not name"),
    Refusal.EXPIRED_TOKEN: gettext_lazy("its token had expired"),
    Refusal.WRONG_AUDIENCE: gettext_lazy("its token was for another audience"),
    Refusal.WRONG_ISSUER: gettext_lazy("its token came from another tenant"),
    Refusal.WRONG_IDENTITY: gettext_lazy("its token was for another identity"),
    Refusal.REPLAYED: gettext_lazy("it had been sent before"),
}


class IdentityForm(forms.Form):
    """The identity that may send hints."""

    caller_id = forms.CharField(
        max_length=64, label=gettext_lazy("Object id of the managed identity")
    )
    audience = forms.CharField(
        max_length=200,
        label=gettext_lazy("Audience of its tokens"),
        help_text=gettext_lazy("As the playbook's HTTP action names it, such as api://tagout."),
    )


@never_cache
@require_safe
def show_push(request: HttpRequest) -> HttpResponse:
    """Every workspace with its push hints."""
    return _page(request)


@never_cache
@post_only(otherwise=lambda workspace: reverse("intake:push"))
def make_key(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Make or rotate the key; it is shown on this answer and never again."""
    row = _workspace(request, workspace)
    try:
        secret = make_push_key(workspace_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotChangePush as refusal:
        return _page(request, reasons=refusal.reasons, status=422)
    return _page(request, made_for=row, secret=secret)


@post_only(otherwise=lambda workspace: reverse("intake:push"))
def set_identity(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Let one managed identity send hints."""
    row, form = _workspace(request, workspace), IdentityForm(request.POST)
    if form.is_valid():
        try:
            set_push_caller(
                workspace_id=row.pk, by=actor_of(request), now=clock.now(), **form.cleaned_data
            )
        except CannotChangePush as refusal:
            form.add_error(None, list(refusal.reasons))
        else:
            words = gettext("Saved: the identity may send push hints for %(name)s.")
            return leave_toast(request, redirect("intake:push"), words % {"name": row.name})
    return _page(request, form=form, form_for=row, status=422)


@post_only(otherwise=lambda workspace: reverse("intake:push"))
def turn_off(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Take no more hints of a workspace."""
    row = _workspace(request, workspace)
    try:
        turn_push_off(workspace_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotChangePush as refusal:
        return _page(request, reasons=refusal.reasons, status=422)
    words = gettext("Push hints of %(name)s are off. Tagout goes on asking every 20 seconds.")
    return leave_toast(request, redirect("intake:push"), words % {"name": row.name})


def _workspace(request: HttpRequest, uuid: UUID) -> Workspace:
    if reasons_against_push_settings(by=actor_of(request)):
        raise PermissionDenied
    return get_object_or_404(Workspace, uuid=uuid)


def _page(
    request: HttpRequest,
    *,
    reasons: tuple[str, ...] = (),
    made_for: Workspace | None = None,
    secret: str = "",
    form: IdentityForm | None = None,
    form_for: Workspace | None = None,
    status: int = 200,
) -> HttpResponse:
    if reasons_against_push_settings(by=actor_of(request)):
        raise PermissionDenied
    now = clock.now()
    cards = []
    for overview in push_overviews(now=now):
        is_asked = form_for is not None and form_for.pk == overview.workspace.pk
        initial = {"caller_id": overview.caller_id, "audience": overview.audience}
        card_form = form if is_asked and form else IdentityForm(initial=initial)
        card_form.auto_id = f"id-{overview.workspace.pk}-%s"
        refusal = _REFUSALS.get(Refusal(overview.refusal)) if overview.refusal else ""
        cards.append((overview, card_form, refusal))
    context = {
        "cards": cards,
        "base": settings.PUBLIC_URL,
        "made_for": made_for,
        "secret": secret,
        "reasons": reasons,
    }
    return render(request, "alerts/intake/push.html", context, status=status)
