"""One automation rule that is wanted and delivered."""

import uuid
from datetime import timedelta

from alerts.outbox.models import WantedRule
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.outbox.services.set_desired import clear_desired_rule, name_of_rule, set_desired_rule
from tests.conftest import NOON

ABOUT = uuid.UUID("00000000-0000-4000-8000-000000000012")


def body(*, enabled=True, days=1, title="Historian"):
    ends = (NOON + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentTitle",
            "operator": "Equals",
            "propertyValues": [title],
        },
    }
    return {
        "displayName": "Tagout R-12",
        "order": 501,
        "triggeringLogic": {
            "isEnabled": enabled,
            "expirationTimeUtc": ends,
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [condition],
        },
        "actions": [
            {
                "order": 1,
                "actionType": "ModifyProperties",
                "actionConfiguration": {"labels": [{"labelName": "seen"}]},
            }
        ],
    }


class Bench:
    """Wants and delivers one rule in one workspace."""

    def __init__(self, workspace, sentinel):
        self.workspace, self.sentinel = workspace, sentinel
        self.name = name_of_rule(about=ABOUT, workspace=workspace.uuid)

    def set_desired(self, properties=None, **arguments):
        return set_desired_rule(
            workspace_id=self.workspace.pk,
            name=self.name,
            about=ABOUT,
            label="R-12",
            body=properties or body(),
            now=NOON,
            **arguments,
        )

    def want_none(self, **arguments):
        return clear_desired_rule(
            workspace_id=self.workspace.pk, name=self.name, now=NOON, **arguments
        )

    def deliver(self, *, now=NOON, **arguments):
        return deliver_one_rule(
            now=now, connect=lambda *_: self.sentinel, pause=lambda _: None, **arguments
        )

    @property
    def row(self):
        return WantedRule.objects.get(name=self.name)

    @property
    def there(self):
        rule = self.sentinel.rules.get(str(self.name))
        return rule and rule["properties"]

    def edit(self, **properties):
        self.sentinel.edit_rule(str(self.name), **properties)
