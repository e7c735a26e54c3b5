"""A plant with one workspace that takes our conditions, and rules that are exact there."""

from datetime import timedelta

from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.deploying.compiled_forms import compiled_forms
from alerts.suppression.engine.rule import Clause, as_json, rule_hash
from alerts.suppression.engine.rule import Rule as RuleDefinition
from alerts.suppression.models import BackTestRun, Rule, RuleVersion
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

TYPE = "Unauthorized Database Operation"
ACCEPTS = (
    "IncidentTitle",
    "AlertProductNames",
    "IncidentLabel",
    "IncidentAlertTitle",
    "IoTDeviceName",
    "IPAddress",
    "IncidentTactics",
    "IncidentSeverity",
    "IncidentStatus",
)


def polls(*devices, workspace="gdansk", **changes):
    """The historian polls: a type and devices, no hours; exact in Sentinel's terms."""
    told = {
        "title": "Historian polls the databases",
        "all_of": (
            Clause("workspace", "is", (workspace,)),
            Clause("alert_type", "is", (TYPE,)),
            Clause("any_device", "is_one_of", devices or ("HIST-GD-01",)),
        ),
        "reason": "mes-historian-tags",
        "owner_ot": "oda@demo.example",
        "owner_soc": "leo@demo.example",
        "enforcement": "sentinel",
        "expires_at": NOON + timedelta(days=60),
    }
    return RuleDefinition(**told | changes)


def furnish(workspace, site, *, accepts=ACCEPTS):
    """Devices at a site whose alerts come to this workspace, and a probe that went well."""
    for number, name in enumerate(("HIST-GD-01", "DB-GD-01", "PLC-21"), 1):
        make_device(site, name, f"10.20.3.{number}")
    make_device(site, "SIS-01", "10.20.9.1", criticality="safety")
    make_alert(make_incident(workspace), site=site)
    note_fresh(workspace_id=workspace.pk, now=NOON)
    known = {"is_in_defender_portal": False, "probed_at": NOON.isoformat()}
    workspace.capabilities = {"rules": known | {"accepts": list(accepts)}}
    workspace.save(update_fields=["capabilities"])


def signed(said, *, by, workspaces, sites=(), state="live", number=1, rule=None):
    """A version that was tested and has both signatures, as it stands after the last one."""
    rule = rule or Rule.objects.create(
        number=Rule.objects.count() + 12, made_by=by[0], made_at=NOON
    )
    told = rule_hash(said)
    test = BackTestRun.objects.create(
        rule=rule,
        rule_hash=told,
        start=NOON - timedelta(days=90),
        end=NOON,
        history_days=90,
        body={},
        ran_at=NOON,
        seconds=0.1,
    )
    ids = [each.pk for each in workspaces]
    forms = compiled_forms(said, rule=rule, workspace_ids=ids)
    version = RuleVersion.objects.create(
        rule=rule,
        number=number,
        state=state,
        state_since=NOON,
        title=said.title,
        body=as_json(said),
        rule_hash=told,
        forms={n: f.hashes for n, f in forms.items()},
        enforcement=said.enforcement,
        expires_at=said.expires_at,
        workspace_ids=ids,
        site_ids=[each.pk for each in sites],
        made_by=by[0],
        made_at=NOON,
        proposed_by=by[0],
        proposed_at=NOON,
        proposer_side="ot",
        backtest=test,
    )
    bound = [text for pair in version.forms.values() for text in pair]
    for side, person in zip(("ot", "soc"), by, strict=True):
        version.signatures.create(side=side, by=person, rule_hash=told, forms=bound, signed_at=NOON)
    return version
