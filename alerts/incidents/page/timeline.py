"""What happened to an incident, as sentences: people, the portal and Sentinel in one stream."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import FETCH_RAISE
from django.utils.translation import gettext

from alerts.incidents.models import Comment, Incident, Status, TimelineItem
from alerts.incidents.page.timeline_words import sentence_for
from alerts.incidents.queries import comments_of, timeline_of
from alerts.incidents.wording import outcome_words
from alerts.outbox.models import Kind
from alerts.outbox.queries import changes_of

MAX_ITEMS = 300
_OF_CLOSING = ("closed", "status", "reopened", "closed-by-rule", "classification")
PEOPLE = (TimelineItem.Side.SOC, TimelineItem.Side.OT)
type Who = str  # all, people or system


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: who, what, perhaps from what to what, perhaps in their own words."""

    ref: str
    at: datetime
    team: str
    who: str
    words: str
    old: str = ""
    new: str = ""
    quote: str = ""
    lines: tuple[str, ...] = ()
    is_conflict: bool = False


def happenings_of(incident: Incident, who: Who = "all") -> list[Happening]:
    """The newest first; comments stand among them. `who` leaves people or systems only. Where a
    verdict is hidden from the reader of the incident, nothing that came after it.
    """
    items = timeline_of(incident).fetch_mode(FETCH_RAISE)
    if who == "people":
        items = items.filter(side__in=PEOPLE)
    elif who == "system":
        items = items.exclude(side__in=PEOPLE)
    found = [item for item in items[:MAX_ITEMS] if item.code != "commented"]
    lines = [_happening(item) for item in found]
    if who != "system":
        rows = comments_of(incident).exclude(name__in=_told_already(incident, found))
        comments = list(rows.reverse()[:MAX_ITEMS])
        from_ot = _people_of_ot(incident) if any(each.ours for each in comments) else frozenset()
        lines += [_comment(each, from_ot) for each in comments]
    if who != "people":
        lines += [_raised(incident), *_closed_before(incident)]
    if incident.hidden_verdict:
        lines.append(_hidden_since(incident.hidden_verdict.given_at))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _people_of_ot(incident: Incident) -> frozenset[str]:
    """Who of OT did anything here."""
    of_ot = incident.timeline.filter(side=TimelineItem.Side.OT)
    return frozenset(of_ot.values_list("by_label", flat=True))


def _hidden_since(at: datetime) -> Happening:
    words = gettext("hides what came after this until you have answered")
    return Happening("hidden", at, "portal", "Tagout", words)


def _told_already(incident: Incident, items: Iterable[TimelineItem]) -> list[str]:
    """Comments by which Sentinel reads an answer: the page tells the answer itself."""
    acts = {item.act for item in items if item.code == "answered" and item.act}
    if not acts:
        return []
    changes = changes_of(incident.workspace_id, incident.name)
    keys = changes.filter(kind=Kind.COMMENT, act__in=acts).values_list("key", flat=True)
    return [str(key) for key in keys]


def _happening(item: TimelineItem) -> Happening:
    made = sentence_for(item)
    return Happening(
        ref=f"t{item.pk}",
        at=item.at,
        team=item.side,
        who=_name(item),
        is_conflict=item.code in ("conflict", "refused", "dropped"),
        **made,
    )


def _name(item: TimelineItem) -> str:
    if item.by:
        return item.by.name
    if item.side == TimelineItem.Side.PORTAL and item.by_label.startswith("R-"):
        return gettext("Rule %(rule)s") % {"rule": item.by_label}
    names = {TimelineItem.Side.PORTAL: "Tagout", TimelineItem.Side.SENTINEL: "Sentinel"}
    return item.by_label or str(names.get(TimelineItem.Side(item.side), item.side))


def _comment(comment: Comment, from_ot: Collection[str]) -> Happening:
    author = comment.author or "Sentinel"
    team = "ot" if author in from_ot else "soc"
    return Happening(
        ref=f"c{comment.pk}",
        at=comment.created_at,
        team=team if comment.ours else "sentinel",
        who=author,
        words=gettext("commented") if comment.ours else gettext("commented in Sentinel"),
        quote=comment.message,
    )


def _raised(incident: Incident) -> Happening:
    words = gettext("raised the incident")
    return Happening("raised", incident.created_at, "sentinel", "Sentinel", words)


def _closed_before(incident: Incident) -> list[Happening]:
    """That Tagout never knew it open, when Sentinel had changed it last by then."""
    if incident.status != Status.CLOSED:
        return []
    changes = set(incident.timeline.filter(code__in=_OF_CLOSING).values_list("code", flat=True))
    if changes - {"classification"}:
        return []
    words = gettext("had closed it before Tagout first read it")
    if not changes:  # it is still closed as it was
        outcome = outcome_words(incident.classification, incident.classification_reason)
        words = gettext("had closed it as %(outcome)s before Tagout first read it")
        words %= {"outcome": outcome}
    at = incident.closed_at or incident.stored_at
    return [Happening("closed-before", at, "sentinel", "Sentinel", words)]


def conflicts_of(happenings: Iterable[Happening]) -> list[Happening]:
    """Those lines that a person must not miss: what we wanted and did not happen."""
    return [line for line in happenings if line.is_conflict]
