"""Forms of this room's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from alerts.automation.engine.rule_body import Effects
from alerts.automation.models import MadeRule, Playbook
from alerts.automation.policies import MAX_REASON_LENGTH
from alerts.automation.policies.rules import DAYS
from alerts.automation.services.made_rules import RulePlan
from alerts.incidents.models import Incident
from alerts.incidents.wording import term
from alerts.rules.fields import SEVERITIES
from portal.ui.words import number


class RuleForm(forms.Form):
    """What the rule is to do, and for how long. The policy checks what fits together."""

    effect = forms.ChoiceField(choices=MadeRule.Effect.choices, label=gettext_lazy("What it does"))
    playbook = forms.ChoiceField(required=False, label=gettext_lazy("Playbook"))
    team_id = forms.CharField(
        required=False, max_length=36, label=gettext_lazy("Object id of the OT team in Entra")
    )
    team_name = forms.CharField(
        required=False, max_length=120, label=gettext_lazy("Name of the OT team")
    )
    severity = forms.ChoiceField(required=False, label=gettext_lazy("New severity"))
    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON_LENGTH,
        label=gettext_lazy("Reason, if the severity is lowered"),
    )
    label = forms.CharField(required=False, max_length=100, label=gettext_lazy("Label"))
    task = forms.CharField(required=False, max_length=150, label=gettext_lazy("Task"))
    same_devices = forms.BooleanField(
        required=False, label=gettext_lazy("Only between the devices of this incident")
    )
    days = forms.TypedChoiceField(coerce=int, label=gettext_lazy("It ends after"))

    def __init__(self, playbooks: list[Playbook], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.playbooks = {str(row.uuid): row for row in playbooks}
        names = [(uuid, row.name) for uuid, row in self.playbooks.items()]
        fields: dict[str, Any] = self.fields
        fields["playbook"].choices = [("", gettext("none")), *names]
        words = [(severity, term(severity)) for severity in reversed(SEVERITIES[1:])]
        fields["severity"].choices = [("", gettext("none")), *words]
        fields["days"].choices = [(n, gettext("%(n)s days") % {"n": number(n)}) for n in DAYS]

    def plan(self, incident: Incident) -> RulePlan:
        """Return the plan of the form, once it is valid."""
        values = self.cleaned_data
        playbook = self.playbooks.get(values["playbook"])
        effects = Effects(
            effect=values["effect"],
            playbook=playbook.resource_id if playbook else "",
            tenant_id=incident.workspace.tenant_id,
            team_id=values["team_id"].strip(),
            team_name=values["team_name"].strip(),
            severity=values["severity"],
            label=values["label"].strip(),
            task=values["task"].strip(),
        )
        return RulePlan(
            incident.pk,
            effects,
            playbook,
            same_devices=values["same_devices"],
            days=values["days"],
            reason=values["reason"].strip(),
        )
