"""Every kind of notification of the wing, by room; docs/notifications.md is made from it."""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from portal.notifications.kind import NotificationKind as Kind

_ADMINISTRATORS: Final = "administrators of the workspace"
_LEADS: Final = "SOC leads of the workspace"
_LEADS_AND_ADMINISTRATORS: Final = "SOC leads and administrators of the workspace"
_RULE_PEOPLE: Final = "owners, signers and proposer of the rule"
_ALL_RULE_PEOPLE: Final = "SOC leads, OT site leads and owners of the rules that act there"
_AUTHOR: Final = "who made the change"

_AS_ADMINISTRATOR: Final = _("You administer this workspace.")
_AS_LEAD: Final = _("You get this as SOC lead there.")
_AS_EITHER: Final = _("You get this as SOC lead there, or as administrator.")
_OF_RULE: Final = _("You get this because you sign, own or watch this rule.")
_OF_ALL_RULES: Final = _("You get this because rules of yours are active there.")
_FOR_OT: Final = _("You get this because you speak for OT at %(site)s.")
_YOUR_CHANGE: Final = _("You get this because the change was yours.")

# How long a mail waits for others of its kind: what one run of a worker or one click does at once,
# and what one person signs one after the other.
_AT_ONCE: Final = timedelta(minutes=1)
_IN_ONE_SITTING: Final = timedelta(minutes=5)


# sentinel
CREDENTIAL_ENDING: Final = Kind(
    "sentinel.credential_ending",
    _ADMINISTRATORS,
    "A certificate or client secret ends soon, or has ended.",
    _AS_ADMINISTRATOR,
)
CREDENTIAL_REFUSED: Final = Kind(
    "sentinel.credential_refused", _ADMINISTRATORS, "Azure refuses a sign-in.", _AS_ADMINISTRATOR
)

# intake
INCIDENTS_UNREADABLE: Final = Kind(
    "intake.unreadable",
    _ADMINISTRATORS,
    "More than one incident in a hundred cannot be read.",
    _AS_ADMINISTRATOR,
)

# dashboards
SICK_WORKSPACE: Final = Kind(
    "dashboards.sick_workspace",
    _ADMINISTRATORS,
    "A workspace is not read, not sent to, or not as signed.",
    _AS_ADMINISTRATOR,
)

# incidents
ESCALATED: Final = Kind(
    "incidents.escalated",
    "SOC leads of the workspace, except who escalates",
    "Incidents were escalated.",
    _("You get this because you lead the SOC of %(workspace)s."),
)
CLOSED_AGAINST_OT: Final = Kind(
    "incidents.closed-against-ot",
    "who answered “suspicious” for OT, except who closes",
    "An incident that OT calls suspicious was closed as something else.",
    _("You get this because you answered for OT."),
)
BULK_ACT_ENDED: Final = Kind(
    "incidents.bulk",
    "who started it",
    "A bulk action has ended or has stopped.",
    _("You get this because you started it."),
    is_mailed=False,
)
CHANGE_CONFLICT: Final = Kind(
    "incidents.conflict",
    _AUTHOR,
    "Somebody changed the incident in Sentinel first.",
    _YOUR_CHANGE,
    is_mailed=False,
)
CHANGE_REFUSED: Final = Kind(
    "incidents.refused", _AUTHOR, "Sentinel refused a change.", _YOUR_CHANGE, is_mailed=False
)
CHANGE_DROPPED: Final = Kind(
    "incidents.dropped", _AUTHOR, "A change was not sent.", _YOUR_CHANGE, is_mailed=False
)

# planned_work
WORK_OVERRUN: Final = Kind(
    "planned_work.overrun",
    "owner of the work, or OT site leads where it has none",
    "Planned work is overdue.",
    _("You planned this work, or lead the site."),
)

