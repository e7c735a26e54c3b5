"""What checks are called, what shows that they hold, and what to do where they do not."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.readiness.engine.readings import CheckState, ReadinessCheck
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.stored_wording import stored_words
from portal.ui.words import number

type Words = str | Promise

LABELS: Mapping[str, Words] = {
    "sign-in": _("Sign-in"),
    "reach": _("Reaching Sentinel"),
    "sentinel": _("Sentinel is switched on"),
    "portal": _("Portal"),
    "api versions": _("Versions of the API"),
    "rights": _("Rights on the workspace"),
    "subscription rights": _("Rights on the subscription"),
    "plan": _("Defender for IoT plan"),
    "connector": _("Defender for IoT connector"),
    "content package": _("Content package"),
    "analytics rules": _("Analytics rules"),
    "incident creation": _("Rules that create incidents"),
    "double creation": _("Incidents created twice"),
    "coverage": _("Alert types without an incident"),
    "correlation": _("Merging of incidents"),
    "rule queries": _("Queries of the analytics rules"),
    "latest alert": _("Latest alert"),
    "fusion": _("Fusion"),
    "ueba": _("User behaviour (UEBA)"),
    "playbook permission": _("Permission to start playbooks"),
    "playbook rights": _("Rights on playbooks"),
    "people of the SOC": _("People of the SOC"),
    "people of OT": _("People of OT"),
    "first answer": _("First answer of OT"),
}
PURPOSES: Mapping[str, Words] = {
    "read": _("reading"),
    "incidents": _("incidents"),
    "rules": _("automation rules"),
    "set-up": _("setting up"),
}
# By reason: what shows it, and what to do where that is not as it should be.
_WORDS: Mapping[CheckReason, tuple[Words, Words]] = {
    CheckReason.NOT_CHECKED: (_("Not looked at yet."), _("Check now.")),
    CheckReason.NOT_READ: (
        _("It could not be read: %(error)s"),
        _("Check again. If it stays so, see whether this machine reaches Azure."),
    ),
    CheckReason.NOT_ALLOWED: (
        _("Tagout may not read this: %(error)s"),
        _("Give our identity the role Microsoft Sentinel Reader, or Reader on the subscription."),
    ),
    CheckReason.SIGNED_IN: (_("Entra accepted the sign-in."), ""),
    CheckReason.CREDENTIAL_MISSING: (
        "%(error)s",
        _("Put the secret or certificate where the workspace says it comes from."),
    ),
    CheckReason.SIGN_IN_UNREACHABLE: (
        "%(error)s",
        _("Let this machine reach the authority, or name another one with --authority."),
    ),
    CheckReason.CERTIFICATE_NOT_TRUSTED: ("%(error)s", _("Name the private CA with --ca-bundle.")),
    CheckReason.SECRET_WRONG: (
        "%(error)s",
        _("Make a new client secret in Entra; this one is wrong or expired."),
    ),
    CheckReason.APPLICATION_UNKNOWN: (
        "%(error)s",
        _("Check --client-id and --tenant: this tenant has no such application."),
    ),
    CheckReason.SIGN_IN_REFUSED: (
        "%(error)s",
        _("Check --tenant, --client-id and the credential in Entra."),
    ),
    CheckReason.LISTS_INCIDENTS: (_("Sentinel answers: it lists incidents."), ""),
    CheckReason.LISTS_NO_INCIDENT: (_("Sentinel answers: it lists no incident yet."), ""),
    CheckReason.THROTTLED: (
        _("Azure asks for fewer calls. %(error)s"),
        _("Wait as long as Azure asks, then check again."),
    ),
    CheckReason.DENIED: (
        "%(code)s: %(error)s",
        _("Give our identity the role Microsoft Sentinel Reader on the workspace."),
    ),
    CheckReason.WORKSPACE_NOT_FOUND: (
        "%(code)s: %(error)s",
        _("Check --subscription, --resource-group and --workspace, and that Sentinel is on."),
    ),
    CheckReason.UNREACHABLE: (
        "%(error)s",
        _("Let this machine reach the endpoint, then check again."),
    ),
    CheckReason.SENTINEL_ON: (_("Sentinel is on, and the subscription is registered for it."), ""),
    CheckReason.SENTINEL_OFF: (
        _("Sentinel is not switched on in this Log Analytics workspace."),
        _("Add the workspace to Microsoft Sentinel in the portal."),
    ),
    CheckReason.PROVIDER_NOT_REGISTERED: (
        _("The subscription's registration for Microsoft.SecurityInsights is: %(state)s."),
        _("Register the resource provider Microsoft.SecurityInsights in the subscription."),
    ),
    CheckReason.IN_DEFENDER: (
        _(
            "The workspace lives in the Defender portal: incident %(incident)s, which one of its "
            "analytics rules made, comes from there. Incident rules of connectors do not run any "
            "more."
        ),
        "",
    ),
    CheckReason.IN_AZURE: (
        _(
            "The workspace is not onboarded to the Defender portal: incident %(incident)s, which "
            "one of its analytics rules made, is in Sentinel alone. From March 2027 all will be."
        ),
        "",
    ),
    CheckReason.PORTAL_UNKNOWN: (
        _("No analytics rule of the workspace has made an incident that Tagout has read."),
        _("It is asked again at each poll."),
    ),
    CheckReason.VERSIONS_ACCEPTED: (_("The workspace takes %(version)s for: %(names)s."), ""),
    CheckReason.VERSION_REFUSED: (
        _("The workspace refuses %(refused)s for: %(names)s. Tagout uses %(version)s there."),
        _(
            "That version does not show all members. Change analytics rules in Sentinel: Tagout "
            "writes none of them here. It tries the other version again every day."
        ),
    ),
    CheckReason.ACTIONS_GRANTED: (_("All %(n)s actions that Tagout needs are granted."), ""),
    CheckReason.ACTIONS_MISSING: (
        _("Not granted: %(missing)s."),
        _(
            "Give our identity the custom role that docs/roles has for this, or a built-in one: "
            "Microsoft Sentinel Reader to read, Responder for incidents, Contributor for "
            "automation rules and setting up."
        ),
    ),
    CheckReason.SETTING_UP_NOT_GRANTED: (
        _(
            "Tagout does not set up everything from here, which is a choice and no fault. Not "
            "granted: %(missing)s."
        ),
        _(
            "To do it from here, give the identity for rules the role Microsoft Sentinel "
            "Contributor."
        ),
    ),
    CheckReason.CONTRIBUTOR: (
        _("Our identity may change the Defender for IoT settings of the subscription."),
        "",
    ),
    CheckReason.NOT_CONTRIBUTOR: (
        _("Not granted: %(missing)s."),
        _("Give our identity the role Contributor or Owner on the subscription."),
    ),
    CheckReason.PLAN_STREAMS: (
        _("The plan is active (%(quota)s) and streams into this workspace."),
        "",
    ),
    CheckReason.PLAN_NOT_LINKED: (
        _("There is a plan, but it does not name this workspace as one it streams into."),
        _("Connect the workspace in Defender for IoT, or connect it from here below."),
    ),
    CheckReason.NO_PLAN: (
        _("The subscription has no active Defender for IoT plan."),
        _("Add a plan for OT networks in Defender for IoT, in the Azure portal."),
    ),
    CheckReason.CONNECTED: (
        _("The connector is on and brings the alerts of this subscription."),
        "",
    ),
    CheckReason.CONNECTOR_OFF: (
        _("The connector is there, but switched off: no alert comes."),
        _("Connect the subscription."),
    ),
    CheckReason.NOT_CONNECTED: (
        _("No connector brings the alerts of this subscription."),
        _("Connect the subscription."),
    ),
    CheckReason.INSTALLED: (_("Microsoft Defender for IoT %(version)s is installed."), ""),
    CheckReason.NOT_INSTALLED: (
        _("The solution Microsoft Defender for IoT is not installed."),
        _("Install it from the content hub."),
    ),
    CheckReason.RULES_ON: (_("All %(n)s rules of the solution are enabled."), ""),
    CheckReason.RULES_OFF: (
        _("%(enabled)s of %(n)s rules are enabled. Missing: %(missing)s."),
        _("Enable the rules. The content package has to be installed first."),
    ),
    CheckReason.ONE_WAY: (_("%(n)s enabled rules create incidents: %(names)s."), ""),
    CheckReason.BOTH_WAYS: (
        _(
            "The connector's own rule and scheduled rules both create incidents, so each alert "
            "comes twice: %(names)s."
        ),
        _("Disable the connector's rule “Create incidents based on all alerts” in Sentinel."),
    ),
    CheckReason.NO_RULE: (
        _("No enabled rule creates incidents of Defender for IoT: alerts stay unseen."),
        _("Enable the rules of the solution."),
    ),
    CheckReason.DOUBLES: (
        _(
            "%(doubles)s of %(n)s alerts of the last 30 days stand in more than one incident "
            "(by VendorOriginalId)."
        ),
        _("Let only one kind of rule create incidents."),
    ),
    CheckReason.NO_DOUBLES: (
        _("None of the %(n)s alerts of the last 30 days stands in two incidents."),
        "",
    ),
    CheckReason.NO_RECENT_ALERT: (
        _("No alert of the last 30 days had been read by then, so there is nothing to tell it by."),
        _("Check again once alerts have been read."),
    ),
    CheckReason.ALL_ALERTS: (_("The connector's rule makes an incident of every alert."), ""),
    CheckReason.OWN_RULE: (
        _("A scheduled rule of your own makes incidents of types that the solution leaves out."),
        "",
    ),
    CheckReason.STOPPED_BY_ONBOARDING: (
        _(
            "In the Defender portal the connector's rule does not run any more. %(n)s alert types "
            "have no other rule and become no incident."
        ),
        _("Add a scheduled rule for exactly these types."),
    ),
    CheckReason.TYPES_WITHOUT_RULE: (
        _("%(n)s alert types of Defender for IoT are selected by no rule of the solution."),
        _("Add a scheduled rule for them if you want incidents of these, too."),
    ),
    CheckReason.NOT_CORRELATED: (
        _("Before onboarding to the Defender portal nothing is merged, so no tag is needed."),
        "",
    ),
    CheckReason.TAGGED: (_("All %(n)s rules begin their description with %(tag)s."), ""),
    CheckReason.UNTAGGED: (
        _(
            "Whether the Defender portal merges incidents of these rules with others is a setting "
            "of the tenant that cannot be read from here: %(names)s."
        ),
        _(
            "Look in Settings, Microsoft Defender XDR, Rules: correlation of analytics rules is "
            "off unless somebody switched it on. To be sure of single rules whatever the setting "
            "is, begin their description with %(tag)s."
        ),
    ),
    CheckReason.QUERIES_NOT_COMPARED: (
        _(
            "Before the move to the Defender portal, rules in Sentinel compare titles, whatever "
            "the queries of analytics rules say."
        ),
        "",
    ),
    CheckReason.QUERIES_PROVED: (
        _("Of all %(n)s analytics rules it is known which alert types they take."),
        "",
    ),
    CheckReason.QUERIES_UNPROVED: (
        _(
            "It is not known which alert types these analytics rules take, or they take more than "
            "their template: %(names)s. No rule of Tagout's rests on them in Sentinel; its own "
            "worker closes by it."
        ),
        _(
            "In Sentinel, put the query of the template back, with an alert for each result; or "
            "filter SecurityAlert by whole values of AlertName only, and show that column as "
            "custom detail AlertName. Then check again."
        ),
    ),
    CheckReason.ALERT_CAME: (_("An alert came less than three days ago."), ""),
    CheckReason.QUIET: (
        _("The latest alert is %(days)s days old. The plant may be quiet, or nothing comes."),
        _("See in Defender for IoT whether the sensors are connected."),
    ),
    CheckReason.SILENT: (
        _("The latest alert is %(days)s days old. No plant is quiet that long."),
        _("See in Defender for IoT whether the sensors are connected."),
    ),
    CheckReason.NO_ALERT_YET: (
        _("No alert of Defender for IoT has come yet."),
        _("Put right what is listed above, then wait for the plant's next alert."),
    ),
    CheckReason.FUSION_ON: (_("The Fusion rule is enabled."), ""),
    CheckReason.FUSION_OFF: (
        _("The Fusion rule is off: attacks of several stages are not put together."),
        _("Enable “Advanced multistage attack detection” among the analytics rules."),
    ),
    CheckReason.FUSION_REPLACED: (
        _("In the Defender portal Fusion is off by design; the portal correlates itself."),
        "",
    ),
    CheckReason.UEBA_ON: (_("It is on, with %(sources)s."), ""),
    CheckReason.UEBA_OFF: (
        _("It is off: Sentinel does not know what people usually do."),
        _("Switch on UEBA in the settings of Sentinel."),
    ),
    CheckReason.NO_PLAYBOOK_RULE: (
        _("No automation rule starts a playbook, so none is needed."),
        "",
    ),
    CheckReason.PLAYBOOK_ACTIONS_GRANTED: (
        _("Our identity may do on the resource groups of the playbooks what it needs to."),
        "",
    ),
    CheckReason.PLAYBOOK_ACTIONS_MISSING: (
        _("Not granted: %(missing)s."),
        _(
            "Give our identity the role Reader on these resource groups, and the one for incidents "
            "Microsoft Sentinel Playbook Operator, too."
        ),
    ),
    CheckReason.PLAYBOOKS_ALLOWED: (
        _(
            "The role Microsoft Sentinel Automation Contributor is held on %(groups)s, by the "
            "principal %(principals)s. That it is Sentinel's own cannot be read from here."
        ),
        "",
    ),
    CheckReason.PLAYBOOKS_REFUSED: (
        _("Nobody holds Microsoft Sentinel Automation Contributor on %(groups)s."),
        _(
            "Let an Owner of the resource group give that role to Azure Security Insights "
            "(Sentinel, Settings, Playbook permissions)."
        ),
    ),
    CheckReason.SOC_THERE: (_("People of the SOC who see this workspace: %(n)s."), ""),
    CheckReason.SOC_MISSING: (
        _("Nobody of the SOC sees this workspace: nobody can ask OT or close an incident."),
        _(
            "Give somebody the role SOC analyst: person add EMAIL, then grant EMAIL soc-analyst "
            "--workspace %(workspace)s."
        ),
    ),
    CheckReason.OT_THERE: (_("Every site has people of OT: %(names)s."), ""),
    CheckReason.OT_MISSING: (
        _("Nobody of OT is there to answer for: %(names)s."),
        _(
            "Give somebody the role OT engineer: person add EMAIL, then grant EMAIL ot-engineer "
            "--site “%(site)s”."
        ),
    ),
    CheckReason.NO_SITE_YET: (
        _("The first incident tells which sites there are; then OT can be named for them."),
        _("Wait for the first incident."),
    ),
    CheckReason.ANSWERED: (_("OT has answered for at least one incident."), ""),
    CheckReason.NONE_ANSWERED: (
        _("Incidents are here, but OT has answered for none yet."),
        _("Let the SOC ask OT about an incident in the triage queue."),
    ),
    CheckReason.NO_INCIDENT_YET: (
        _("No incident has come yet."),
        _("Wait for the first incident."),
    ),
}


def for_programs(checks: Iterable[ReadinessCheck]) -> list[dict[str, Any]]:
    """Return checks with the members that programs are promised, in English."""
    with translation.override("en"):
        return [
            {
                "name": check_name(check),
                "state": check.state.value,
                "evidence": check_evidence(check),
                "fix": fix_of(check),
                "checked_at": check.checked_at,
            }
            for check in checks
        ]


def label_of(check: ReadinessCheck) -> str:
    """Return what a check is called in the reader's language, with what it is about."""
    name = check.name.partition(" (")[0]
    label = str(LABELS[name])
    if check.about in PURPOSES:
        return f"{label} ({PURPOSES[check.about]})"
    return label


