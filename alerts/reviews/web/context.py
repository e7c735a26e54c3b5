"""What several pages of this room show: facts as sentences, and contexts of shared templates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.utils.translation import get_language, gettext

from alerts.incidents.models import Incident
from alerts.incidents.page.devices import outside_words
from alerts.incidents.page.panel import members_of
from alerts.incidents.page.pattern_history import PatternHistory
from alerts.incidents.wording import usual_hours_checks, usual_pattern_check
from alerts.reviews.engine.causes import VERDICT_CODES, causes_for
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Question, Verdict, VerdictKind
from alerts.reviews.policies import ot_people_at
from alerts.reviews.queries.facts import Ends, QuestionFacts
from alerts.reviews.queries.questions import AnswerInForce, AskPreview
from alerts.reviews.web.forms import (
    DONE_BY,
    HandOverForm,
    Occasions,
    VerdictForm,
    ids_in,
    occasions_of,
)
from alerts.sites.engine.devices import is_public_address
from alerts.sites.models import Device
from portal.accounts.sessions import actor_of
from portal.ui.moments import day_of, moment_words, zone_name, zone_of
from portal.ui.pieces import Choice, FlowNode
from portal.ui.words import length

type Check = tuple[bool | None, str]


@dataclass(frozen=True, slots=True)
class Reasons:
    """What may be added to one verdict."""

    verdict: str
    field: str
    choices: list[Choice]


def language() -> str:
    """The language of this page."""
    return get_language() or "en"


def due_words(preview: AskPreview, now: datetime) -> str:
    """By when a question is due, on the plant's clock: 26 Nov, 14:00 CET (in 1 h)."""
    zone = zone_of(preview.site.time_zone) or UTC
    earliest, latest = (
        gettext("%(time)s (in %(length)s)")
        % {
            "time": f"{day_of(at, now.astimezone(zone))}, {at:%H:%M} {zone_name(at)}",
            "length": length(at - now),
        }
        for at in (preview.earliest_due_at.astimezone(zone), preview.latest_due_at.astimezone(zone))
    )
    if earliest == latest:
        return earliest
    return gettext("%(earliest)s to %(latest)s, by severity") % {
        "earliest": earliest,
        "latest": latest,
    }


def reason(cause: str) -> str:
    """The words of a cause."""
    entry = cause_of(cause)
    return entry.label(language()) if entry else cause


def verdict_word(verdict: str) -> str:
    """The words of a verdict."""
    return gettext(VerdictKind(verdict).label)


def reasons_for(incident: Incident) -> list[Reasons]:
    """The reasons to offer, verdict by verdict."""
    return [
        Reasons(
            verdict,
            f"cause_{verdict}",
            [
                Choice(cause.id, cause.label(language()), cause.help(language()))
                for cause in causes_for(incident.alert_type, verdict)
            ],
        )
        for verdict in VERDICT_CODES
    ]


def warnings_of(facts: QuestionFacts | None, zone: str, *, now: datetime) -> list[Check]:
    """What was suspicious between the same devices or of the same pattern: to be read first."""
    if facts is None:
        return []
    warnings: list[Check] = []
    if facts.true_positive_at:
        when = {"when": moment_words(facts.true_positive_at, now, zone=zone_of(zone) or UTC)}
        warnings.append(
            (
                False,
                gettext("Another incident on the same devices was a true positive: %(when)s")
                % when,
            )
        )
    if facts.verdicts and facts.verdicts.counts["suspicious"]:
        warnings.append(_verdicts_check(facts.verdicts, is_doubted=True))
    return warnings


def checks_for_and_against(facts: QuestionFacts | None, zone: str) -> list[Check]:
    """The reasons for and against, as far as it was computed, without the warnings."""
    if facts is None:
        return [(None, gettext("Details are still being fetched from Sentinel"))]
    doubted, verdicts = facts.is_doubted, facts.verdicts
    checks = []
    if verdicts and not verdicts.counts["suspicious"]:
        checks.append(_verdicts_check(verdicts, is_doubted=doubted))
    checks.append(usual_pattern_check(facts.sightings, facts.days, is_doubted=doubted))
    checks += usual_hours_checks(facts.usual, zone, is_doubted=doubted)
    return checks


@dataclass(frozen=True, slots=True)
class NeutralFact:
    """A fact that counts neither for nor against."""

    icon: str
    words: str