# reviews
OT_ASKED: Final = Kind(
    "reviews.asked",
    "people who speak for OT at the site",
    "OT is asked, for a first or a second opinion, or is reminded.",
    _FOR_OT,
)
QUESTION_HANDED_OVER: Final = Kind(
    "reviews.handed-over", "the colleague who was named", "A question was handed over.", _FOR_OT
)
OT_ANSWERED: Final = Kind(
    "reviews.answered",
    "who asked, and the owner of the incident",
    "OT has answered.",
    _("You get this because you asked, or because you own the incident."),
)
SECOND_OPINION_SETTLED: Final = Kind(
    "reviews.second-opinion",
    "all who answered; the leads, too, where a suspicion is kept",
    "A second opinion was settled.",
    _("You get this because you answered, or because you are a lead."),
)
SUSPICION_UNDECIDED: Final = Kind(
    "reviews.undecided",
    "OT site leads and SOC leads",
    "A suspicion waits for a decision; every day.",
    _("You get this every day until somebody decides, because you are a lead."),
)

# suppression
RULE_PROPOSED: Final = Kind(
    "suppression.proposed",
    "all who can sign the rule",
    "A rule waits for signatures.",
    _OF_RULE,
    gathers_for=_AT_ONCE,
)
RULE_CHANGES_REQUESTED: Final = Kind(
    "suppression.changes-requested",
    "proposer of the rule",
    "Changes to a rule are requested.",
    _OF_RULE,
)
DRIFT_ASKED: Final = Kind(
    "suppression.drift",
    "people who speak for OT at the site",
    "A plant seems to have changed, and OT is asked whether it is so.",
    _FOR_OT,
)
RULE_TAKEN_OUT: Final = Kind(
    "suppression.taken-out",
    _RULE_PEOPLE + ", and SOC leads",
    "A rule is no longer in Sentinel in one workspace.",
    _OF_RULE,
)
TRIAL_QUESTION: Final = Kind(
    "suppression.trial-asked",
    "owners of the rule",
    "A trial cannot end by itself; every week.",
    _OF_RULE,
)
RULE_REFUSED: Final = Kind("suppression.refused", _LEADS, "Sentinel refuses a rule.", _OF_ALL_RULES)
RULE_HELD: Final = Kind(
    "suppression.held", _LEADS, "A rule was changed by hand in Sentinel.", _OF_ALL_RULES
)
RULE_UNDECIDED: Final = Kind(
    "suppression.undecided",
    _LEADS_AND_ADMINISTRATORS,
    "A rule was not sent, because no person decided it.",
    _OF_ALL_RULES,
)
SUPPRESSION_OFF: Final = Kind(
    "suppression.off", _ALL_RULE_PEOPLE, "Suppression or the exclusion list is off.", _OF_ALL_RULES
)
SUPPRESSION_ON: Final = Kind(
    "suppression.on", _ALL_RULE_PEOPLE, "Suppression or the exclusion list is on.", _OF_ALL_RULES
)
FALSE_RULE_NAME: Final = Kind(
    "suppression.untrusted",
    _LEADS,
    "An incident was closed in a rule's name, but not by it.",
    _AS_LEAD,
)
DEVICES_HELD: Final = Kind(
    "suppression.devices-held",
    "OT site leads and SOC leads",
    "A true positive shares a device with what rules had closed; once for each.",
    _("You get this because you are a lead there."),
)
RULE_STATES: Final = {
    state: Kind(
        f"suppression.{state}",
        _RULE_PEOPLE + ", except who brought it there",
        f"A rule is {words}.",
        _OF_RULE,
        gathers_for=_IN_ONE_SITTING if state == "canary" else _AT_ONCE,
    )
    for state, words in (
        ("canary", "in trial"),
        *((word, word) for word in ("live", "paused", "expired", "retired", "rejected")),
    )
}

# automation
SHADOW_RULE: Final = Kind(
    "automation.shadow", _LEADS, "A rule of others closes incidents.", _AS_LEAD
)
AUTOMATION_RULE: Final = Kind(
    "automation.rule",
    _LEADS,
    "A rule made here is not in Sentinel as it should be, or ends.",
    _AS_LEAD,
)
FORGED_RUN: Final = Kind(
    "automation.forged",
    _LEADS_AND_ADMINISTRATORS,
    "A playbook run has no person behind it and was not started.",
    _AS_EITHER,
)
CONSENT_ASKED: Final = Kind(
    "automation.consent",
    "OT of the incident's sites, or SOC leads where there is none",
    "Consent to a playbook is asked.",
    _("You get this because you can consent for this incident."),
)
CONSENT_DECIDED: Final = Kind(
    "automation.consent-decided",
    "who asked",
    "Consent to a playbook was given or declined.",
    _("You get this because you asked."),
)
