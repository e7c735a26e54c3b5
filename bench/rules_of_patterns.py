"""Rules as mining would have them: live ones that watch and mining look at, and some to sign."""

from datetime import timedelta
from typing import Any

from bench.past import NOW


def make_versions(count: int, *, state: str) -> list[Any]:
    """Store rules for the largest patterns that have none yet and to which nothing is opposed, as
    versions of this state; return them.
    """
    from alerts.patterns.engine.rule_text import rule_for
    from alerts.patterns.models import Candidate
    from alerts.suppression.engine.rule import as_json, rule_hash
    from alerts.suppression.models import BackTestRun, Rule, RuleVersion, Signature
    from portal.accounts.models import User

    by = User.objects.get(email="judge@demo.example")
    soc, _ = User.objects.get_or_create(email="soc@demo.example", defaults={"name": "SOC"})
    free = Candidate.objects.filter(rule=None, obstacles=[])
    rows = list(free.order_by("-incidents", "pk")[:count])
    first, made = Rule.objects.count() + 1, []
    for number, row in enumerate(rows, start=first):
        said = rule_for(row.process, time_zone="Europe/Warsaw", now=NOW, reason="Polling")
        rule = Rule.objects.create(number=number, made_by=by, made_at=NOW)
        test = BackTestRun.objects.create(
            rule=rule,
            rule_hash=rule_hash(said),
            start=NOW - timedelta(days=90),
            end=NOW,
            history_days=90,
            body={"alerts": row.alerts},
            ran_at=NOW,
            seconds=0.1,
        )
        version = RuleVersion.objects.create(
            rule=rule,
            number=1,
            state=state,
            state_since=NOW,
            title=said.title,
            body=as_json(said),
            rule_hash=rule_hash(said),
            expires_at=said.expires_at,
            made_by=by,
            made_at=NOW,
            proposed_by=by,
            proposed_at=NOW,
            proposer_side="ot",
            backtest=test,
            workspace_ids=[row.workspace_id],
            site_ids=[row.site_id],
        )
        for side, signer in (("ot", by), ("soc", soc))[: 2 if state == "live" else 1]:
            Signature.objects.create(
                version=version, side=side, by=signer, rule_hash=version.rule_hash, signed_at=NOW
            )
        row.rule = rule
        made.append(version)
    Candidate.objects.bulk_update(rows, ["rule"])
    return made
