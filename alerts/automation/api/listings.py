"""Playbooks, their runs and automation rules as rows of JSON."""

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    IntegerField,
    JSONField,
    UUIDField,
)

from alerts.automation.engine.rule_facts import read_rule_facts
from portal.api.fields import QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


class PlaybookSerializer(ListRow):
    """Playbooks (Logic Apps) in the subscriptions of your workspaces, by name."""

    id = UUIDField(source="uuid", help_text="to name it by")
    workspace = CharField(source="workspace.name", help_text="name of the workspace")
    name = CharField(help_text="of the Logic App")
    resource_id = CharField(help_text="its address in Azure, in lower case")
    description = CharField(help_text="its notes")
    is_enabled = BooleanField(help_text="whether Azure would run it")
    has_incident_trigger = BooleanField(help_text="whether it can run on an incident")
    has_all_steps = BooleanField(
        help_text="whether all its steps were read; if not, it counts as acting on the plant"
    )
    is_harmless = BooleanField(
        help_text="whether all that it calls is known to be harmless; if not, it needs consent"
    )
    evidence = JSONField(
        help_text="its parts that are not known to be harmless: place, name, call (Azure's word)"
    )
    mark = BooleanField(
        allow_null=True,
        help_text="what a person said of it; that it does not act on the plant counts only while "
        "its definition is the same",
    )
    gone_at = DateTimeField(allow_null=True, help_text="when it was found to be gone")


PLAYBOOKS = Listing(
    PlaybookSerializer,
    Order("name", newest_first=False),
    filters=(ListFilter("workspace", QueryText(), "name of one workspace", "workspace__name"),),
)


class PlaybookRunSerializer(ListRow):
    """Runs of playbooks on incidents, newest first: those asked for here, and those of others."""

    id = UUIDField(source="uuid", help_text="of the run, here")
    playbook = UUIDField(source="playbook.uuid", help_text="id of the playbook")
    incident = IntegerField(source="incident_id", allow_null=True, help_text="on which incident")
    asked_at = DateTimeField(allow_null=True, help_text="when it was asked for here; else null")
    delivery = CharField(
        allow_null=True,
        help_text="of one asked for here: empty while it is owed, then sent, refused, withdrawn, "
        "dropped",
    )
    note = CharField(allow_null=True, help_text="why it was not started")
    name = CharField(help_text="Azure's name of the run; empty until it was seen there")
    status = CharField(help_text="Azure's word: Running, Succeeded, Failed …")
    started_at = DateTimeField(allow_null=True, help_text="when it started")
    ended_at = DateTimeField(allow_null=True, help_text="when it ended")
    error = CharField(help_text="what went wrong in it, in Azure's words")


PLAYBOOK_RUNS = Listing(
    PlaybookRunSerializer,
    Order("pk"),
    filters=(
        ListFilter("playbook", UUIDField(), "of one playbook", "playbook__uuid"),
        ListFilter("incident", IntegerField(), "on one incident", "incident_id"),
    ),
    sources={
        "delivery": F("change__outcome"),
        "note": Case(
            When(change__outcome__in=["refused", "dropped"], then=F("change__note")),
            default=Value(None),
        ),
    },
)


def _closes(body: dict[str, Any]) -> bool:
    return read_rule_facts(body).closes


class AutomationRuleSerializer(ListRow):
    """Automation rules as Sentinel held them when they were last read, whoever made them."""

    id = IntegerField(source="pk", help_text="of the row")
    workspace = CharField(source="workspace.name", help_text="name of the workspace")
    name = CharField(help_text="its id in Sentinel")
    is_ours = BooleanField(help_text="whether Tagout made it")
    closes = BooleanField(source="body", help_text="whether it closes incidents")
    found_at = DateTimeField(help_text="when it was first found")
    body = JSONField(help_text="as Sentinel keeps it")


AUTOMATION_RULES = Listing(
    AutomationRuleSerializer,
    Order("pk"),
    filters=(ListFilter("workspace", QueryText(), "name of one workspace", "workspace__name"),),
    sources={"is_ours": Coalesce("ours", Value(False))},
    reads={"closes": _closes},
)
