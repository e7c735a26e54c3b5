"""A plant in which a backup server was replaced, and the live rule that names the old one."""

from datetime import timedelta

from alerts.incidents.models import Alert, IncidentStatus, Severity
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.suppression.models import DriftQuestion, RuleVersion, VersionState
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device

DAY = timedelta(days=1)
SIGNED = NOON - 20 * DAY
OLD, NEW = "SRV-BKP-1", "SRV-BKP-2"
TARGETS = ("PLC-1", "PLC-2")
CHANGED = 3  # days before now


def backups(workspace, site, source, days_back, *, targets=TARGETS, **columns):
    """One incident for each target on each of these days, at three in the night, closed as benign
    by the SOC.
    """
    values = {
        "alert_type": rules.POLLING,
        "source": source,
        "status": IncidentStatus.CLOSED,
        "classification": "BenignPositive",
        "classification_reason": "SuspiciousButExpected",
        "severity": Severity.MEDIUM,
        "owner_name": "Sam",
    }
    rows = rules.incidents_of(
        workspace,
        site,
        [
            values | {"destination": target, "at": NOON.replace(hour=2) - back * DAY} | columns
            for back in days_back
            for target in targets
        ],
    )
    Alert.objects.filter(incidents__in=rows).update(
        source_kind="Server",
        source_zone="Packaging 2",
        destination_kind="PLC",
        destination_zone="Packaging 2",
    )
    return rows


def backup_rule(**more):
    """The rule about the backups of the old server."""
    lines = (
        rules.clause("site", "is", "Gdańsk"),
        rules.clause("alert_type", "is", rules.POLLING),
        rules.clause("source_device", "is", OLD),
        rules.clause("destination_device", "is_one_of", *TARGETS),
        rules.clause("severity", "at_most", "Medium"),
    )
    return rules.downloads(title="Backup of Operations", **{"all_of": lines} | more)


def live_rule(workspace, site, people, **more):
    """The rule, signed and live, with the past that it rests on."""
    past = backups(workspace, site, OLD, range(CHANGED, 45))
    noise = {
        "alert_type": "Port Scan Detected",
        "destination": "SRV-1",
        "severity": Severity.LOW,
    }
    rules.incidents_of(
        workspace,
        site,
        [noise | {"source": f"HMI-{n}", "at": NOON - n * DAY / 5} for n in range(300)],
    )
    old_ones = [row for row in past if row.created_at < SIGNED]
    verdicts = rules.judge(old_ones[:5], by=people.oda) + rules.judge(old_ones[5:9], by=people.olaf)
    draft = rules.draft(backup_rule(**more), by=people.oda, evidence=verdicts, now=SIGNED)
    version = rules.sign(rules.propose(draft, by=people.oda, now=SIGNED), by=people.leo, now=SIGNED)
    RuleVersion.objects.filter(pk=version.pk).update(state=VersionState.LIVE)
    version.refresh_from_db()
    return version


def replaced_server(workspace, site, *, targets=TARGETS):
    """The new server, which the inventory names, since three days."""
    make_device(site, NEW, "10.1.0.52", kind="Server", first_seen_at=NOON - CHANGED * DAY)
    return backups(workspace, site, NEW, range(CHANGED), targets=targets)


def question_of_tonight():
    """What OT is asked after a mining."""
    mine_patterns(now=NOON)
    return DriftQuestion.objects.get()
