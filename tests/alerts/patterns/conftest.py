"""A plant with routine in it, and its people."""

from datetime import timedelta
from functools import partial

import pytest

from alerts.incidents.models import Alert, DetailsState, Incident, IncidentAlert, IncidentStatus
from alerts.patterns.models import Pattern
from alerts.patterns.services.mine_patterns import mine_patterns
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_device, make_workspace, new_alert, new_incident
from tests.reuse import reuse_rows

SCAN = "Address Scan Detected"
POLLING = "Modbus Exception"
MALWARE = "Suspicion of Conficker Malware"
NOISE = 250


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def leo(db):
    return add_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))


@reuse_rows
def noise(workspace, site):
    """Incidents that nothing may silence: no process is too large a part of the site."""
    rows = [
        new_incident(
            workspace,
            title=MALWARE,
            source="LAPTOP-9",
            site_ids=[site.pk],
            created_at=NOON - timedelta(days=n % 30 + 1),
        )
        for n in range(NOISE)
    ]
    store(rows, site)
    return rows


@reuse_rows
def programming(workspace, site, noise):
    """The engineering station programs a PLC every day at seven, plant time: it has a rhythm."""
    return routine(workspace, site)


@reuse_rows
def judged(programming, oda):
    """OT has judged twelve of them, one by one."""
    return [judge([incident], oda) for incident in programming[:12]]


@reuse_rows
def gateways(site):
    """Five gateways of the packaging zone, known for long."""
    return [make_device(site, f"GW-{n}", f"10.1.0.{n}", kind="Gateway") for n in range(1, 6)]


def poll(
    workspace,
    site,
    gateways,
    members=4,
    *,
    days=20,
    title=POLLING,
    source="HIST-01",
    kind="Historian",
    **options,
):
    """The historian polls so many of the gateways for 20 days, around the clock; returns the
    incidents by the name of the gateway.
    """
    by_gateway = {}
    for n, gateway in enumerate(gateways[:members]):
        rows = [
            new_incident(
                workspace,
                title=title,
                source=source,
                destination=gateway.name,
                site_ids=[site.pk],
                details_state=DetailsState.FETCHED,
                status=IncidentStatus.CLOSED,
                classification="BenignPositive",
                created_at=NOON - timedelta(days=back, hours=(back * 5 + n * 7) % 24),
                **options,
            )
            for back in range(days, 0, -1)
        ]
        store(
            rows,
            site,
            source_kind=kind,
            source_zone="Operations",
            destination_kind="Gateway",
            destination_zone="Packaging 2",
        )
        by_gateway[gateway.name] = rows
    return by_gateway


@pytest.fixture
def polling(workspace, site, gateways, noise):
    """`polling(4)` lets the historian poll so many of the gateways."""
    return partial(poll, workspace, site, gateways)


def store(rows, site, **columns):
    """Store incidents with one alert each, in plant time."""
    alerts = []
    for row in rows:
        local = row.created_at + timedelta(hours=1)  # Warsaw in November
        alerts.append(
            new_alert(
                row,
                site=site,
                plant_weekday=local.weekday(),
                plant_minute=local.hour * 60 + local.minute,
                **columns,
            )
        )
    Incident.objects.bulk_create(rows)
    Alert.objects.bulk_create(alerts)
    IncidentAlert.objects.bulk_create(
        IncidentAlert(incident=row, alert=alert) for row, alert in zip(rows, alerts, strict=True)
    )


def mine(**options):
    """Look at history; returns the patterns, the best first."""
    mine_patterns(now=NOON, **options)
    return list(Pattern.objects.order_by("-rank", "-incidents", "pk"))


@pytest.fixture
def run_mining(noon):
    """`run_mining()` looks at history and gives the patterns, the best first."""
    return mine


@reuse_rows
def mined(judged):
    """The one pattern of the programming that OT has judged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.clock.now", lambda: NOON)
        return mine()


@reuse_rows
def planned_steps(workspace, site, gateways, judged):
    """One judged process, and one of the historian that nobody judged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.clock.now", lambda: NOON)
        poll(workspace, site, gateways)
        return mine()
