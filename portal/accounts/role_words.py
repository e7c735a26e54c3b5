"""The roles as people say them: a name, and in half a sentence what the role does."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Role

ROLE_NAMES = {
    Role.OT_ENGINEER: _("OT engineer"),
    Role.OT_SITE_LEAD: _("OT site lead"),
    Role.SOC_ANALYST: _("SOC analyst"),
    Role.SOC_LEAD: _("SOC lead"),
    Role.TRAINING_MANAGER: _("Training manager"),
    Role.MANAGER: _("Manager"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}
ROLE_DUTIES = {
    Role.OT_ENGINEER: _("answers the SOC's questions for a site; proposes and signs rules there"),
    Role.OT_SITE_LEAD: _("leads OT at a site; answers questions, proposes and signs rules there"),
    Role.SOC_ANALYST: _("triages incidents, asks OT and proposes rules"),
    Role.SOC_LEAD: _("triages incidents, asks OT, and signs rules for the SOC"),
    Role.TRAINING_MANAGER: _("looks after training; sees no incidents"),
    Role.MANAGER: _("reads incidents and numbers; changes nothing"),
    Role.AUDITOR: _("reads everything; changes nothing"),
    Role.ADMINISTRATOR: _("looks after people, workspaces and system status; sees no incidents"),
}
