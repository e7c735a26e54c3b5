"""What happened to an incident, as sentences: people, the portal and Sentinel in one stream."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import FETCH_RAISE
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.incidents.models import (
    Comment,
    Incident,
    IncidentCloser,
    IncidentStatus,
    OtState,
    TimelineItem,
)
from alerts.incidents.page.timeline_events import (
    TimelineEvent,
    closer_of,
    events_before_first_read,
    hidden_since,
    incidents_by_act,
    is_close_of,
    raised_event,
)
from alerts.incidents.queries import comments_of, timeline_of
from alerts.incidents.registry import TimelineSource
from alerts.incidents.wording import (
    OT_WORDS,
    REOPENING_REASONS,
    classification_words,
    outcome_words,
    put_aside_words,
    reason_words,
    term,
)
from alerts.outbox.models import WriteKind
from alerts.outbox.queries import changes_of
from alerts.outbox.wording import note_words
from alerts.sentinel.wording import error_words
from portal.ui.words import number

# How values of Sentinel's vocabulary are said; other values stand as they came.
_VALUE_WORDS: dict[str, Callable[[str], str]] = {
    "severity": term,
    "status": term,
    "classification": classification_words,
    "classificationReason": reason_words,
}

type Sentence = dict[str, Any]
type Describe = Callable[[Mapping[str, Any], TimelineItem], Sentence]


def _plain(sentence: Promise) -> Describe:
    return lambda details, item: {"words": str(sentence)}


def _changed(sentence: Promise) -> Describe:
    def sentence_of(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
        no_person = gettext("nobody") if item.code == "owner" else ""
        word = _VALUE_WORDS.get(item.code, str)
        return {
            "words": str(sentence),
            "old": word(str(details.get("from") or no_person or "–")),
            "new": word(str(details.get("to") or no_person or "–")),
        }

    return sentence_of


def _answered(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    verdict = str(details.get("verdict", ""))
    word = OT_WORDS[OtState(verdict)] if verdict in OtState.values else verdict
    order = str(details.get("work_order") or "")
    words = gettext("judged it: %(verdict)s") % {"verdict": word}
    if order:
        words = gettext("%(words)s, work order %(order)s") % {"words": words, "order": order}
    if details.get("imported"):
        words = gettext("%(words)s (imported)") % {"words": words}
    return {"words": words, "quote": str(details.get("note") or "")}


_OUTCOMES = {
    "confirmed": gettext_lazy("second opinion: the verdict %(verdict)s by %(name)s was confirmed"),
    "corrected": gettext_lazy("second opinion: the verdict %(verdict)s by %(name)s was corrected"),
    "harmless-to-soc": gettext_lazy(
        "set the verdict %(verdict)s by %(name)s aside: the SOC says that it was harmless"
    ),
    "not-sure": gettext_lazy(
        "second opinion: nobody else was sure; the verdict %(verdict)s by %(name)s stands"
    ),
}


def _verdict(word: str) -> str:
    return str(OT_WORDS[OtState(word)]) if word in OtState.values else word


def _second_opinion(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    """What it came to, and who answered what."""
    sentence = _OUTCOMES.get(str(details.get("outcome")), gettext_lazy("second opinion"))
    parts = {"name": details.get("by", ""), "verdict": _verdict(str(details.get("verdict", "")))}
    lines = tuple(
        f"{opinion.get('name', '')}: {_verdict(str(opinion.get('verdict', '')))}"
        for opinion in details.get("others") or []
    )
    return {
        "words": str(sentence) % parts,
        "lines": lines,
        "quote": str(details.get("reason") or ""),
    }


def _asked(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("asked OT at %(site)s") % {"site": details.get("site", "")}
    question = str(details.get("question") or "")
    ready = gettext(question) if details.get("canned") else question
    return {"words": words, "quote": "\n".join(filter(None, (ready, details.get("own"))))}


def _handed_over(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("handed the question over to %(name)s") % {"name": details.get("to", "")}
    return {"words": words, "quote": str(details.get("note") or "")}


def _closed(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("closed it as %(outcome)s") % {"outcome": _outcome(details)}
    return {"words": words, "quote": str(details.get("comment") or "")}


def _escalated(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    names = [str(name) for name in details.get("told") or []]
    owner = str(details.get("owner") or "")
    lines = [
        gettext("Owner: %(name)s") % {"name": owner} if owner else "",
        gettext("Notified: %(names)s") % {"names": ", ".join(names)} if names else "",
    ]
    return {
        "words": gettext("escalated it"),
        "old": term(str(details.get("from") or "")),
        "new": term(str(details.get("to") or "")),
        "quote": str(details.get("note") or ""),
        "lines": tuple(filter(None, lines)),
    }


def _outcome(details: Mapping[str, Any]) -> str:
    return outcome_words(str(details.get("classification") or ""), str(details.get("reason") or ""))


def _status(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    """A close in Sentinel reads as a close here does; other changes show both words."""
    if details.get("to") == IncidentStatus.CLOSED.label and details.get("classification"):
        return _closed(details, item)
    return _changed(gettext_lazy("changed the status"))(details, item)


def _classification(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    made = _changed(gettext_lazy("changed the classification"))(details, item)
    return made | ({"new": _outcome(details)} if details.get("classification") else {})


def _reopened(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    """Return Tagout's reason, and the rule by whose name it was closed before."""
    because, rule = str(details.get("because") or ""), details.get("closed_by")
    words = gettext("reopened it")
    if rule:
        words = gettext("reopened what rule %(rule)s had closed") % {"rule": rule}
    return {"words": words, "quote": str(REOPENING_REASONS.get(because, because))}


