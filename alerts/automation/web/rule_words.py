"""An automation rule in words: when it runs, on what, and what it does."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.automation.engine.rule_facts import Act, Condition, RuleFacts
from alerts.incidents.wording import classification_words, term
from portal.ui.words import number

_PROPERTIES: dict[str, Promise] = {
    "IncidentTitle": gettext_lazy("title"),
    "IncidentDescription": gettext_lazy("description"),
    "IncidentSeverity": gettext_lazy("severity"),
    "IncidentStatus": gettext_lazy("status"),
    "IncidentOwner": gettext_lazy("owner"),
    "IncidentLabel": gettext_lazy("label"),
    "IncidentLabels": gettext_lazy("labels"),
    "IncidentTactics": gettext_lazy("tactic"),
    "IncidentProviderName": gettext_lazy("provider"),
    "IncidentRelatedAnalyticRuleIds": gettext_lazy("analytics rule"),
    "IncidentAlertTitle": gettext_lazy("title of an alert"),
    "AlertProductNames": gettext_lazy("product"),
    "AlertAnalyticRuleIds": gettext_lazy("analytics rule"),
    "IoTDeviceId": gettext_lazy("id of a device"),
    "IoTDeviceName": gettext_lazy("name of a device"),
    "IoTDeviceType": gettext_lazy("type of a device"),
    "IoTDeviceVendor": gettext_lazy("vendor of a device"),
    "IoTDeviceModel": gettext_lazy("model of a device"),
    "IoTDeviceOperatingSystem": gettext_lazy("operating system of a device"),
    "IPAddress": gettext_lazy("IP address"),
    "HostName": gettext_lazy("name of a host"),
    "CustomDetails": gettext_lazy("custom details"),
    "CustomDetailValues": gettext_lazy("custom details"),
    "IncidentCustomDetailsKey": gettext_lazy("name of a custom detail"),
    "IncidentCustomDetailsValue": gettext_lazy("value of a custom detail"),
    "Alerts": gettext_lazy("alerts"),
    "Labels": gettext_lazy("labels"),
    "Tactics": gettext_lazy("tactics"),
    "Comments": gettext_lazy("comments"),
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
    "Added": gettext_lazy("%(name)s were added"),
    "Changed": gettext_lazy("%(name)s changed"),
    "ChangedTo": gettext_lazy("%(name)s changed to %(values)s"),
    "ChangedFrom": gettext_lazy("%(name)s changed from %(values)s"),
}
MAX_VALUES = 6


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a page shows of a rule."""

    when: str
    conditions: list[str]
    acts: list[str]


def words_of(facts: RuleFacts, *, playbooks: Mapping[str, str]) -> RuleWords:
    """Put a rule into words. `playbooks` are the names of playbooks by their resource ids."""
    conditions = [_condition(condition) for condition in facts.conditions]
    return RuleWords(
        when=_when(facts),
        conditions=conditions or [gettext("on every one, without a condition")],
        acts=[_act(act, playbooks) for act in facts.acts],
    )


def _when(facts: RuleFacts) -> str:
    if facts.on == "Alerts":
        return gettext("When an alert is created")
    if facts.when == "Updated":
        return gettext("When an incident changes")
    return gettext("When an incident is created")


def _condition(condition: Condition) -> str:
    if condition.inner:
        return _group(condition)
    name = str(_PROPERTIES.get(condition.name, condition.name or gettext("something")))
    sentence = _OPERATORS.get(condition.operator)
    values = _values(condition.values)
    if sentence is None:
        return f"{name} {condition.operator} {values}".strip()
    return str(sentence) % {"name": name, "values": values}


def _group(condition: Condition) -> str:
    parts = [_condition(inner) for inner in condition.inner]
    if condition.name:
        name = str(_PROPERTIES.get(condition.name, condition.name))
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


def _act(act: Act, playbooks: Mapping[str, str]) -> str:
    values = act.values
    if "playbook" in values:
        name = playbooks.get(values["playbook"]) or values["playbook"].rpartition("/")[2]
        return gettext("run the playbook %(name)s") % {"name": name}
    if act.kind == "AddIncidentTask":
        return gettext("add the task “%(title)s”") % {"title": values.get("title", "")}
    parts = []
    if values.get("status", "").casefold() == "closed":
        kind = classification_words(values.get("classification", ""))
        parts.append(
            gettext("close it as %(kind)s") % {"kind": kind} if kind else gettext("close it")
        )
    elif "status" in values:
        parts.append(gettext("set the status %(status)s") % {"status": term(values["status"])})
    if "severity" in values:
        parts.append(
            gettext("set the severity %(severity)s") % {"severity": term(values["severity"])}
        )
    if "owner" in values:
        parts.append(gettext("assign it to %(name)s") % {"name": values["owner"]})
    if "labels" in values:
        parts.append(gettext("add the label %(labels)s") % {"labels": values["labels"]})
    return ", ".join(parts) or gettext("something that Tagout does not know: %(kind)s") % {
        "kind": act.kind
    }
