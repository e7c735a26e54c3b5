"""An automation rule in words: when it runs, on what, and what it does."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.automation.engine.rule_conditions import Condition
from alerts.automation.engine.rule_facts import RuleAction, RuleFacts
from alerts.incidents.wording import outcome_words, reason_words, term
from portal.ui.words import number

_PROPERTIES: dict[str, Promise] = {
    "IncidentTitle": gettext_lazy("title"),
    "IncidentDescription": gettext_lazy("description"),
    "IncidentSeverity": gettext_lazy("severity"),
    "IncidentStatus": gettext_lazy("status"),
    "IncidentLabel": gettext_lazy("label"),
    "IncidentTactics": gettext_lazy("tactic"),
    "IncidentProviderName": gettext_lazy("provider"),
    "IncidentUpdatedBySource": gettext_lazy("source of the change"),
    "IncidentRelatedAnalyticRuleIds": gettext_lazy("analytics rule"),
    "IncidentAlertTitle": gettext_lazy("title of an alert"),
    "IncidentCustomDetailsKey": gettext_lazy("name of a custom detail"),
    "IncidentCustomDetailsValue": gettext_lazy("value of a custom detail"),
    "IncidentCustomDetectionRuleIds": gettext_lazy("custom detection rule"),
    "AlertProductNames": gettext_lazy("product"),
    "AlertAnalyticRuleIds": gettext_lazy("analytics rule"),
    "AccountAadTenantId": gettext_lazy("Entra tenant of an account"),
    "AccountAadUserId": gettext_lazy("Entra id of an account"),
    "AccountName": gettext_lazy("name of an account"),
    "AccountNTDomain": gettext_lazy("NT domain of an account"),
    "AccountPUID": gettext_lazy("passport id of an account"),
    "AccountSid": gettext_lazy("security id of an account"),
    "AccountObjectGuid": gettext_lazy("object id of an account"),
    "AccountUPNSuffix": gettext_lazy("UPN suffix of an account"),
    "AzureResourceResourceId": gettext_lazy("id of an Azure resource"),
    "AzureResourceSubscriptionId": gettext_lazy("subscription of an Azure resource"),
    "CloudApplicationAppId": gettext_lazy("id of a cloud application"),
    "CloudApplicationAppName": gettext_lazy("name of a cloud application"),
    "DNSDomainName": gettext_lazy("DNS name"),
    "FileDirectory": gettext_lazy("folder of a file"),
    "FileName": gettext_lazy("name of a file"),
    "FileHashValue": gettext_lazy("hash of a file"),
    "HostAzureID": gettext_lazy("Azure id of a host"),
    "HostName": gettext_lazy("name of a host"),
    "HostNetBiosName": gettext_lazy("NetBIOS name of a host"),
    "HostNTDomain": gettext_lazy("NT domain of a host"),
    "HostOSVersion": gettext_lazy("operating system of a host"),
    "IoTDeviceId": gettext_lazy("id of a device"),
    "IoTDeviceName": gettext_lazy("name of a device"),
    "IoTDeviceType": gettext_lazy("type of a device"),
    "IoTDeviceVendor": gettext_lazy("vendor of a device"),
    "IoTDeviceModel": gettext_lazy("model of a device"),
    "IoTDeviceOperatingSystem": gettext_lazy("operating system of a device"),
    "IPAddress": gettext_lazy("IP address"),
    "MailboxDisplayName": gettext_lazy("display name of a mailbox"),
    "MailboxPrimaryAddress": gettext_lazy("address of a mailbox"),
    "MailboxUPN": gettext_lazy("UPN of a mailbox"),
    "MailMessageDeliveryAction": gettext_lazy("delivery action of a mail"),
    "MailMessageDeliveryLocation": gettext_lazy("delivery location of a mail"),
    "MailMessageRecipient": gettext_lazy("recipient of a mail"),
    "MailMessageSenderIP": gettext_lazy("sending address of a mail"),
    "MailMessageSubject": gettext_lazy("subject of a mail"),
    "MailMessageP1Sender": gettext_lazy("envelope sender of a mail"),
    "MailMessageP2Sender": gettext_lazy("sender of a mail"),
    "MalwareCategory": gettext_lazy("kind of malware"),
    "MalwareName": gettext_lazy("name of malware"),
    "ProcessCommandLine": gettext_lazy("command line of a process"),
    "ProcessId": gettext_lazy("id of a process"),
    "RegistryKey": gettext_lazy("registry key"),
    "RegistryValueData": gettext_lazy("registry value"),
    "Url": gettext_lazy("web address"),
}
_ANALYTICS_RULES = ("IncidentRelatedAnalyticRuleIds", "AlertAnalyticRuleIds")
_CHANGING: dict[str, Promise] = {
    "IncidentSeverity": gettext_lazy("severity"),
    "IncidentStatus": gettext_lazy("status"),
    "IncidentOwner": gettext_lazy("owner"),
}
_ARRAYS: dict[str, Promise] = {
    "Alerts": gettext_lazy("alerts"),
    "Labels": gettext_lazy("labels"),
    "Tactics": gettext_lazy("tactics"),
    "Comments": gettext_lazy("comments"),
    "IncidentLabels": gettext_lazy("labels"),
    "CustomDetails": gettext_lazy("custom details"),
    "CustomDetailValues": gettext_lazy("values of this custom detail"),
}
_OPERATORS: dict[str, Promise] = {
    "Equals": gettext_lazy("%(name)s is %(values)s"),
    "NotEquals": gettext_lazy("%(name)s is not %(values)s"),
    "Contains": gettext_lazy("%(name)s contains %(values)s"),
    "NotContains": gettext_lazy("%(name)s does not contain %(values)s"),
    "StartsWith": gettext_lazy("%(name)s begins with %(values)s"),
    "NotStartsWith": gettext_lazy("%(name)s does not begin with %(values)s"),
    "EndsWith": gettext_lazy("%(name)s ends with %(values)s"),
    "NotEndsWith": gettext_lazy("%(name)s does not end with %(values)s"),
}
_CHANGES: dict[str, Promise] = {
    "Added": gettext_lazy("%(name)s were added"),
    "Changed": gettext_lazy("%(name)s changed"),
    "ChangedTo": gettext_lazy("%(name)s changed to %(values)s"),
    "ChangedFrom": gettext_lazy("%(name)s changed from %(values)s"),
}
MAX_VALUES = 6


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a page shows of a rule. `others` is what it holds besides and is not understood."""

    when: str
    conditions: list[str]
    acts: list[str]
    others: list[str]


