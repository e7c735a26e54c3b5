"""What the portal's search finds of this room: rules by number or title."""

import re

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from alerts.suppression.drafting.rule_list import current_version
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.web.wording import state_chip
from portal.accounts.sessions import actor_of
from portal.ui.palette import MAX_RESULTS, FinderResult, Result

_NUMBER = re.compile(r"r-?(\d{1,9})|#?(\d{1,9})", re.ASCII | re.IGNORECASE)
MIN_TEXT = 2
MAX_VERSIONS = 200


def find_rules(request: HttpRequest, text: str) -> FinderResult:
    """Return visible rules by their number or a part of a title; each with its current
    version.
    """
    match = _NUMBER.fullmatch(text)
    if len(text) < MIN_TEXT and match is None:
        return FinderResult()
    condition = Q(title__icontains=text)
    if match is not None:
        condition |= Q(rule__number=int(match[1] or match[2]))
    visible = versions_visible_to(actor_of(request))
    ids = visible.filter(condition).order_by("-rule__number").values_list("rule", flat=True)
    rules = list(dict.fromkeys(ids[:MAX_VERSIONS]))[:MAX_RESULTS]
    by_rule: dict[int, list[RuleVersion]] = {pk: [] for pk in rules}
    for version in visible.filter(rule__in=rules).order_by("-number"):
        by_rule[version.rule_id].append(version)
    return FinderResult([_result(current_version(versions), text) for versions in by_rule.values()])


def _result(version: RuleVersion, text: str) -> Result:
    return Result(
        f"{version.rule.label} {version.title}",
        reverse("suppression:rule", args=[version.uuid]),
        "shield-off",
        detail=str(state_chip(version.state).label),
        is_exact=text.casefold() == version.rule.label.casefold(),
    )
