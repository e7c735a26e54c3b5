"""The page of a person's API tokens: make, rotate, revoke. A secret is shown once, on no other
page and in no session.
"""

from uuid import UUID

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.models import ApiToken, TokenScope
from portal.accounts.password_checks import PasswordCheck, check_password_again
from portal.accounts.queries import scopes_of_use_to
from portal.accounts.services.tokens import (
    CannotCreateToken,
    CannotRotateToken,
    CreatedToken,
    create_token,
    revoke_token,
    rotate_token,
)
from portal.accounts.sessions import actor_of
from portal.accounts.web.forms import RotateForm, TokenForm
from portal.ui.responses import leave_toast, post_only

SHOWN = 100


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """My tokens; posting makes one and shows its secret, this once."""
    if request.method == "GET":
        return _page(request, TokenForm())
    form = TokenForm(request.POST)
    if form.is_valid() and _is_proved(request, form):
        try:
            me, now = actor_of(request), clock.now()
            values = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
            made = create_token(owner=me, by=me, now=now, **values)
        except CannotCreateToken as refusal:
            form.add_error(None, list(refusal.reasons))
        else:
            return _page(request, TokenForm(), made=made)
    return _page(request, form, status=422)


@never_cache
@require_http_methods(["GET", "POST"])
def rotate(request: HttpRequest, token: UUID) -> HttpResponse:
    """Ask first, for the old secret ends at once; then show the new one."""
    old = get_object_or_404(ApiToken, uuid=token, owner=actor_of(request))
    form = RotateForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_proved(request, form):
        try:
            made = rotate_token(token_id=old.pk, by=actor_of(request), now=clock.now())
        except CannotRotateToken as refusal:
            form.add_error(None, list(refusal.reasons))
        else:
            return _page(request, TokenForm(), made=made)
    page = {"token": old, "form": form}
    status = 422 if form.errors else 200
    return render(request, "portal/accounts/rotate_token.html", page, status=status)


@post_only(otherwise=lambda token: reverse("api-tokens"))
def revoke_token_view(request: HttpRequest, token: UUID) -> HttpResponse:
    """End a token of one's own at once."""
    row = get_object_or_404(ApiToken, uuid=token, owner=actor_of(request))
    revoke_token(token_id=row.pk, by=actor_of(request), now=clock.now())
    message = gettext("Revoked: %(name)s") % {"name": row.name}
    return leave_toast(request, redirect("api-tokens"), message)


def _is_proved(request: HttpRequest, form: Form) -> bool:
    """Whether the password is right: a token outlives the session, so its owner makes it."""
    outcome = check_password_again(request, form.cleaned_data["password"], now=clock.now())
    if outcome is not PasswordCheck.RIGHT:
        form.add_error("password", outcome.reason)
    return outcome is PasswordCheck.RIGHT


def _page(
    request: HttpRequest, form: TokenForm, *, made: CreatedToken | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    rows = ApiToken.objects.filter(owner=actor_of(request)).order_by("-made_at", "-pk")[:SHOWN]
    words = dict(TokenScope.choices)
    page = {
        "form": form,
        "chosen": form["scopes"].value() or [],
        "scopes": [(scope.value, scope.label) for scope in scopes_of_use_to(actor_of(request))],
        "made": made,
        "rows": [
            (token, token.works_at(now), [words[TokenScope(name)] for name in token.scopes])
            for token in rows
        ],
        "base": f"{settings.PUBLIC_URL}/api/v1",
        "now": now,
    }
    return render(request, "portal/accounts/tokens.html", page, status=status)