def neutral_facts_of(
    facts: QuestionFacts | None, incident: Incident, zone: str
) -> list[NeutralFact]:
    """The facts that the first person saw, without a mark and without what OT said before."""
    found = []
    if facts is None:
        found.append(NeutralFact("clock", gettext("Details are still being fetched from Sentinel")))
    else:
        found.append(NeutralFact("clock", _sightings_sentence(facts)))
        for _, sentence in usual_hours_checks(facts.usual, zone, is_doubted=True):
            found.append(NeutralFact("calendar-clock", sentence))
    if incident.protocol:
        found.append(NeutralFact("network", incident.protocol))
    return found


def _sightings_sentence(facts: QuestionFacts) -> str:
    return usual_pattern_check(facts.sightings, facts.days, is_doubted=True)[1]


def _verdicts_check(verdicts: PatternHistory, *, is_doubted: bool) -> Check:
    counts = verdicts.counts
    ordered = sorted(VERDICT_CODES, key=lambda kind: (kind != "suspicious", -counts[kind]))
    mix = ", ".join(f"{counts[kind]}× {verdict_word(kind)}" for kind in ordered if counts[kind])
    words = gettext("OT said of others of this pattern: %(mix)s") % {"mix": mix}
    return verdicts.sign(is_doubted=is_doubted), words


def verdict_context(incident: Incident, form: VerdictForm | None = None) -> dict[str, Any]:
    """What the verdict form needs; a new one gets a new key."""
    form = form or VerdictForm(initial={"key": uuid4()})
    errors = form.errors if form.is_bound else {}
    problems = [
        sentence
        for name in (NON_FIELD_ERRORS, "key", "done_by", "work_order", "verdict")
        for sentence in errors.get(name, [])
    ]
    return {
        "form": form,
        "verdict_problems": problems,
        "reason_problems": errors.get("cause", []),
        "reasons": reasons_for(incident),
        "chosen": chosen_in(form),
    }


def occasions_in(
    form: VerdictForm | None,
    incidents: Sequence[Incident],
    *,
    ticked: Collection[int] | None = None,
    now: datetime,
    zone: str,
) -> Occasions:
    """The incidents that may be ticked: as in a form that comes back, else `ticked`, else all."""
    if form is not None and form.is_bound and "dates" in form.data:
        ticked = ids_in(form.ticked)
    return occasions_of(incidents, ticked=ticked, now=now, zone=zone)


def chosen_in(form: VerdictForm) -> dict[str, str]:
    """What was picked in a form that comes back."""
    data = form.data if form.is_bound else {}
    verdict = data.get("verdict", "")
    return {
        "verdict": verdict,
        "cause": data.get(f"cause_{verdict}", "") or data.get("cause", ""),
        "done_by": data.get("done_by", ""),
        "until": data.get("until", ""),
    }


def past_answer_context(answer: Verdict | None) -> dict[str, Any]:
    """The answer that was given, with its reason and its doer in words."""
    if answer is None:
        return {"answer": None}
    doers = {value: str(label) for value, label in DONE_BY}
    return {
        "answer": answer,
        "answer_reason": reason(answer.cause),
        "answer_done_by": doers.get(answer.done_by, ""),
    }


def answer_context(answer: AnswerInForce, now: datetime, zone: str) -> dict[str, Any]:
    """An answer with its reason in words and the incidents that it is about."""
    return past_answer_context(answer.verdict) | {
        "members": members_of(answer.incidents, now=now, zone=zone),
        "ids": ",".join(str(incident.pk) for incident in answer.incidents),
    }


def colleagues(question: Question, request: HttpRequest) -> HandOverForm | None:
    """To whom this person could hand the question over; None where there is nobody else."""
    me = actor_of(request)
    people = [
        person for person in ot_people_at(question.site, question.lead.workspace) if person != me
    ]
    return HandOverForm(people=people) if people else None


def nodes(
    incident: Incident, ends: Ends, *, is_neutral: bool = False
) -> tuple[FlowNode, FlowNode] | None:
    """Return both ends for the flow, None without two. Neutral ones hide criticality."""
    if not (incident.source and incident.destination):
        return None
    return (
        FlowNode(incident.source, _lines(incident.source, ends.source, is_neutral=is_neutral)),
        FlowNode(
            incident.destination,
            _lines(incident.destination, ends.destination, is_neutral=is_neutral),
            critical=ends.target_is_grave and not is_neutral,
        ),
    )


def _lines(name: str, device: Device | None, *, is_neutral: bool) -> tuple[str, ...]:
    """What it is; or that it is outside, where no inventory has it."""
    if device.is_outside if device else is_public_address(name):
        return (outside_words(),)
    if device is None:
        return ()
    is_marked = device.is_critical and not is_neutral
    critical = device.get_criticality_display() if is_marked else ""
    return tuple(filter(None, (device.kind, critical)))
