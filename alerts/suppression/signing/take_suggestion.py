"""Take the suggested version of a live rule as a draft, where a proposal of it would be heard."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.rules.lifetime import default_end
from alerts.rules.new_devices import suggested_rule
from alerts.rules.rule import as_json, instant
from alerts.suppression.backtesting.backtest import preview_backtest
from alerts.suppression.drafting.drafts import edit_version, save_draft
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.drafting.suggested_version import line_changes
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.propose import reasons_against_rule_now, reasons_against_stops
from portal.accounts.models import User
from portal.errors import Refused


class NothingSuggested(Refused):
    """The rule still fits, or its suggested version would be refused; no draft was made."""


@transaction.atomic
def take_suggested_version(*, version_id: int, by: User, now: datetime) -> RuleVersion:
    """Begin the next version of a live rule with the devices that came to those it lists. It is a
    draft like any other: back-test, two signatures and a trial of its own. What guards or a
    back-test would refuse is refused here: such a draft would only be in the way of its rule.
    """
    version = RuleVersion.objects.get(pk=version_id)
    changes = line_changes(version, now=now)
    if not changes:
        raise NothingSuggested(gettext("The rule still fits: no new version is suggested."))
    draft = edit_version(version_id=version.pk, by=by, now=now)
    # Two people sign for it anew: an end of the version before would have them sign again soon.
    ends = max(filter(None, (version.expires_at, default_end(version.definition, now=now))))
    body = draft.body | {
        "expires_at": instant(ends),
        "all_of": as_json(suggested_rule(version.definition, changes))["all_of"],
        "except_any": version.body["except_any"],
    }
    saved = save_draft(version_id=draft.pk, by=by, now=now, body=body, revision=draft.revision)
    if reasons := _reasons_against(saved, now=now):
        raise NothingSuggested(*reasons)
    return saved


def _reasons_against(version: RuleVersion, *, now: datetime) -> list[str]:
    """Return why a proposal of the version would be refused. What history cannot answer in time is
    left to the proposal.
    """
    rule = version.definition
    reasons = reasons_against_rule_now(rule, reach=reach_of_rule(rule), now=now)
    test = preview_backtest(rule=rule, now=now)
    return [*reasons, *test.reasons, *reasons_against_stops(test.body or {})]
