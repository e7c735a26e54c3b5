"""Home: one address, its content by role. Who has several roles gets the sections of each."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from alerts.dashboards.policies import can_see_everything, reads_plan, sections_of
from alerts.dashboards.queries.decisions import Decisions, decisions_for
from alerts.dashboards.queries.numbers import Numbers, numbers_for, trends_for
from alerts.dashboards.queries.ot import OtHome, ot_home
from alerts.dashboards.queries.soc import RecentAct, SocHome, Tile, soc_home
from alerts.dashboards.queries.status import OperatorDetails, operator_details
from alerts.dashboards.queries.sync import Sync, coverage_by_workspace
from alerts.dashboards.web.frame import syncs_of
from alerts.dashboards.web.links import address_of_link, fingerprint, lesson_address, queue_address
from alerts.dashboards.web.numbers import numbers_in_words
from alerts.dashboards.web.views.status import card_of, status_checks
from alerts.dashboards.web.wording import ACT_WORDS, classification
from alerts.incidents.wording import headline_of, sentence_of
from alerts.patterns.queries.plan import share_of, site_plans_for
from alerts.patterns.wording import offer_of
from alerts.suppression.policies import may_sign_rules
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import READING_ROLES
from portal.accounts.sessions import actor_of
from portal.ui.access import access_of
from portal.ui.responses import is_part_request, nothing_new, render_page
from portal.ui.words import number

MAX_OFFERS = 3  # sites: what fits beside the numbers without pushing them down
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
    if (decisions := decisions_for(person, now=now)) is not None:
        facts["decisions"] = decisions
    if reads_plan(person):
        facts["offers"] = _offers(person)
    if "numbers" in sections:
        facts["numbers"] = numbers_for(person, now=now)
    if "status" in sections:
        facts["status"] = _installation(request)
    mark = fingerprint({**facts, "status": facts.get("status", ())[:2]})  # moments of now left out
    if is_part_request(request) and request.GET.get("seen") == mark:
        return nothing_new()
    lesson = lesson_address(person)
    context = {
        "seen": mark,
        "name": person.given_name,
        "lesson": lesson,
        "summary": _summary(facts, is_learner=bool(lesson)),
        "access": None
        if sections and sections != ["status"]
        else access_of(request, READING_ROLES),
        "has_role": bool(roles_of(person)),
        "sections": sections,
        "now": now,
        **_words(request, facts, now),
    }
    return render_page(request, "alerts/dashboards/home.html", context, part="live")


def _words(request: HttpRequest, facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if "ot" in facts:
        words["ot"] = _ot(facts["ot"])
    if "soc" in facts:
        words["soc"] = _soc(facts["soc"])
    if "decisions" in facts:
        words["decisions"] = _decisions(facts["decisions"])
    words |= {"offers": facts.get("offers", ())[:MAX_OFFERS], "plan": address_of_link("plan:plan")}
    words["more_offers"] = len(facts.get("offers", ())) - len(words["offers"])
    if "numbers" in facts:
        words["numbers"] = _numbers(request, facts["numbers"], now)
    if "status" in facts:
        syncs, details, unshifted = facts["status"]
        words["cards"] = [card_of(sync, details, now, unshifted) for sync in syncs]
        words["checks"] = status_checks(details)
    return words


def _installation(request: HttpRequest) -> tuple[list[Sync], OperatorDetails, datetime]:
    syncs, unshifted = syncs_of(request), clock.unshifted()
    everywhere = can_see_everything(actor_of(request))
    ids = [sync.workspace_id for sync in syncs]
    details = operator_details(
        ids, everywhere=everywhere, now=clock.now_of(request), unshifted=unshifted
    )
    return syncs, details, unshifted


def _summary(facts: dict[str, Any], *, is_learner: bool) -> str:
    """What comes first, in a calm sentence or two."""
    if not facts and is_learner:
        return gettext("Your role sees no incidents.")
    if "status" in facts:
        return gettext("You administer the portal. Your role does not see incidents.")
    sentences = []
    if "ot" in facts and (n := facts["ot"].waiting):
        sentences.append(
            ngettext(
                "%(n)s question is waiting for you.", "%(n)s questions are waiting for you.", n
            )
            % {"n": number(n)}
        )
    if "decisions" in facts and facts["decisions"].is_signer:
        sentences += _rules_to_sign(facts["decisions"].proposed_in_all)
    if not sentences and "ot" in facts:
        return gettext("Nothing is waiting for you.")
    if "soc" in facts:
        sentences += _work_to_do(facts["soc"], calm=not sentences)
    elif "numbers" in facts and "ot" not in facts:
        n = facts["numbers"].open
        words = ngettext("%(n)s incident is open.", "%(n)s incidents are open.", n)
        sentences.append(words % {"n": number(n)})
    return " ".join(sentences)


def _rules_to_sign(n: int) -> list[str]:
    if not n:
        return []
    words = ngettext(
        "%(n)s rule is waiting for your signature.",
        "%(n)s rules are waiting for your signature.",
        n,
    )
    return [words % {"n": number(n)}]


def _work_to_do(soc: SocHome, *, calm: bool) -> list[str]:
    tiles = {tile.view: tile for tile in soc.tiles}
    needs, late = tiles["needs"].incidents, tiles["late"].rows
    sentences = []
    if needs:
        words = ngettext("%(n)s incident needs triage.", "%(n)s incidents need triage.", needs)
        sentences.append(words % {"n": number(needs)})
    if late:
        words = ngettext("%(n)s answer is late.", "%(n)s answers are late.", late)
        sentences.append(words % {"n": number(late)})
    if not sentences and calm:
        return [gettext("Nothing needs triage, and no answer is late.")]
    return sentences


def _ot(ot: OtHome) -> dict[str, Any]:
    return {
        "it": ot,
        "first": _question(ot.first) if ot.first else None,
        "others": [_question(question) for question in ot.others],
        "more": max(0, ot.waiting - bool(ot.first) - len(ot.others)),
        "list": address_of_link("reviews:list"),
        "answers": [
            {
                "it": answer,
                "headline": headline_of(answer.about),
                "href": address_of_link("reviews:answer", answer.question)
                if answer.question
                else address_of_link("incidents:incident", answer.about.incident_id),
                "outcome": classification(answer.classification),
            }
            for answer in ot.answers
        ],
    }


def _question(question: Any) -> dict[str, Any]:
    return {
        "it": question,
        "headline": headline_of(question.about),
        "sentence": sentence_of(question.about),
        "href": address_of_link("reviews:answer", question.uuid),
    }


def _soc(soc: SocHome) -> dict[str, Any]:
    return {
        "it": soc,
        "tiles": [
            {
                "label": TILES[tile.view],
                "rows": tile.rows,
                "hint": _rows_and_incidents(tile),
                "href": queue_address(tile.view),
                "hot": tile.view == "late" and tile.rows > 0,
            }
            for tile in soc.tiles
        ],
        "queue": queue_address("needs"),
        "mine": queue_address("mine"),
        "answered": queue_address("answered"),
        "to_triage": [
            (row, address_of_link("incidents:incident", row.incident_id)) for row in soc.to_triage
        ],
        "open_work": [
            (row, address_of_link("incidents:incident", row.incident_id)) for row in soc.open_work
        ],
        "answers": [
            (answer, address_of_link("incidents:incident", answer.incident_id))
            for answer in soc.answers
        ],
        "recent_acts": [
            (act, ACT_WORDS.get(act.code, act.code), _act_address(act)) for act in soc.recent_acts
        ],
    }


def _rows_and_incidents(tile: Tile) -> str:
    """What the tile's number counts, and how many incidents are in those rows."""
    rows = ngettext("row", "rows", tile.rows)
    incidents = ngettext("%(n)s incident", "%(n)s incidents", tile.incidents)
    return f"{rows} · {incidents % {'n': number(tile.incidents)}}"


