from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


class ReviewsConfig(AppConfig):
    name = "alerts.reviews"
    label = "reviews"

    def ready(self) -> None:
        from alerts.incidents.hidden_verdicts import register_hidden_verdicts
        from alerts.reviews.queries import verdicts_hidden_from
        from portal.accounts.models import READING_ROLES
        from portal.ui.navigation import ALERTS, NavItem, register_nav
        from portal.ui.shell import register_shell_fact

        register_nav(
            NavItem(
                _("OT reviews"),
                "message-square-reply",
                "reviews:list",
                section=ALERTS,
                order=20,
                counter="reviews.waiting",
                roles=READING_ROLES,
                key="r",
                tab=_("Reviews"),
            )
        )
        register_shell_fact("reviews.waiting", _waiting)
        register_hidden_verdicts(verdicts_hidden_from)


def _waiting(request: "HttpRequest") -> int:
    """Return what waits for OT: the person's own to answer, or what the SOC may chase or withdraw.
    Who only reads has nothing to do there, so no number.
    """
    from alerts.reviews.models import Review
    from alerts.reviews.queries import (
        opinions_waiting_for,
        reviews_visible_to,
        suspicions_to_decide,
        waiting_for,
    )
    from portal.accounts.models import OT_ROLES, SOC_ROLES, User
    from portal.accounts.queries import roles_of

    person = request.user
    if not isinstance(person, User):
        return 0
    if not roles_of(person).isdisjoint(OT_ROLES):
        asked = waiting_for(person).count() + opinions_waiting_for(person).count()
        return asked + len(suspicions_to_decide(person))
    if roles_of(person).isdisjoint(SOC_ROLES):
        return 0
    waiting = reviews_visible_to(person).filter(state=Review.State.WAITING).count()
    return waiting + len(suspicions_to_decide(person))
