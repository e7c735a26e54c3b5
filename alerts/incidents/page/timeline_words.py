"""The sentence of each kind of line on a timeline, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.models import OtState, Status, TimelineItem
from alerts.incidents.wording import (
    OT_WORDS,
    classification_words,
    outcome_words,
    reason_words,
    term,
)
from alerts.outbox.queries import note_words

# How values of Sentinel's vocabulary are said; other values stand as they came.
_VALUE_WORDS: dict[str, Callable[[str], str]] = {
    "severity": term,
    "status": term,
    "classification": classification_words,
    "classificationReason": reason_words,
}

type Made = dict[str, Any]
type Sayer = Callable[[Mapping[str, Any], TimelineItem], Made]


def _plain(sentence: Promise) -> Sayer:
    return lambda details, item: {"words": str(sentence)}


def _changed(sentence: Promise) -> Sayer:
    def say(details: Mapping[str, Any], item: TimelineItem) -> Made:
        nobody = gettext("nobody") if item.code == "owner" else ""
        word = _VALUE_WORDS.get(item.code, str)
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


def _second_opinion(details: Mapping[str, Any], item: TimelineItem) -> Made:
    """What it came to, and who answered what."""
    sentence = _OUTCOMES.get(str(details.get("outcome")), gettext_lazy("second opinion"))
    said = {"name": details.get("by", ""), "verdict": _verdict(str(details.get("verdict", "")))}
    lines = tuple(
        f"{each.get('name', '')}: {_verdict(str(each.get('verdict', '')))}"
        for each in details.get("others") or []
    )
    return {
        "words": str(sentence) % said,
        "lines": lines,
        "quote": str(details.get("reason") or ""),
    }


def _asked(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("asked OT at %(site)s") % {"site": details.get("site", "")}
    question = str(details.get("question") or "")
    ready = gettext(question) if details.get("canned") else question
    return {"words": words, "quote": "\n".join(filter(None, (ready, details.get("own"))))}


def _handed_over(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("handed the question over to %(name)s") % {"name": details.get("to", "")}
    return {"words": words, "quote": str(details.get("note") or "")}


def _closed(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("closed it as %(outcome)s") % {"outcome": _outcome(details)}
    return {"words": words, "quote": str(details.get("comment") or "")}


def _escalated(details: Mapping[str, Any], item: TimelineItem) -> Made:
    told = [str(name) for name in details.get("told") or []]
    owner = str(details.get("owner") or "")
    lines = [
        gettext("Owner: %(name)s") % {"name": owner} if owner else "",
        gettext("Notified: %(names)s") % {"names": ", ".join(told)} if told else "",
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


def _status(details: Mapping[str, Any], item: TimelineItem) -> Made:
    """Closed in Sentinel is said as a close here is; other changes show both words."""
    if details.get("to") == Status.CLOSED.label and details.get("classification"):
        return _closed(details, item)
    return _changed(gettext_lazy("changed the status"))(details, item)


def _classification(details: Mapping[str, Any], item: TimelineItem) -> Made:
    made = _changed(gettext_lazy("changed the classification"))(details, item)
    return made | ({"new": _outcome(details)} if details.get("classification") else {})


_BECAUSE = {"alert-joined": gettext_lazy("Another alert joined that no rule covers.")}


def _reopened(details: Mapping[str, Any], item: TimelineItem) -> Made:
    """Tagout itself says why; what closed it before is named where it was a rule."""
    because, rule = str(details.get("because") or ""), details.get("closed_by")
    words = gettext("reopened it")
    if rule:
        words = gettext("reopened what rule %(rule)s had closed") % {"rule": rule}
    return {"words": words, "quote": str(_BECAUSE.get(because, because))}


def _closed_by_rule(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("closed it in Sentinel by itself: %(outcome)s")
    return {"words": words % {"outcome": _outcome(details)}, "quote": details.get("comment") or ""}


def _rule_stopped(details: Mapping[str, Any], item: TimelineItem) -> Made:
    sentence = _STOPPED.get(str(details.get("ending")), gettext_lazy("stopped rule %(rule)s"))
    return {"words": str(sentence) % {"rule": details.get("rule", "")}}


_STOPPED = {
    "true_positive": gettext_lazy("stopped rule %(rule)s: this turned out to be a true positive"),
    "reopened": gettext_lazy("stopped rule %(rule)s: somebody reopened what it had closed"),
    "joined": gettext_lazy("stopped rule %(rule)s: another alert joined that it does not cover"),
    "linked": gettext_lazy(
        "stopped rule %(rule)s: a true positive became known on the same device"
    ),
}


def _untrusted(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("closed it in the name of a rule, but no Tagout rule did that")
    return {"words": words, "quote": str(details.get("comment") or "")}


def _labels(details: Mapping[str, Any], item: TimelineItem) -> Made:
    added, removed = details.get("added") or [], details.get("removed") or []
    if item.side == TimelineItem.Side.PORTAL and added and not removed:
        return {"words": gettext("would have closed it; in its canary it only adds a label")}
    said = [f"+{name}" for name in added] + [f"−{name}" for name in removed]
    return {"words": gettext("changed labels: %(labels)s") % {"labels": ", ".join(said)}}


def _capture(sentence: Promise) -> Sayer:
    return lambda details, item: {"words": str(sentence) % {"name": details.get("name", "")}}


def _merged(details: Mapping[str, Any], item: TimelineItem) -> Made:
    into = details.get("into")
    if into is None:
        return {"words": gettext("merged it into another incident")}
    return {"words": gettext("merged it into #%(number)s") % {"number": into}}


_UNDONE = {
    "owner": gettext_lazy("undid the assignment"),
    "severity": gettext_lazy("undid the change of severity"),
    "closed": gettext_lazy("undid the close"),
    "reopened": gettext_lazy("undid the reopening"),
    "commented": gettext_lazy("removed the comment again"),
    "labels": gettext_lazy("undid the change of labels"),
    "answered": gettext_lazy("withdrew the verdict"),
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
    known = _UNDONE.get(str(details.get("code")), gettext_lazy("undid it"))
    return {"words": str(known)}


def _conflict(details: Mapping[str, Any], item: TimelineItem) -> Made:
    """Who won, what stays, and what was wanted."""
    by = details.get("by") or "Tagout"
    words = gettext(
        "kept a newer change: somebody changed it there before the change by %(name)s came"
    )
    lines = []
    for won in details.get("won") or []:
        member = str(_MEMBERS.get(str(won.get("member")), won.get("member")))
        said = gettext("%(member)s stays %(now)s, not %(wanted)s")
        word = _VALUE_WORDS.get(str(won.get("member")), str)
        parts = {name: word(str(won.get(name) or "–")) for name in ("now", "wanted")}
        lines.append(said % {"member": member.capitalize(), **parts})
    return {"words": words % {"name": by}, "lines": tuple(lines) or _note(details)}


def _refused(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("could not make the change by %(name)s: Sentinel refused it")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _dropped(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("did not send the change by %(name)s: it no longer applied")
    return {"words": words % {"name": details.get("by") or "Tagout"}, "lines": _note(details)}


def _note(details: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(filter(None, (note_words(str(details.get("note") or "")),)))


def _details_failed(details: Mapping[str, Any], item: TimelineItem) -> Made:
    words = gettext("could not read the alerts and devices of this incident")
    return {"words": words, "quote": str(details.get("reason") or "")}


def _unknown(details: Mapping[str, Any], item: TimelineItem) -> Made:
    return {"words": item.code.replace("-", " ").replace("_", " ")}


SENTENCES: dict[str, Sayer] = {
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
    "reopened": _reopened,
    "untrusted": _untrusted,
    "closed-by-rule": _closed_by_rule,
    "would-close": _plain(gettext_lazy("would have closed it; in its canary it only adds a label")),
    "rule-stopped": _rule_stopped,
    "details-failed": _details_failed,
    "returned": _plain(gettext_lazy("brought it back after it was deleted")),
    "labels": _labels,
    "merged": _merged,
    "capture": _capture(gettext_lazy("attached the capture %(name)s")),
    "capture-removed": _capture(gettext_lazy("removed the capture %(name)s")),
    "gone": _plain(gettext_lazy("deleted it")),
    "undone": _undone,
    "conflict": _conflict,
    "refused": _refused,
    "dropped": _dropped,
}


def sentence_for(item: TimelineItem) -> Made:
    """Return the words of a line, and its old and new value, quote and further lines, if any."""
    say = SENTENCES.get(item.code, _unknown)
    return say(item.details or {}, item)
