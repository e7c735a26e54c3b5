"""Days, incidents and verdicts of one rule are the same on every page that counts them."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Alert, Incident
from alerts.patterns.queries.plan import plans_of_all_sites
from alerts.patterns.services.decide import turn_into_rule
from alerts.suppression.signing.propose import propose_rule
from alerts.suppression.web.backtest import summarize_backtest
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("history", "days"), [(95, 90), (20, 30)])
def test_plan_pattern_and_sitting_count_the_same(
    workspace, site, noise, oda, olaf, leo, client, run_mining, history, days
):
    """A job every noon until half an hour ago: a period of 90 days touches 91 dates, and its first
    alert is less than 90 days old.
    """
    rows = routine(workspace, site, days=history, hour=12)
    latest = NOON - timedelta(minutes=30)
    Incident.objects.filter(pk=rows[0].pk).update(created_at=latest)
    Alert.objects.filter(incidents=rows[0]).update(
        at=latest, plant_weekday=latest.weekday(), plant_minute=12 * 60 + 30
    )
    for row in rows[-15:]:
        for person in (oda, olaf) * 2:
            judge([row], person)
    (pattern,) = run_mining()
    (plan,) = plans_of_all_sites()
    draft = turn_into_rule(pattern_id=pattern.pk, by=oda, now=NOON)
    version = propose_rule(version_id=draft.pk, by=oda, now=NOON, proved_at=NOON)
    summary = summarize_backtest(version.backtest.body, rule=version.definition)
    incidents = min(history, 91)
    assert (pattern.days_seen, plan.days, summary.days) == (min(incidents, days), days, days)
    assert pattern.incidents == summary.incidents == summary.sums.closed == incidents
    assert pattern.plan_gain == summary.sums.closed
    assert summary.judged == pattern.judged == version.evidence.count() == 60
    client.force_login(olaf)
    page = client.get(f"/rules/{version.uuid}/").content.decode()
    assert "Show all 60" in page
