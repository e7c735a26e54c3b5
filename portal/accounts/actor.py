"""Who stands behind a request."""

from django.http import HttpRequest

from portal.accounts.models import User


def actor_of(request: HttpRequest) -> User:
    """The signed-in person. Only for views that need sign-in (all do, unless marked)."""
    if not request.user.is_authenticated:
        raise PermissionError("This view was opened to strangers but asks who they are.")
    return request.user
