"""What happened to an incident, as sentences: people, the portal and Sentinel in one stream."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import FETCH_RAISE
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.models import Comment, Incident, OtState, TimelineItem
from alerts.incidents.queries import comments_of, timeline_of
from alerts.incidents.reads.wording import OT_WORDS, term
from alerts.outbox.models import Kind
from alerts.outbox.queries import changes_of, note_words

MOST = 300
PEOPLE = (TimelineItem.Side.SOC, TimelineItem.Side.OT)
_TERMED = ("severity", "status")  # whose words are Sentinel's, so that we know them
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
    """The newest first; comments stand among them. `who` leaves people or systems only."""
    items = timeline_of(incident).fetch_mode(FETCH_RAISE)
    if who == "people":
        items = items.filter(side__in=PEOPLE)
    elif who == "system":
        items = items.exclude(side__in=PEOPLE)
    found = [item for item in items[:MOST] if item.code != "commented"]
    lines = [_happening(item) for item in found]
    if who != "system":
        ours = incident.timeline.filter(side=TimelineItem.Side.OT).values_list(
            "by_label", flat=True
        )
        from_ot = set(ours)
        comments = comments_of(incident).exclude(name__in=_told_already(incident, found))
        lines += [_comment(each, from_ot) for each in comments.reverse()[:MOST]]
    if who != "people":
        lines.append(_raised(incident))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _told_already(incident: Incident, items: Iterable[TimelineItem]) -> list[str]:
    """Comments by which Sentinel reads an answer: the page tells the answer itself."""
    acts = {item.act for item in items if item.code == "answered" and item.act}
    if not acts:
        return []
    changes = changes_of(incident.workspace_id, incident.name)
    keys = changes.filter(kind=Kind.COMMENT, act__in=acts).values_list("key", flat=True)
    return [str(key) for key in keys]


def _happening(item: TimelineItem) -> Happening:
    said = _SAID.get(item.code, _unknown)
    made = said(item.details or {}, item)
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


type Made = dict[str, Any]
type Sayer = Callable[[Mapping[str, Any], TimelineItem], Made]


def _plain(sentence: Promise) -> Sayer:
    return lambda details, item: {"words": str(sentence)}


def _changed(sentence: Promise) -> Sayer:
    def say(details: Mapping[str, Any], item: TimelineItem) -> Made:
        nobody = gettext("nobody") if item.code == "owner" else ""
        word = term if item.code in _TERMED else str
        return {
            "words": str(sentence),
            "old": word(str(details.get("from") or nobody or "–")),
            "new": word(str(details.get("to") or nobody or "–")),
        }

    return say


def _answered(details: Mapping[str, Any], item: TimelineItem) -> Made:
    verdict = str(details.get("verdict", ""))
    word = OT_WORDS[OtState(verdict)] if verdict in OtState.values else verdict
    order = str(details.get("work_order") or "")
    words = gettext("judged it: %(verdict)s") % {"verdict": word}
    if order:
        words = gettext("%(words)s, work order %(order)s") % {"words": words, "order": order}
    return {"words": words, "quote": str(details.get("note") or "")}


def _asked(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("asked OT at %(site)s") % {"site": details.get("site", "")}
    question = str(details.get("question") or "")
    return {"words": words, "quote": gettext(question) if details.get("canned") else question}


def _handed_over(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("handed the question over to %(name)s") % {"name": details.get("to", "")}
    return {"words": words, "quote": str(details.get("note") or "")}


def _closed(details: Mapping[str, Any], item: TimelineItem) -> Made:
    terms = filter(None, (details.get("classification"), details.get("reason")))
    words = gettext("closed it as %(terms)s") % {"terms": " · ".join(map(str, terms))}
    return {"words": words, "quote": str(details.get("comment") or "")}


def _escalated(details: Mapping[str, Any], item: TimelineItem) -> Made:
    told = [str(name) for name in details.get("told") or []]
    owner = str(details.get("owner") or "")
    lines = [
        gettext("Owner: %(name)s") % {"name": owner} if owner else "",
        gettext("Told: %(names)s") % {"names": ", ".join(told)} if told else "",
    ]
    return {
        "words": gettext("escalated it"),
        "old": term(str(details.get("from") or "")),
        "new": term(str(details.get("to") or "")),
        "quote": str(details.get("note") or ""),
        "lines": tuple(filter(None, lines)),
    }


def _reopened(details: Mapping[str, Any], item: TimelineItem) -> Made:
    return {"words": gettext("opened it again"), "quote": str(details.get("because") or "")}


def _untrusted(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("closed it in a rule's name, but no rule of ours is known to have done so")
    return {"words": words, "quote": str(details.get("comment") or "")}


def _labels(details: Mapping[str, Any], item: TimelineItem) -> Made:
    added, removed = details.get("added") or [], details.get("removed") or []
    said = [f"+{name}" for name in added] + [f"−{name}" for name in removed]
    return {"words": gettext("changed labels: %(labels)s") % {"labels": ", ".join(said)}}


def _merged(details: Mapping[str, Any], item: TimelineItem) -> Made:
    into = details.get("into")
    if into is None:
        return {"words": gettext("merged it into another incident")}
    return {"words": gettext("merged it into #%(number)s") % {"number": into}}


_UNDONE = {
    "owner": gettext_lazy("took the assignment back"),
    "severity": gettext_lazy("took the change of severity back"),
    "closed": gettext_lazy("took the closing back"),
    "reopened": gettext_lazy("took the reopening back"),
    "commented": gettext_lazy("took a comment back"),
    "labels": gettext_lazy("took the labels back"),
    "escalated": gettext_lazy("undid the escalation"),
}
_MEMBERS = {
    "status": gettext_lazy("status"),
    "severity": gettext_lazy("severity"),
    "owner": gettext_lazy("owner"),
    "classification": gettext_lazy("classification"),
    "classificationReason": gettext_lazy("reason"),
    "classificationComment": gettext_lazy("closing comment"),
    "labels": gettext_lazy("labels"),
    "title": gettext_lazy("title"),
}


def _undone(details: Mapping[str, Any], item: TimelineItem) -> Made:
    known = _UNDONE.get(str(details.get("code")), gettext_lazy("took it back"))
    return {"words": str(known)}


def _conflict(details: Mapping[str, Any], item: TimelineItem) -> Made:
    """Who won, what stays, and what was wanted."""
    by = details.get("by") or "Tagout"
    words = gettext("was faster: a person changed it there before what %(name)s wanted arrived")
    lines = []
    for won in details.get("won") or []:
        member = str(_MEMBERS.get(str(won.get("member")), won.get("member")))
        said = gettext("%(member)s stays %(now)s; wanted was %(wanted)s")
        word = term if won.get("member") in _TERMED else str
        parts = {name: word(str(won.get(name) or "–")) for name in ("now", "wanted")}
        lines.append(said % {"member": member.capitalize(), **parts})
    return {"words": words % {"name": by}, "lines": tuple(lines) or _note(details)}


def _refused(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("could not write what %(name)s wanted: Sentinel refused it")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _dropped(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("did not send what %(name)s wanted: it was no longer right")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _note(details: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(filter(None, (note_words(str(details.get("note") or "")),)))


def _unknown(details: Mapping[str, Any], item: TimelineItem) -> Made:
    return {"words": item.code.replace("-", " ").replace("_", " ")}


_SAID: dict[str, Sayer] = {
    "asked": _asked,
    "opened": _plain(gettext_lazy("opened the question")),
    "answered": _answered,
    "withdrawn": _plain(gettext_lazy("withdrew the question")),
    "handed-over": _handed_over,
    "owner": _changed(gettext_lazy("changed the owner")),
    "severity": _changed(gettext_lazy("changed the severity")),
    "status": _changed(gettext_lazy("changed the status")),
    "title": _changed(gettext_lazy("changed the title")),
    "classification": _changed(gettext_lazy("changed the classification")),
    "closed": _closed,
    "escalated": _escalated,
    "reopened": _reopened,
    "untrusted": _untrusted,
    "returned": _plain(gettext_lazy("brought it back after it was deleted")),
    "labels": _labels,
    "merged": _merged,
    "gone": _plain(gettext_lazy("deleted it")),
    "undone": _undone,
    "conflict": _conflict,
    "refused": _refused,
    "dropped": _dropped,
}


def conflicts_of(happenings: Iterable[Happening]) -> list[Happening]:
    """Those lines that a person must not miss: what we wanted and did not happen."""
    return [line for line in happenings if line.is_conflict]
