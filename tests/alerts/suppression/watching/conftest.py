from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from tests.conftest import NOON
from tests.factories import rules
from tests.reuse import reuse_rows

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@reuse_rows
def soft_history(workspace, site, people):
    """Evidence that is older than what a trial counts, all of a soft type."""
    weeks = rules.routine(
        workspace,
        site,
        alert_type=rules.POLLING,
        until=rules.TUESDAY - 4 * WEEK - DAY,
        weeks=8,
        classification_reason="",
    )
    rules.noise(workspace, site)
    rules.noise(workspace, site, until=rules.TUESDAY - DAY)
    verdicts = rules.judge(weeks[:5], by=people.oda) + rules.judge(weeks[5:], by=people.olaf)
    return SimpleNamespace(incidents=weeks, verdicts=verdicts)


@reuse_rows
def canary(people, soft_history):
    """A rule about a soft type at any hour that both sides have signed; nothing is credited yet."""
    usual = rules.downloads()
    lines = (usual.all_of[0], rules.clause("alert_type", "is", rules.POLLING), *usual.all_of[2:4])
    draft = rules.draft(
        replace(usual, all_of=lines), by=people.oda, evidence=soft_history.verdicts, now=NOON
    )
    version = rules.sign(rules.propose(draft, by=people.oda, now=NOON), by=people.leo, now=NOON)
    assert version.credited_incident_ids == []
    return version
