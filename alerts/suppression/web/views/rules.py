"""The list of rules. State, site and page are in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from alerts.suppression.drafting.rule_list import TABS, RuleRow, list_rules
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.people import Owners, owners_by_version
from alerts.suppression.web.shared import number_in, page_frame
from alerts.suppression.web.wording import ENFORCEMENTS, StateChip, ends_chip, state_chip
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.navigation import address_of
from portal.ui.pieces import Choice, Tab, with_query
from portal.ui.responses import render_page

_LABELS = {
    "force": gettext_lazy("Live, in trial or paused"),
    "work": gettext_lazy("In progress"),
    "ended": gettext_lazy("Ended"),
}


@dataclass(frozen=True, slots=True)
class ListedRule:
    """One rule as the list shows it."""

    href: str
    rule: str
    title: str
    number: int
    state: StateChip
    needs_approval: bool
    enforcement: str
    owners: Owners
    matches: int
    latest: datetime | None
    site_ids: Sequence[int]
    ends: StateChip | None
    in_work: StateChip | None
    in_work_href: str


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Rules in force, in work, or ended, as far as the person sees them."""
    user, now = actor_of(request), clock.now()
    tab = request.GET.get("state", "force")
    tab = tab if tab in TABS else "force"
    site, after = request.GET.get("site", ""), number_in(request.GET.get("after", ""))
    found = list_rules(user, tab=tab, site=site, after=after, now=now)
    owners = owners_by_version(row.version for row in found.rows)
    page = page_frame(user, now) | {
        "rows": [_row(row, owners[row.version.pk], now) for row in found.rows],
        "more": with_query(request.GET, {"after": str(found.more)}) if found.more else "",
        "tab": tab,
        "tabs": [
            Tab(
                str(label),
                with_query(request.GET, {"state": name}),
                found.counts[name],
                current=name == tab,
            )
            for name, label in _LABELS.items()
        ],
        "sites": [Choice(str(option.uuid), option.name) for option in found.sites],
        "site": found.site,
        "without_site": with_query(request.GET, {"site": None}),
        "is_empty": not any(found.counts.values()) and found.site is None,
        "patterns": address_of("patterns:list"),
        "top_patterns": address_of("patterns:top"),
    }
    return render_page(request, "alerts/suppression/rules.html", page, part="rows")


def version_address(version: RuleVersion) -> str:
    """Where a version is read."""
    return reverse("suppression:rule", args=[version.uuid])


def _row(row: RuleRow, owners: Owners, now: datetime) -> ListedRule:
    version = row.version
    acts = version.state in (VersionState.IN_TRIAL, VersionState.LIVE, VersionState.PAUSED)
    enforcement = ENFORCEMENTS.get(version.enforcement, version.enforcement)
    return ListedRule(
        href=version_address(version),
        rule=version.rule.label,
        title=version.title or gettext("Without a title"),
        number=version.number,
        state=state_chip(version.state),
        needs_approval=version.needs_approval,
        enforcement=str(enforcement),
        owners=owners,
        matches=row.matches,
        latest=row.latest,
        site_ids=version.site_ids,
        ends=ends_chip(version.expires_at, now) if version.expires_at and acts else None,
        in_work=state_chip(row.in_work.state) if row.in_work else None,
        in_work_href=version_address(row.in_work) if row.in_work else "",
    )
