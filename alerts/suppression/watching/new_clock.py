"""When people correct the time zone of a site, rules with hours on its old clock need a new look.

Their windows name a zone, so that they go on to mean the same moments. But who signed them read
them beside a plant whose clock showed something else, and may have meant the clock on its wall.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from alerts.sites.models import Site
from alerts.suppression.engine.windows import zone_of
from alerts.suppression.models import ACTING, RuleVersion, State
from alerts.suppression.watching.lifecycle import stop_by_itself


def rules_that_would_stop(site: Site, *, time_zone: str) -> list[str]:
    """Return the rules that act at a site by hours of its clock, as it is before the change."""
    if time_zone == site.time_zone:
        return []
    return [str(version) for version in _versions_by(site, site.time_zone)]


def stop_rules_of_old_clock(
    site: Site, *, before: str, now: datetime, unshifted: datetime
) -> list[str]:
    """Pause what acts, or is paused, by hours of the old clock: only two new signatures let it act
    again. Part of the transaction that changes the clock.
    """
    stopped = []
    for version in _versions_by(site, before):
        words = gettext("The time zone of %(site)s was corrected from %(before)s to %(after)s.")
        given = {"site": site, "before": before, "after": site.time_zone}
        reasons = [words % given, gettext("Its hours need a new look and new signatures.")]
        if stop_by_itself(version_id=version.pk, reasons=reasons, now=now):
            stopped.append(str(version))
    return stopped


def _versions_by(site: Site, time_zone: str) -> Iterable[RuleVersion]:
    rows = RuleVersion.objects.select_related("rule").filter(
        state__in=(*ACTING, State.PAUSED), site_ids__contains=[site.pk]
    )
    return [
        version
        for version in rows.order_by("rule__number", "number")
        if time_zone in _zones_of(version)
    ]


def _zones_of(version: RuleVersion) -> set[str]:
    """The clocks by which a version has hours."""
    lines = [*version.said.all_of, *version.said.except_any]
    return {zone_of(value) for line in lines if line.field == "time" for value in line.texts}