def _closed_by_rule(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("closed it in Sentinel by itself: %(outcome)s")
    return {"words": words % {"outcome": _outcome(details)}, "quote": details.get("comment") or ""}


def _rule_stopped(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    sentence = _STOPPED.get(str(details.get("ending")), gettext_lazy("stopped rule %(rule)s"))
    names = {name: details.get(name, "") for name in ("rule", "device", "workspace")}
    return {"words": str(sentence) % names}


_STOPPED = {
    "cap-of-rule": gettext_lazy("stopped rule %(rule)s: it had closed as many as it may in a day"),
    "cap-of-workspace": gettext_lazy("stopped all rules of %(workspace)s: they closed too many"),
    "true_positive": gettext_lazy("stopped rule %(rule)s: this turned out to be a true positive"),
    "reopened": gettext_lazy("stopped rule %(rule)s: somebody reopened what it had closed"),
    "joined": gettext_lazy("stopped rule %(rule)s: another alert joined that no rule may close"),
    "linked": gettext_lazy(
        "stopped rule %(rule)s: a true positive became known on the same device"
    ),
    "device-linked": gettext_lazy("asked for another look: %(device)s is in a true positive"),
    "device-held": gettext_lazy("found it closed by %(rule)s while %(device)s was held open"),
}


def _untrusted(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("closed it in the name of a rule, but no Tagout rule did that")
    return {"words": words, "quote": str(details.get("comment") or "")}


def _labels(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    added, removed = details.get("added") or [], details.get("removed") or []
    if item.side == TimelineItem.Side.PORTAL and added and not removed:
        if details.get("kept_open"):
            return {"words": gettext("covers it in its trial, but something keeps it open")}
        return {"words": gettext("would have closed it; in its trial it only adds a label")}
    labels = [f"+{name}" for name in added] + [f"−{name}" for name in removed]
    return {"words": gettext("changed labels: %(labels)s") % {"labels": ", ".join(labels)}}


def _task(sentence: Promise) -> Describe:
    return lambda details, item: {
        "words": str(sentence),
        "quote": str(details.get("title") or ""),
    }


def _capture(sentence: Promise) -> Describe:
    return lambda details, item: {"words": str(sentence) % {"name": details.get("name", "")}}


def _playbook(sentence: Promise) -> Describe:
    """What a person did about a playbook, why, and who consented where it acts on the plant."""

    def sentence_of(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
        name = str(details.get("consent") or "")
        consent = gettext("Consented: %(name)s") % {"name": name} if name else ""
        return {
            "words": str(sentence) % {"name": details.get("name", "")},
            "quote": str(details.get("reason") or ""),
            "lines": tuple(filter(None, (consent,))),
        }

    return sentence_of


def _merged(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    into = details.get("into")
    if into is None:
        return {"words": gettext("merged it into another incident")}
    return {"words": gettext("merged it into #%(number)s") % {"number": into}}


def _verdict_moved(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    verdict = str(details.get("verdict", ""))
    word = OT_WORDS[OtState(verdict)] if verdict in OtState.values else verdict
    words = gettext("took over the verdict %(verdict)s from #%(number)s, which was merged into it")
    return {"words": words % {"verdict": word, "number": details.get("from")}}


def _verdict_partial(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext(
        "notes the verdict of OT on #%(number)s, which was merged into it; the rest is open"
    )
    return {"words": words % {"number": details.get("from")}}


def _question_moved(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("asks OT on: the question about #%(number)s, which was merged into it, goes on")
    if details.get("to"):
        words = gettext("has the question to OT go on about #%(number)s")
    return {"words": words % {"number": details.get("to") or details.get("from")}}


_UNDONE = {
    "owner": gettext_lazy("undid the assignment"),
    "severity": gettext_lazy("undid the change of severity"),
    "closed": gettext_lazy("undid the close"),
    "reopened": gettext_lazy("undid the reopening"),
    "commented": gettext_lazy("removed the comment again"),
    "labels": gettext_lazy("undid the change of labels"),
    "answered": gettext_lazy("withdrew the verdict"),
    "escalated": gettext_lazy("undid the escalation"),
    "aside": gettext_lazy("undid putting it aside, or bringing it back"),
    "playbook": gettext_lazy("took the playbook back before it started"),
    "task-added": gettext_lazy("removed the task again"),
    "task-completed": gettext_lazy("undid the completion of a task"),
    "task-reopened": gettext_lazy("undid the reopening of a task"),
}
MEMBER_WORDS = {
    "status": gettext_lazy("status"),
    "severity": gettext_lazy("severity"),
    "owner": gettext_lazy("owner"),
    "classification": gettext_lazy("classification"),
    "classificationReason": gettext_lazy("reason"),
    "classificationComment": gettext_lazy("closing comment"),
    "labels": gettext_lazy("labels"),
    "title": gettext_lazy("title"),
}


def member_value_words(member: str, value: object) -> str:
    """Return a value of a member as people say it; what Sentinel's vocabulary lacks as it came."""
    return _VALUE_WORDS.get(member, str)(str(value)) if value else ""


def _undone(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    sentence = _UNDONE.get(str(details.get("code")), gettext_lazy("undid it"))
    return {"words": str(sentence)}


def _conflict(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    """Who won, what stays, and what was wanted."""
    by = details.get("by") or "Tagout"
    words = gettext(
        "kept a newer change: somebody changed it there before the change by %(name)s came"
    )
    lines = []
    for won in details.get("won") or []:
        member = str(MEMBER_WORDS.get(str(won.get("member")), won.get("member")))
        sentence = gettext("%(member)s stays %(now)s, not %(wanted)s")
        word = _VALUE_WORDS.get(str(won.get("member")), str)
        parts = {name: word(str(won.get(name) or "–")) for name in ("now", "wanted")}
        lines.append(sentence % {"member": member.capitalize(), **parts})
    return {"words": words % {"name": by}, "lines": tuple(lines) or _note(details)}


def _refused(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("could not make the change by %(name)s: Sentinel refused it")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _dropped(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("did not send the change by %(name)s: it no longer applied")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _note(details: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(filter(None, (note_words(str(details.get("note") or "")),)))


def _details_failed(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    words = gettext("could not read the alerts and devices of this incident")
    return {"words": words, "quote": error_words(str(details.get("reason") or ""))}


def _unknown(details: Mapping[str, Any], item: TimelineItem) -> Sentence:
    return {"words": item.code.replace("-", " ").replace("_", " ")}


SENTENCES: dict[str, Describe] = {
    "asked": _asked,
    "opened": _plain(gettext_lazy("read the question")),
    "answered": _answered,
    "withdrawn": _plain(gettext_lazy("withdrew the question")),
    "handed-over": _handed_over,
    "second-opinion": _second_opinion,
    "owner": _changed(gettext_lazy("changed the owner")),
    "severity": _changed(gettext_lazy("changed the severity")),
    "status": _status,
    "title": _changed(gettext_lazy("changed the title")),
    "classification": _classification,
    "closed": _closed,
    "escalated": _escalated,
    "aside": lambda details, item: {"words": put_aside_words(details.get("to"), item.at)},
    "reopened": _reopened,
    "untrusted": _untrusted,
    "closed-by-rule": _closed_by_rule,
    "would-close": _plain(gettext_lazy("would have closed it; in its trial it only adds a label")),
    "rule-stopped": _rule_stopped,
    "device-held": _rule_stopped,
    "details-failed": _details_failed,
    "returned": _plain(gettext_lazy("brought it back after it was deleted")),
    "labels": _labels,
    "merged": _merged,
    "verdict-moved": _verdict_moved,
    "verdict-partial": _verdict_partial,
    "question-moved": _question_moved,
    "capture": _capture(gettext_lazy("attached the capture %(name)s")),
    "capture-removed": _capture(gettext_lazy("removed the capture %(name)s")),
    "playbook": _playbook(gettext_lazy("ran the playbook %(name)s")),
    "consent-asked": _playbook(gettext_lazy("asked for consent to the playbook %(name)s")),
    "consent-given": _playbook(gettext_lazy("consented to the playbook %(name)s")),
    "consent-declined": _playbook(gettext_lazy("declined the playbook %(name)s")),
    "task-added": _task(gettext_lazy("added a task")),
    "task-completed": _task(gettext_lazy("completed a task")),
    "task-reopened": _task(gettext_lazy("reopened a task")),
    "gone": _plain(gettext_lazy("deleted it")),
    "undone": _undone,
    "conflict": _conflict,
    "refused": _refused,
    "dropped": _dropped,
}


def sentence_for(item: TimelineItem) -> Sentence:
    """Return the words of a line, and its old and new value, quote and further lines, if any."""
    sentence_of = SENTENCES.get(item.code, _unknown)
    return sentence_of(item.details or {}, item)


MAX_ITEMS = 300
PEOPLE = (TimelineItem.Side.SOC, TimelineItem.Side.OT)
type Who = str  # all, people or system


def timeline_events_of(incident: Incident, who: Who = "all") -> list[TimelineEvent]:
    """The newest first; comments are among them. `who` leaves people or systems only. Where a
    verdict is hidden from the reader of the incident, nothing that came after it.
    """
    rows = timeline_of(incident).fetch_mode(FETCH_RAISE)
    if who == "people":
        rows = rows.filter(side__in=PEOPLE)
    elif who == "system":
        rows = rows.exclude(side__in=PEOPLE)
    items = list(rows[:MAX_ITEMS])
    listed_items = [item for item in items if item.code != "commented"]
    closer, acts = closer_of(incident), incidents_by_act(listed_items)
    lines = [_happening(item, closer, acts) for item in listed_items]
    if who != "system":
        answers = _shown_already(incident, listed_items)
        comments = list(comments_of(incident).exclude(name__in=answers).reverse()[:MAX_ITEMS])
        from_ot = (
            _people_of_ot(incident) if any(comment.ours for comment in comments) else frozenset()
        )
        lines += [_comment(comment, from_ot) for comment in comments]
        lines += _from_other_rooms(incident)
    if who != "people":
        is_whole = who == "all" and not incident.hidden_verdict and len(items) < MAX_ITEMS
        changes = items[::-1] if is_whole else incident.timeline.order_by("at", "pk")
        lines += [raised_event(incident), *events_before_first_read(incident, changes, closer)]
    if incident.hidden_verdict:
        lines.append(hidden_since(incident.hidden_verdict.given_at))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _from_other_rooms(incident: Incident) -> list[TimelineEvent]:
    hidden = incident.hidden_verdict
    return [
        event
        for source in TimelineSource.entries
        for event in source.read(incident)
        if hidden is None or event.at < hidden.given_at
    ]


def _people_of_ot(incident: Incident) -> frozenset[str]:
    """Who of OT did anything here."""
    of_ot = incident.timeline.filter(side=TimelineItem.Side.OT)
    return frozenset(of_ot.values_list("by_label", flat=True))


def _shown_already(incident: Incident, items: Iterable[TimelineItem]) -> list[str]:
    """Comments by which Sentinel reads an answer: the page shows the answer itself."""
    acts = {item.act for item in items if item.code == "answered" and item.act}
    if not acts:
        return []
    changes = changes_of(incident.workspace_id, incident.name)
    keys = changes.filter(kind=WriteKind.COMMENT, act__in=acts).values_list("key", flat=True)
    return [str(key) for key in keys]


def _happening(
    item: TimelineItem, closer: IncidentCloser | None, acts: Mapping[UUID, int]
) -> TimelineEvent:
    made = sentence_for(item)
    if others := acts.get(item.act, 1) - 1 if item.act else 0:
        words = ngettext("Together with %(n)s other", "Together with %(n)s others", others)
        made["lines"] = (*made.get("lines", ()), words % {"n": number(others)})
    return TimelineEvent(
        ref=f"t{item.pk}",
        at=item.at,
        team=item.side,
        who=_name(item, closer),
        is_conflict=item.code in ("conflict", "refused", "dropped"),
        **made,
    )


def _name(item: TimelineItem, closer: IncidentCloser | None) -> str:
    if item.by:
        return item.by.name
    if closer and is_close_of(item, closer):
        return closer.name
    if item.side == TimelineItem.Side.PORTAL and item.by_label.startswith("R-"):
        return gettext("Rule %(rule)s") % {"rule": item.by_label}
    names = {TimelineItem.Side.PORTAL: "Tagout", TimelineItem.Side.SENTINEL: "Sentinel"}
    return item.by_label or str(names.get(TimelineItem.Side(item.side), item.side))


def _comment(comment: Comment, from_ot: Collection[str]) -> TimelineEvent:
    author = comment.author or "Sentinel"
    team = "ot" if author in from_ot else "soc"
    return TimelineEvent(
        ref=f"c{comment.pk}",
        at=comment.created_at,
        team=team if comment.ours else "sentinel",
        who=author,
        words=gettext("commented") if comment.ours else gettext("commented in Sentinel"),
        quote=comment.message,
    )


def conflicts_of(happenings: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """Those lines that a person must not miss: what we wanted and did not happen."""
    return [line for line in happenings if line.is_conflict]