def check_name(check: ReadinessCheck) -> str:
    """Return the name of a check for programs, the same in every language."""
    is_subscription = check.about and check.about not in PURPOSES
    return f"{check.name} ({check.about})" if is_subscription else check.name


def check_evidence(check: ReadinessCheck) -> str:
    """Return the evidence for the state of a check."""
    return str(_WORDS[check.reason][0]) % _spelled(check)


def fix_of(check: ReadinessCheck) -> str:
    """Return what to do; empty where nothing is to be done."""
    return str(_WORDS[check.reason][1]) % _spelled(check)


def check_state_word(state: CheckState) -> str:
    """Return the state of a check in a word or two."""
    return {
        CheckState.OK: gettext("In order"),
        CheckState.FAILED: gettext("Needs action"),
        CheckState.UNKNOWN: gettext("No result"),
    }[state]


def _spelled(check: ReadinessCheck) -> dict[str, Any]:
    values = {name: _text(value) for name, value in check.values.items()}
    if error := check.values.get("error"):
        values["error"] = stored_words(str(error))
    if check.reason is CheckReason.PLAN_STREAMS:
        quota = check.values.get("quota")
        values["quota"] = (
            gettext("%(n)s devices") % {"n": number(quota)}
            if quota is not None
            else gettext("of unknown size")
        )
    return values


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return number(value) if isinstance(value, int) else value
