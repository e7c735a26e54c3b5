"""A plant with one workspace that takes our conditions, and rules that are exact there."""

from collections import defaultdict
from datetime import timedelta

from alerts.incidents.engine.catalogue import all_types
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.sentinel_conditions import PROBED
from alerts.sentinel.queries import ANALYTICS_RULES
from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.models import Rule
from alerts.suppression.signing.compiled_forms import compiled_forms
from tests.conftest import NOON
from tests.factories.incidents import (
    READ_RULES,
    make_alert,
    make_device,
    make_incident,
    put_in_portal,
)
from tests.factories.rule_rows import frozen_test, signed_version

TYPE = "Unauthorized Database Operation"
ACCEPTS = tuple(sorted(PROBED))


def polls(*devices, workspace="gdansk", **changes):
    """The historian polls: a type and devices, no hours; exact in Sentinel's terms."""
    fields = {
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
    return RuleDefinition(**fields | changes)


def furnish(workspace, site, *, accepts=ACCEPTS):
    """Devices at a site whose alerts come to this workspace, and a probe that went well."""
    for number, name in enumerate(("HIST-GD-01", "DB-GD-01", "PLC-21"), 1):
        make_device(site, name, f"10.20.3.{number}")
    make_device(site, "SIS-01", "10.20.9.1", criticality="safety")
    make_alert(make_incident(workspace), site=site)
    note_fresh(workspace_id=workspace.pk, now=NOON)
    put_in_portal(workspace, is_in_portal=False)
    capabilities = {"probed_at": NOON.isoformat()}
    workspace.capabilities = READ_RULES | {"rules": capabilities | {"accepts": list(accepts)}}
    workspace.save(update_fields=["capabilities"])


def know_analytics_rules(workspace, *details):
    """What a look at the workspace found: the rules of the solution and one that covers the types
    which they leave out, all with these custom details.
    """
    titles = defaultdict(list)
    for kind in all_types():
        for name in kind.solution_rules:
            titles[name].append(kind.title)
    plain = {"is_plain": True, "details": details, "passes_entities": True, "title": ""}
    rules = [
        {"name": f"rule-{n}", "display_name": name, "titles": found, "has_only_titles": True}
        for n, (name, found) in enumerate(sorted(titles.items()))
    ]
    rules.append({"name": "rule-own", "display_name": "The rest", "titles": None})
    rules = [rule | plain for rule in rules]
    workspace.capabilities[ANALYTICS_RULES] = {"rules": rules}
    workspace.save(update_fields=["capabilities"])


def signed(definition, *, by, workspaces, sites=(), state="live", number=1, rule=None):
    """A version that was tested and has both signatures, as it stands after the last one."""
    rule = rule or Rule.objects.create(
        number=Rule.objects.count() + 12, made_by=by[0], made_at=NOON
    )
    ids = [workspace.pk for workspace in workspaces]
    forms = {
        workspace_id: form.hashes
        for workspace_id, form in compiled_forms(definition, rule=rule, workspace_ids=ids).items()
    }
    return signed_version(
        definition,
        by=by,
        state=state,
        rule=rule,
        number=number,
        test={"body": frozen_test(definition)},
        forms=forms,
        signed_forms=[digest for hashes in forms.values() for digest in hashes],
        workspace_ids=ids,
        site_ids=[site.pk for site in sites],
    )