def describe_rule(
    facts: RuleFacts, *, playbooks: Mapping[str, str], analytics_rules: Mapping[str, str]
) -> RuleWords:
    """Put a rule into words. `playbooks` are the names of playbooks by their resource ids,
    `analytics_rules` those of analytics rules by the last part of theirs, in lower case.
    """
    conditions = [_condition(condition, analytics_rules) for condition in facts.conditions]
    return RuleWords(
        when=_when(facts),
        conditions=conditions or [gettext("on every one, without a condition")],
        acts=[_act(act, playbooks) for act in facts.acts] or [gettext("nothing")],
        others=[_not_understood(text) for text in facts.not_understood],
    )


def _not_understood(text: str) -> str:
    return gettext("not understood: %(what)s") % {"what": text}


def _when(facts: RuleFacts) -> str:
    match facts.on, facts.when:
        case "Alerts", "Created":
            return gettext("When an alert is created")
        case "Incidents", "Updated":
            return gettext("When an incident changes")
        case "Incidents", "Created":
            return gettext("When an incident is created")
    return gettext("At a time that is not understood")


def _condition(condition: Condition, analytics_rules: Mapping[str, str]) -> str:
    if condition.not_understood:
        return _not_understood(condition.not_understood)
    if condition.inner:
        return _group(condition, analytics_rules)
    if condition.change:
        return _change(condition)
    name, values = str(_PROPERTIES[condition.name]), condition.values
    if condition.name in _ANALYTICS_RULES:
        values = tuple(_name_of(value, analytics_rules) for value in values)
    return str(_OPERATORS[condition.operator]) % {"name": name, "values": _values(values)}