def _act_address(act: RecentAct) -> str:
    """Return the act's page, the question, or the incident; nothing for several."""
    if act.bulk_act:
        return address_of_link("incidents:bulk", act.bulk_act)
    if act.question:
        return address_of_link("reviews:answer", act.question)
    return address_of_link("incidents:incident", act.incident_id) if act.title else ""


def _decisions(decisions: Decisions) -> dict[str, Any]:
    return {
        "it": decisions,
        "proposed": [
            (rule, address_of_link("suppression:rule", rule.uuid)) for rule in decisions.proposed
        ],
        "more": decisions.proposed_in_all - len(decisions.proposed),
        "approvals": address_of_link("suppression:approvals"),
        "ending": [
            (rule, address_of_link("suppression:rule", rule.uuid)) for rule in decisions.ending
        ],
        "stopped": [
            (rule, address_of_link("suppression:rule", rule.uuid)) for rule in decisions.stopped
        ],
        "more_stopped": decisions.stopped_in_all - len(decisions.stopped),
        "more_ending": decisions.ending_in_all - len(decisions.ending),
        "rules": address_of_link("suppression:rules"),
    }


def _offers(person: User) -> list[tuple[str, str, str]]:
    """Return where rules can be signed: the site, what they take off and the address of its plan,
    the largest gain first.
    """
    may_sign = may_sign_rules(person)
    open_plans = [plan for plan in site_plans_for(person) if plan.to_sign]
    open_plans.sort(key=lambda plan: -share_of(plan.to_sign))
    return [
        (plan.totals.site.name, offer_of(plan, may_sign=may_sign), f"?site={plan.totals.site.uuid}")
        for plan in open_plans
    ]


def _numbers(request: HttpRequest, numbers: Numbers, now: datetime) -> dict[str, Any]:
    syncs = syncs_of(request)
    covered = coverage_by_workspace(syncs)
    trends = trends_for(actor_of(request), covered=covered, now=now)
    return numbers_in_words(numbers, trends, syncs=syncs, covered=covered, now=now)
