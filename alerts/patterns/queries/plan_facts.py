"""A plan as plain data, for the API and the command line."""

from typing import Any

from alerts.patterns.queries.plan import PlanStep, SitePlan
from alerts.patterns.queries.questions import IncidentToAsk, Questions, answers_needed


def facts_of_plan(plan: SitePlan, questions: Questions) -> dict[str, Any]:
    """Return the plan of a site: its curve, gains, evidence that is missing, hours, questions."""
    judged, suspicious = plan.judged
    minutes = plan.minutes_a_month
    return {
        "site": plan.totals.site.name,
        "site_id": plan.totals.site.uuid,
        "counted_at": plan.totals.mining.ran_at,
        "days": plan.days,
        "incidents": plan.totals.incidents,
        "judged": judged,
        "suspicious": suspicious,
        "share_acting": round(plan.acting_share, 4),
        "share_signed": round(plan.signed_share, 4),
        "share_full": round(plan.full_share, 4),
        "rules_to_sign": len(plan.to_sign),
        "minutes_month": None if minutes is None else round(minutes, 1),
        "curve": _curve(plan),
        "questions": [_question(question) for question in questions.all],
        "questions_today": len(questions.today),
        "share_by_questions": round(questions.share, 4),
    }


def _curve(plan: SitePlan) -> list[dict[str, Any]]:
    """The steps in their order, each with the share that no longer reaches the SOC after it."""
    share = plan.totals.living_share
    curve = []
    for order, step in enumerate(plan.steps, start=1):
        share += step.share
        curve.append(_step(step, order, share))
    return curve


def _step(step: PlanStep, order: int, share: float) -> dict[str, Any]:
    row = step.pattern
    return {
        "order": order,
        "pattern": row.uuid,
        "title": row.title,
        "state": step.state.value,
        "rule": step.version.rule.label if step.version else None,
        "gain": step.gain,
        "gain_share": round(step.share, 4),
        "share": round(share, 4),
        "judged": row.judged,
        "suspicious": row.suspicious,
        "limit": row.limit,
        "is_little": row.is_little_evidence,
        "answers_needed": 0 if row.has_enough_evidence else answers_needed(row),
    }


def _question(question: IncidentToAsk) -> dict[str, Any]:
    return {
        "incident": question.incident.pk,
        "number": question.incident.number,
        "pattern": question.step.pattern.uuid,
        "about": question.about,
        "for_trial": question.is_for_trial,
    }
