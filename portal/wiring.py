"""What the rooms of the hall contribute to each other."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.rights import roles_for
from portal.audit.watch import faults_of_record
from portal.exports.policies import EXPORTING
from portal.jobs.auditor import FaultSource
from portal.rooms import Room
from portal.ui.navigation import INSIGHT, RUNNING, NavItem
from portal.ui.palette import Finder, find_actions, find_pages

ROOMS = (
    Room(
        "exports",
        NavItem(
            _("Exports"),
            "download",
            "exports:list",
            section=INSIGHT,
            order=50,
            roles=EXPORTING,
            listed_for=roles_for("ui.operations"),
        ),
    ),
    Room(
        "ui",
        Finder("pages", _("Pages"), find_pages, order=20, hint=_("a page by its name")),
        Finder("actions", _("Actions"), find_actions, order=90),
    ),
    Room(
        "notifications",
        NavItem(
            _("Mails of the demo"),
            "mail",
            "notifications:mailbox",
            section=RUNNING,
            order=90,
            setting="MAIL_FOLDER",
        ),
    ),
    Room(
        "audit",
        FaultSource(faults_of_record),
        NavItem(
            _("Audit record"),
            "list",
            "audit:record",
            section=RUNNING,
            order=50,
            roles=roles_for("audit.read"),
        ),
    ),
    Room(
        "accounts",
        NavItem(
            _("People"),
            "users",
            "people:list",
            section=RUNNING,
            order=20,
            roles=roles_for("accounts.manage"),
        ),
    ),
)
