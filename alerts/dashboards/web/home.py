"""Home: one address, its content by role. Who has several roles gets the sections of each."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from alerts.dashboards.policies import sections_of, sees_everywhere
from alerts.dashboards.queries.numbers import Numbers, numbers_for
from alerts.dashboards.queries.ot import OtHome, ot_home
from alerts.dashboards.queries.soc import Deed, SocHome, soc_home
from alerts.dashboards.queries.status import Details, details_of
from alerts.dashboards.queries.sync import Sync
from alerts.dashboards.web.links import address, answered_address, fingerprint, queue_address
from alerts.dashboards.web.status import card_of, checks_of
from alerts.dashboards.web.syncs import syncs_of
from alerts.dashboards.web.words import (
    DEEDS,
    classification,
    headline,
    sentence,
    share_words,
    span_words,
)
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import READING_ROLES, User
from portal.accounts.queries import roles_of
from portal.ui.access import access_of
from portal.ui.htmx import nothing_new, render_page, wants_part
from portal.ui.words import number

TILES = {
    "needs": gettext_lazy("Needs triage"),
    "waiting": gettext_lazy("Waiting for OT"),
    "late": gettext_lazy("Late answers"),
    "mine": gettext_lazy("Mine"),
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The page, its live part, or 204 when nothing changed since."""
    person, now = actor_of(request), clock.now()
    sections = sections_of(person)
    facts: dict[str, Any] = {}
    if "ot" in sections:
        facts["ot"] = ot_home(person)
    if "soc" in sections:
        facts["soc"] = soc_home(person, now=now)
    if "numbers" in sections:
        facts["numbers"] = numbers_for(person, now=now)
    if "status" in sections:
        facts["status"] = _installation(request)
    mark = fingerprint({**facts, "status": facts.get("status", ())[:2]})  # moments of now left out
    if wants_part(request) and request.GET.get("seen") == mark:
        return nothing_new()
    context = {
        "seen": mark,
        "name": person.given_name,
        "summary": _summary(facts),
        "access": None
        if sections and sections != ["status"]
        else access_of(request, READING_ROLES),
        "has_role": bool(roles_of(person)),
        "sections": sections,
        "now": now,
        **_words(person, facts, now),
    }
    return render_page(request, "alerts/dashboards/home.html", context, part="live")


def _words(person: User, facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if "ot" in facts:
        words["ot"] = _ot(facts["ot"])
    if "soc" in facts:
        words["soc"] = _soc(facts["soc"])
    if "numbers" in facts:
        words["numbers"] = _numbers(facts["numbers"])
    if "status" in facts:
        syncs, details, unshifted = facts["status"]
        words["cards"] = [card_of(sync, details, now, unshifted) for sync in syncs]
        words["checks"] = checks_of(details)
    return words


def _installation(request: HttpRequest) -> tuple[list[Sync], Details, datetime]:
    syncs, unshifted = syncs_of(request), clock.unshifted()
    everywhere = sees_everywhere(actor_of(request))
    ids = [sync.workspace_id for sync in syncs]
    details = details_of(ids, everywhere=everywhere, unshifted=unshifted)
    return syncs, details, unshifted


def _summary(facts: dict[str, Any]) -> str:
    """One calm sentence about what comes first."""
    if "ot" in facts:
        n = facts["ot"].waiting
        waits = ngettext("%(n)s question waits for you.", "%(n)s questions wait for you.", n)
        return waits % {"n": n} if n else gettext("Nothing waits for you.")
    if "soc" in facts:
        rows = {tile.view: tile.rows for tile in facts["soc"].tiles}
        return _soc_summary(rows["needs"], rows["late"])
    if "numbers" in facts:
        n = facts["numbers"].open
        return ngettext("%(n)s incident is open.", "%(n)s incidents are open.", n) % {
            "n": number(n)
        }
    if "status" in facts:
        return gettext("You look after the portal. Your role sees no incidents.")
    return ""


def _soc_summary(needs: int, late: int) -> str:
    if not needs and not late:
        return gettext("Nothing needs triage, and no answer is late.")
    said = ngettext("%(n)s row needs triage", "%(n)s rows need triage", needs) % {
        "n": number(needs)
    }
    if not late:
        return f"{said}."
    return said + ngettext(", %(n)s answer is late.", ", %(n)s answers are late.", late) % {
        "n": number(late)
    }


def _ot(it: OtHome) -> dict[str, Any]:
    return {
        "it": it,
        "first": _question(it.first) if it.first else None,
        "others": [_question(each) for each in it.others],
        "more": max(0, it.waiting - 1 - len(it.others)),
        "list": address("reviews:list"),
        "answers": [
            {
                "it": each,
                "headline": headline(each.about),
                "href": address("reviews:answer", each.review)
                if each.review
                else address("incidents:incident", each.about.incident_id),
                "outcome": classification(each.classification),
            }
            for each in it.answers
        ],
    }


def _question(question: Any) -> dict[str, Any]:
    return {
        "it": question,
        "headline": headline(question.about),
        "sentence": sentence(question.about),
        "href": address("reviews:answer", question.uuid),
    }


def _soc(it: SocHome) -> dict[str, Any]:
    return {
        "it": it,
        "tiles": [
            {
                "label": TILES[tile.view],
                "rows": tile.rows,
                "hint": ngettext("%(n)s incident", "%(n)s incidents", tile.incidents)
                % {"n": number(tile.incidents)},
                "href": queue_address(tile.view),
                "hot": tile.view == "late" and tile.rows > 0,
            }
            for tile in it.tiles
        ],
        "queue": queue_address("needs"),
        "mine": queue_address("mine"),
        "answered": queue_address("answered"),
        "open_work": [
            (row, address("incidents:incident", row.incident_id)) for row in it.open_work
        ],
        "answers": [(each, address("incidents:incident", each.incident_id)) for each in it.answers],
        "deeds": [
            (each, DEEDS.get(each.code, each.code), _deed_address(each)) for each in it.deeds
        ],
    }


def _deed_address(deed: Deed) -> str:
    """Where the act stands: its own page, the question, or the incident; nowhere for several."""
    if deed.bulk_act:
        return address("incidents:bulk", deed.bulk_act)
    if deed.review:
        return address("reviews:answer", deed.review)
    return address("incidents:incident", deed.incident_id) if deed.title else ""


def _numbers(it: Numbers) -> dict[str, Any]:
    return {
        "it": it,
        "open_href": queue_address("open"),
        "closed_href": queue_address("closed"),
        "reviews_href": answered_address(),
        "answered": share_words(it.answered),
        "answer_time": span_words(it.answer_time),
        "closed": [(classification(word), n) for word, n in it.closed],
        "places": [
            {
                "place": place,
                "answered": share_words(place.answered),
                "links": {
                    view: queue_address(view, f'{place.field}:"{place.name}"')
                    for view in ("open", "needs", "waiting", "late")
                },
            }
            for place in (*it.sites, *it.workspaces)
        ],
    }