def _name_of(rule_id: str, analytics_rules: Mapping[str, str]) -> str:
    """The name of an analytics rule; where it is not known, the last part of its id."""
    part = rule_id.rpartition("/")[2]
    return analytics_rules.get(part.lower()) or part


def _change(condition: Condition) -> str:
    """What changed; where it is compared in another way than by being equal, in two sentences."""
    name = str((_CHANGING | _ARRAYS)[condition.name])
    values = _values(condition.values)
    if condition.operator in ("", "Equals"):
        return str(_CHANGES[condition.change]) % {"name": name, "values": values}
    compared = str(_OPERATORS[condition.operator]) % {"name": name, "values": values}
    words = (
        gettext("%(name)s changed, and now %(compared)s")
        if condition.change == "ChangedTo"
        else gettext("%(name)s changed, and before that %(compared)s")
    )
    return words % {"name": name, "compared": compared}


def _group(condition: Condition, analytics_rules: Mapping[str, str]) -> str:
    parts = [_condition(inner, analytics_rules) for inner in condition.inner]
    if condition.name:
        name = str(_ARRAYS[condition.name])
        words = (
            gettext("for all of its %(name)s: %(parts)s")
            if condition.joined == "AllItems"
            else gettext("for one of its %(name)s: %(parts)s")
        )
        return words % {"name": name, "parts": gettext(" and ").join(parts)}
    joint = gettext(" or ") if condition.joined == "Or" else gettext(" and ")
    return f"({joint.join(parts)})"


def _values(values: tuple[str, ...]) -> str:
    shown = [f"“{value}”" for value in values[:MAX_VALUES]]
    if len(values) > MAX_VALUES:
        shown.append(gettext("%(n)s more") % {"n": number(len(values) - MAX_VALUES)})
    return gettext(" or ").join(shown)


def _act(act: RuleAction, playbooks: Mapping[str, str]) -> str:
    parts = _effects_of(act, playbooks)
    if act.not_understood:
        parts.append(_not_understood(act.not_understood))
    return ", ".join(parts) or gettext("change nothing")


def _effects_of(act: RuleAction, playbooks: Mapping[str, str]) -> list[str]:
    values = act.values
    if act.kind == "RunPlaybook" and "playbook" in values:
        name = playbooks.get(values["playbook"]) or values["playbook"].rpartition("/")[2]
        return [gettext("run the playbook %(name)s") % {"name": name}]
    if act.kind == "AddIncidentTask" and "title" in values:
        words = {"title": values["title"], "description": values.get("description", "")}
        if words["description"]:
            return [gettext("add the task “%(title)s”: %(description)s") % words]
        return [gettext("add the task “%(title)s”") % words]
    return _changes(values) if act.kind == "ModifyProperties" else []


def _changes(values: Mapping[str, str]) -> list[str]:
    """What is changed of the incident."""
    parts = []
    reason = values.get("classificationReason", "")
    kind = outcome_words(values["classification"], reason) if "classification" in values else ""
    if values.get("status", "").casefold() == "closed":
        parts.append(
            gettext("close it as %(kind)s") % {"kind": kind} if kind else gettext("close it")
        )
    else:
        if "status" in values:
            parts.append(gettext("set the status %(status)s") % {"status": term(values["status"])})
        if kind:
            parts.append(gettext("classify it as %(kind)s") % {"kind": kind})
    if reason and not kind:
        parts.append(gettext("give the reason %(reason)s") % {"reason": reason_words(reason)})
    if text := values.get("classificationComment"):
        parts.append(gettext("with the comment “%(text)s”") % {"text": text})
    if "severity" in values:
        parts.append(
            gettext("set the severity %(severity)s") % {"severity": term(values["severity"])}
        )
    if "owner" in values:
        parts.append(
            gettext("assign it to %(name)s") % {"name": values["owner"]}
            if values["owner"]
            else gettext("assign it to nobody")
        )
    if "labels" in values:
        parts.append(gettext("add the label %(labels)s") % {"labels": values["labels"]})
    return parts
