"""A look at the rules of a workspace tells intake which of them are of the plant."""

from alerts.intake.models import Cursor
from alerts.intake.services.runs import cursor_of
from alerts.sentinel.client.prerequisites import Prerequisite
from tests.alerts.readiness import azure
from tests.conftest import NOON


def test_rules_that_read_alerts_of_defender_for_iot_are_kept_for_the_scope(
    look_now, workspace, sentinel
):
    query = 'SecurityAlert | where ProductName has "Azure Security Center for IoT"'
    own = azure.scheduled("", "Own", query=query)
    mail = azure.scheduled("", "Mail", query="EmailEvents | where Subject has 'invoice'")
    rules = [*azure.solution(), own, mail]
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, rules)
    cursor_of(workspace_id=workspace.pk)
    Cursor.objects.update(swept_at=NOON)
    look_now()
    workspace.refresh_from_db()
    names = {rule["name"].lower() for rule in rules} - {mail["name"].lower()}
    assert set(workspace.iot_rules) == names
    assert workspace.other_rules == [mail["name"].lower()]
    assert Cursor.objects.get().swept_at is None, "what was left outside is listed again"
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [mail])
    look_now()
    workspace.refresh_from_db()
    assert set(workspace.iot_rules) == names, "incidents of rules that are gone stay in scope"
