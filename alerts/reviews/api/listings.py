"""What lists of questions and of verdicts offer."""

from uuid import UUID

from django.db.models import Q

from alerts.reviews.models import Opinion, Review, SecondOpinion, Verdict
from portal.api.kinds import FLAG, ID, MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order

STATE = one_of({word: word for word in Review.State.values})
VERDICT = one_of({word: word for word in Verdict.values})
ASKED = one_of({word: word for word in Opinion.State.values})
OUTCOME = one_of({word: word for word in SecondOpinion.State.values})


def _review(uuid: UUID) -> Q:
    return Q(review__uuid=uuid)


def _or_none(word: str) -> str | None:
    return word or None


def _in_force(wanted: bool) -> Q:
    held = Q(withdrawn_at=None, superseded_by=None)
    return held if wanted else ~held


REVIEWS = Listing(
    "Review",
    "Questions that the SOC asked OT, latest first.",
    (
        Column("id", ID, "of the question", "uuid"),
        Column("state", STATE, "whose turn it is"),
        Column("workspace", TEXT, "name of the Sentinel workspace", "lead__workspace__name"),
        Column("site", TEXT, "name of the site that was asked", "site__name"),
        Column("question", TEXT, "what was asked"),
        Column("asked_by", TEXT, "who asked", "asked_by__name"),
        Column("asked_at", MOMENT, "when"),
        Column("due_at", MOMENT, "until when OT should answer"),
        Column("opened_at", MOMENT.or_null(), "when OT first looked"),
        Column("settled_at", MOMENT.or_null(), "when it was answered or withdrawn"),
        Column("lead_incident", NUMBER, "the gravest of its incidents", "lead_id"),
        Column("incidents", NUMBER.many(), "ids of its incidents that you may see", wide=True),
        Column("waiting_incidents", NUMBER.many(), "those of them that OT has not answered for",
               wide=True),
    ),
    Order("asked_at"),
    (
        Filter("state", STATE, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(site__name=name)),
        Filter("workspace", TEXT, "name of one workspace",
               lambda name: Q(lead__workspace__name=name)),
        Filter("due_before", MOMENT, "due before", lambda at: Q(due_at__lt=at)),
        Filter("asked_from", MOMENT, "asked at or after", lambda at: Q(asked_at__gte=at),
               indexed=True),
    ),
)  # fmt: skip

ANNOTATIONS = Listing(
    "Annotation",
    "Verdicts of OT, latest first. A later one supersedes an earlier one; none is ever changed.",
    (
        Column("id", ID, "of the verdict", "uuid"),
        Column("review", ID.or_null(), "the question that it answers", "review__uuid"),
        Column("verdict", VERDICT, "OT's word"),
        Column("cause", TEXT, "id of the reason"),
        Column("work_order", TEXT, "work order or change number"),
        Column("done_by", TEXT, "our-team, vendor, automation, or empty"),
        Column("note", TEXT, "in their own words"),
        Column("by", TEXT, "who gave it", "by__name"),
        Column("given_at", MOMENT, "when"),
        Column("superseded_by", ID.or_null(), "the later verdict", "superseded_by__uuid"),
        Column("withdrawn_at", MOMENT.or_null(), "when it was taken back"),
        Column("imported_at", MOMENT.or_null(), "when a file told it; null for one given here"),
        Column("incidents", NUMBER.many(), "ids of its incidents that you may see", wide=True),
    ),
    Order("given_at"),
    (
        Filter("verdict", VERDICT, "one or several", lambda these: Q(verdict__in=these)),
        Filter("review", ID, "answers to one question", _review),
        Filter("in_force", FLAG, "neither taken back nor superseded", _in_force),
        Filter("given_from", MOMENT, "given at or after", lambda at: Q(given_at__gte=at),
               indexed=True),
        Filter("given_before", MOMENT, "given before", lambda at: Q(given_at__lt=at),
               indexed=True),
    ),
)  # fmt: skip

SECOND_OPINIONS = Listing(
    "SecondOpinion",
    "Answers that were put to other people of OT, latest first. Whoever may still be asked about "
    "one does not see it before it is decided.",
    (
        Column("id", ID, "of the second opinion", "uuid"),
        Column("annotation", ID, "the answer that it is about", "annotation__uuid"),
        Column("verdict", VERDICT, "the verdict of that answer", "annotation__verdict"),
        Column("site", TEXT, "name of the site whose people are asked", "site__name"),
        Column("state", OUTCOME, "what it came to"),
        Column("opened_at", MOMENT, "since when it is asked"),
        Column("leads_asked_at", MOMENT.or_null(), "since when both leads are asked every day"),
        Column("decided_at", MOMENT.or_null(), "when it was decided"),
        Column("decided_by", TEXT.or_null(), "the lead who decided it alone", "decided_by__name"),
        Column("reason", TEXT, "why, in their words"),
        Column("correction", ID.or_null(), "the answer that took its place", "correction__uuid"),
    ),
    Order("opened_at"),
    (
        Filter("state", OUTCOME, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(site__name=name)),
        Filter("opened_from", MOMENT, "asked at or after", lambda at: Q(opened_at__gte=at),
               indexed=True),
    ),
)  # fmt: skip

# Nothing here says what the first person answered, nor which answer it is: the question is blind.
OPINIONS = Listing(
    "Opinion",
    "Second opinions that you are asked for, latest first. They tell of the incidents, and not "
    "what others made of them; that is told under `second-opinions/` once you have answered.",
    (
        Column("id", ID, "of the question", "uuid"),
        Column("state", ASKED, "waiting, or what became of it"),
        Column("site", TEXT, "name of the site", "second_opinion__site__name"),
        Column("asked_at", MOMENT, "when you were asked"),
        Column("due_at", MOMENT, "until when an answer helps"),
        Column("settled_at", MOMENT.or_null(), "when it was answered, passed on or withdrawn"),
        Column("verdict", VERDICT.or_null(), "your own word", read=_or_none),
        Column("cause", TEXT, "your reason"),
        Column("note", TEXT, "in your own words"),
        Column("incidents", NUMBER.many(), "ids of the incidents that it is about and that you "
               "may see", wide=True),
    ),
    Order("asked_at"),
    (
        Filter("state", ASKED, "one or several", lambda these: Q(state__in=these)),
        Filter("site", TEXT, "name of one site", lambda name: Q(second_opinion__site__name=name)),
    ),
)  # fmt: skip
