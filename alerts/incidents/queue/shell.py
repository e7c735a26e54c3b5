"""What the frame of every page knows of this room."""

from django.http import HttpRequest

from alerts.incidents.models import OtState
from alerts.incidents.policies import may_triage
from alerts.incidents.queries import groups_visible_to
from portal.accounts.models import User
from portal.ui.shell import Count

MAX_SHOWN = 999
_HELD = "_tagout_untriaged"


def hand_over_untriaged(request: HttpRequest, n: int) -> None:
    """Tell the frame what the page has counted already."""
    request.__dict__[_HELD] = n


def count_untriaged(request: HttpRequest) -> Count | None:
    """Rows that nobody has asked OT about yet, up to 999; only for those who triage them."""
    if not isinstance(request.user, User) or not may_triage(request.user):
        return None
    n: int | None = request.__dict__.get(_HELD)
    if n is None:
        rows = groups_visible_to(request.user).filter(ot_state=OtState.NOT_ASKED)
        n = rows.values("pk")[: MAX_SHOWN + 1].count()
    return Count(min(n, MAX_SHOWN), hot=n > 0, more=n > MAX_SHOWN)
