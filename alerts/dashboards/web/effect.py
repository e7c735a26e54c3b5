"""What rules changed, in words: headline, chart with its table, sites, and what is left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from alerts.dashboards.engine.periods import SHIFT, ReportPeriod
from alerts.dashboards.measures import MEASURES, Share
from alerts.dashboards.queries.effect import ARRIVALS, Arrivals, Effect, KindLeft, LaterFindings
from alerts.dashboards.queries.series import SeriesPoint
from alerts.dashboards.web.links import address_of_link, queue_address
from alerts.dashboards.web.wording import decision_rates
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.engine.confidence_limits import upper_share
from alerts.sites.models import Site
from portal.ui.moments import READER, date_of, reader_clock
from portal.ui.pieces import Tab
from portal.ui.stacked_chart import StackedBar
from portal.ui.words import hours, number, percent

MIN_LOOKED_AT = 3  # fewer looks name no limit


def effect_in_words(
    effect: Effect,
    *,
    site: Site | None,
    hrefs_by_site: dict[str, str],
    weeks: int,
    days_left: int,
) -> dict[str, Any]:
    """All that the page shows."""
    listed = sum(kind.n for kind in effect.kinds_left)
    # What came before a workspace was read counts in no sum, but is listed.
    of = max(effect.whole.to_people, listed)
    return {
        "it": effect,
        "headline": effect_headline(effect.whole, site=site.name if site else ""),
        "sums": effect_sums(effect.whole, weeks=weeks),
        "days_left": days_left,
        "bars": [_bar(period, arrivals) for period, arrivals in effect.weeks],
        "chart_title": _chart_title(effect.weeks),
        "mark": _mark(effect),
        "rows": [_row(date_of(_day(period.end)), arrivals) for period, arrivals in effect.weeks],
        "first_day": date_of(_day(effect.weeks[0][0].end), year=False),
        "last_day": date_of(_day(effect.weeks[-1][0].end), year=False),
        "sites": [
            _row(name or gettext("No site"), arrivals, href=hrefs_by_site.get(name, ""))
            for name, arrivals in effect.sites
        ],
        "counts_twice": site is None
        and sum(arrivals.came for _, arrivals in effect.sites) > effect.whole.came,
        "decisions": _decisions(effect.decisions, first_live_at=effect.first_live_at),
        "saved": _saved(effect),
        "findings": findings_words(effect.findings),
        "kinds": [_kind(kind, of) for kind in effect.kinds_left],
        "rest": of - listed,
        "measures": [MEASURES[name] for name in (*ARRIVALS, "decisions")],
    }


def effect_headline(whole: Arrivals, *, site: str = "") -> str:
    """Return in one sentence how many of a hundred incidents no longer reach people."""
    if not whole.came:
        return gettext("No incident came.")
    if not whole.by_rule:
        return gettext("All incidents reach people: rules closed none.")
    names = {"site": site, "n": number(Share(whole.by_rule, whole.came).percent or 0)}
    if site:
        return gettext("Of 100 incidents at %(site)s, %(n)s no longer reach a person.") % names
    return gettext("Of 100 incidents, %(n)s no longer reach a person.") % names


def effect_sums(whole: Arrivals, *, weeks: int) -> str:
    """Return the numbers behind the headline."""
    words = ngettext(
        "In the last 7 days %(came)s incidents came: rules closed %(rules)s, %(people)s were left "
        "to people.",
        "In the last %(weeks)s weeks %(came)s incidents came: rules closed %(rules)s, %(people)s "
        "were left to people.",
        weeks,
    )
    return words % {
        "weeks": number(weeks),
        "came": number(whole.came),
        "rules": number(whole.by_rule),
        "people": number(whole.to_people),
    }


def share_of_arrivals(arrivals: Arrivals) -> str:
    """Return how much of what came rules closed; a dash where nothing came."""
    share = Share(arrivals.by_rule, arrivals.came).percent
    return "–" if share is None else percent(share / 100, 0)


def _day(moment: datetime) -> datetime:
    return moment.astimezone(reader_clock().zone(READER))


def _row(label: str, arrivals: Arrivals, *, href: str = "") -> dict[str, Any]:
    return {
        "label": label,
        "href": href,
        "it": arrivals,
        "share": share_of_arrivals(arrivals),
    }


def _bar(period: ReportPeriod, arrivals: Arrivals) -> StackedBar:
    day = date_of(_day(period.end), year=False)
    if arrivals.is_gap:
        return StackedBar(0, 0, gettext("Week to %(day)s: not read") % {"day": day}, is_gap=True)
    title = gettext("Week to %(day)s: %(people)s to people, %(rules)s closed by rules") % {
        "day": day,
        "people": number(arrivals.to_people),
        "rules": number(arrivals.by_rule),
    }
    return StackedBar(arrivals.to_people, arrivals.by_rule, title)


def _chart_title(weeks: Sequence[tuple[ReportPeriod, Arrivals]]) -> str:
    _, latest = weeks[-1]
    return gettext(
        "%(n)s weeks of incidents; in the latest %(people)s were left to people and rules closed "
        "%(rules)s."
    ) % {
        "n": number(len(weeks)),
        "people": number(latest.to_people),
        "rules": number(latest.by_rule),
    }


def _mark(effect: Effect) -> dict[str, Any]:
    """Where in the chart the first rule went live, in weeks from the left, and when."""
    at, start = effect.first_live_at, effect.weeks[0][0].start
    if at is None:
        return {"at": None, "words": gettext("No rule has gone live yet.")}
    words = gettext("First rule live: %(day)s") % {"day": date_of(_day(at))}
    if at <= start:
        return {"at": None, "words": words}
    step = effect.weeks[0][0].end - start
    return {"at": min((at - start) / step, float(len(effect.weeks))), "words": words}


def _decisions(points: Sequence[SeriesPoint], *, first_live_at: datetime | None) -> dict[str, Any]:
    """Decisions of people in the latest week, by shift, beside those before the first live rule."""
    before = None
    if first_live_at is not None:
        before = _a_shift([point for point in points if point.period.end <= first_live_at])
    value = points[-1].number.value
    return {
        "n": "–" if value is None else number(value),
        "rate": decision_rates(points[-1], a_thousand=None),
        "before": ""
        if before is None
        else gettext("%(n)s a shift before the first rule") % {"n": number(before, 1)},
    }


def _a_shift(points: Sequence[SeriesPoint]) -> float | None:
    """Decisions a shift, of the time in which they were recorded; None of less than a shift."""
    counted = [point for point in points if point.number.value is not None]
    shifts = sum(
        (point.period.end - point.period.start - point.missing) / SHIFT for point in counted
    )
    return sum(point.number.value or 0 for point in counted) / shifts if shifts >= 1 else None


def _saved(effect: Effect) -> dict[str, str]:
    """Hours that people were spared, and what that assumes."""
    measured = effect.time_to_close
    if effect.minutes_saved is None or measured.minutes is None:
        words = gettext("Known once 20 closings by people in Tagout were measured; so far %(n)s.")
        return {
            "value": gettext("Not known yet"),
            "basis": words % {"n": number(measured.closings)},
        }
    basis = gettext(
        "If each closed by a rule had taken %(minutes)s minutes, the median of %(n)s closings by "
        "people in 90 days, from creation to close and at most an hour."
    )
    return {
        "value": hours(effect.minutes_saved),
        "basis": basis % {"minutes": number(measured.minutes, 1), "n": number(measured.closings)},
    }


def findings_words(findings: LaterFindings) -> dict[str, str]:
    """How many of the closed were found suspicious afterwards, and the limit that looks prove."""
    if not findings.closed:
        return {"value": "–", "basis": gettext("Rules have closed nothing yet.")}
    value = gettext("%(wrong)s of %(n)s") % {
        "wrong": number(findings.wrong),
        "n": number(findings.looked_at),
    }
    closed = {"n": number(findings.closed), "looked": number(findings.looked_at)}
    if findings.looked_at < MIN_LOOKED_AT:
        basis = gettext(
            "Rules closed %(n)s, and people looked at %(looked)s of them afterwards: too few for an"
            " upper limit."
        )
        if not findings.looked_at:
            basis = gettext(
                "Rules closed %(n)s, and nobody looked at any of them afterwards: that proves no "
                "upper limit."
            )
            value = "–"
        return {"value": value, "basis": basis % closed}
    basis = gettext(
        "At most %(limit)s of what rules close could be (95 %% sure): people looked at %(looked)s "
        "of %(n)s afterwards."
    )
    limit = percent(upper_share(findings.wrong, findings.looked_at))
    return {"value": value, "basis": basis % (closed | {"limit": limit})}


def _kind(kind: KindLeft, of: int) -> dict[str, Any]:
    sides = [side for side in (kind.source, kind.destination) if side]
    terms = [f'type:"{kind.alert_type}"', *(f'device:"{side}"' for side in sides)]
    return {
        "it": kind,
        "title": bare_title(kind.alert_type),
        "sides": " → ".join(sides),
        "share": percent(kind.n / of, 0),
        "of": of,
        "href": queue_address("open", " ".join(terms)),
    }


def period_tabs(weeks: int, *, site: Site | None, periods: Sequence[int]) -> list[Tab]:
    """The periods to choose from."""
    names = {1: gettext("7 days"), 4: gettext("4 weeks"), 12: gettext("12 weeks")}
    return [Tab(names[n], effect_address(site, weeks=n), current=n == weeks) for n in periods]


def site_tabs(sites: Sequence[Site], *, chosen: Site | None, weeks: int) -> list[Tab]:
    """All sites and each of them; none where there is only one."""
    if len(sites) < 2:
        return []
    return [
        Tab(gettext("All sites"), effect_address(None, weeks=weeks), current=chosen is None),
        *(
            Tab(site.name, effect_address(site, weeks=weeks), current=site == chosen)
            for site in sites
        ),
    ]


def effect_address(site: Site | None, *, weeks: int = 1) -> str:
    """The page of one site or of all, for so many weeks."""
    base = address_of_link("dashboards:effect")
    pairs = [f"weeks={weeks}"] if weeks != 1 else []
    pairs += [f"site={site.uuid}"] if site else []
    return f"{base}?{'&'.join(pairs)}" if pairs else base
