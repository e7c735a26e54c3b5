from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


class NotificationsConfig(AppConfig):
    name = "portal.notifications"
    label = "notifications"

    def ready(self) -> None:
        from portal.ui.navigation import RUNNING, NavItem, register_nav
        from portal.ui.shell import register_shell_fact

        register_shell_fact("notifications.unread", _unread)
        if settings.MAIL_FOLDER is not None:
            register_nav(
                NavItem(
                    _("Mails of the demo"),
                    "mail",
                    "notifications:mailbox",
                    section=RUNNING,
                    order=90,
                )
            )


def _unread(request: "HttpRequest") -> int:
    from portal.accounts.models import User
    from portal.notifications.queries import unread_count

    return unread_count(request.user) if isinstance(request.user, User) else 0
