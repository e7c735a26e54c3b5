"""What lists of questions and of verdicts offer."""

from django.db.models import Q
from rest_framework.serializers import (
    CharField,
    ChoiceField,
    DateTimeField,
    IntegerField,
    ListField,
    UUIDField,
)

from alerts.reviews.models import CameBy, Opinion, Question, SecondOpinion, VerdictKind
from portal.api.fields import QueryChoices, QueryFlag, QueryMoment, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


def _or_none(word: str) -> str | None:
    return word or None


def _in_force(flag: bool) -> Q:
    in_force = Q(withdrawn_at=None, superseded_by=None)
    return in_force if flag else ~in_force


class QuestionSerializer(ListRow):
    """Questions that the SOC asked OT, latest first."""

    id = UUIDField(source="uuid", help_text="of the question")
    state = ChoiceField(Question.State.values, help_text="whose turn it is")
    workspace = CharField(source="lead.workspace.name", help_text="name of the Sentinel workspace")
    site = CharField(source="site.name", help_text="name of the site that was asked")
    question = CharField(source="text", help_text="what was asked")
    asked_by = CharField(source="asked_by.name", help_text="who asked")
    asked_at = DateTimeField(help_text="when")
    due_at = DateTimeField(help_text="until when OT should answer")
    opened_at = DateTimeField(allow_null=True, help_text="when OT first looked")
    settled_at = DateTimeField(allow_null=True, help_text="when it was answered or withdrawn")
    lead_incident = IntegerField(source="lead_id", help_text="the gravest of its incidents")
    incidents = ListField(child=IntegerField(), help_text="ids of its incidents that you may see")
    waiting_incidents = ListField(
        child=IntegerField(), help_text="those of them that OT has not answered for"
    )

    class Meta:
        ref_name = "Review"  # in the description of the API, as its address
        wide = (
            "incidents",
            "waiting_incidents",
        )


QUESTIONS = Listing(
    QuestionSerializer,
    Order("asked_at"),
    filters=(
        ListFilter("state", QueryChoices(Question.State.values), "one or several", "state__in"),
        ListFilter("site", QueryText(), "name of one site", "site__name"),
        ListFilter("workspace", QueryText(), "name of one workspace", "lead__workspace__name"),
        ListFilter("due_before", QueryMoment(), "due before", "due_at__lt"),
        ListFilter("asked_from", QueryMoment(), "asked at or after", "asked_at__gte", indexed=True),
    ),
)


class VerdictSerializer(ListRow):
    """Verdicts of OT, latest first. A later one supersedes an earlier one; none is ever changed."""

    id = UUIDField(source="uuid", help_text="of the verdict")
    review = UUIDField(
        allow_null=True, source="question.uuid", help_text="the question that it answers"
    )
    verdict = ChoiceField(VerdictKind.values, source="kind", help_text="OT's word")
    cause = CharField(help_text="id of the reason")
    work_order = CharField(help_text="work order or change number")
    done_by = CharField(help_text="our-team, vendor, automation, or empty")
    note = CharField(help_text="in their own words")
    by = CharField(source="by.name", help_text="who gave it")
    given_at = DateTimeField(help_text="when")
    superseded_by = UUIDField(
        allow_null=True, source="superseded_by.uuid", help_text="the later verdict"
    )
    withdrawn_at = DateTimeField(allow_null=True, help_text="when it was taken back")
    imported_at = DateTimeField(
        allow_null=True, help_text="when a file told it; null for one given here"
    )
    came_by = ChoiceField(
        CameBy.values,
        help_text=(
            "how it came here; those of a page count as a person's look, those of a file once a"
            " lead of OT has confirmed it"
        ),
    )
    incidents = ListField(child=IntegerField(), help_text="ids of its incidents that you may see")

    class Meta:
        ref_name = "Annotation"  # in the description of the API, as its address
        wide = ("incidents",)


VERDICTS = Listing(
    VerdictSerializer,
    Order("given_at"),
    filters=(
        ListFilter("verdict", QueryChoices(VerdictKind.values), "one or several", "kind__in"),
        ListFilter("review", UUIDField(), "answers to one question", "question__uuid"),
        ListFilter("in_force", QueryFlag(), "neither taken back nor superseded", _in_force),
        ListFilter("given_from", QueryMoment(), "given at or after", "given_at__gte", indexed=True),
        ListFilter("given_before", QueryMoment(), "given before", "given_at__lt", indexed=True),
    ),
)


class SecondOpinionSerializer(ListRow):
    """Answers that were put to other people of OT, latest first. Whoever may still be asked about
    one does not see it before it is decided.
    """

    id = UUIDField(source="uuid", help_text="of the second opinion")
    annotation = UUIDField(source="verdict.uuid", help_text="the answer that it is about")
    verdict = ChoiceField(
        VerdictKind.values, source="verdict.kind", help_text="the verdict of that answer"
    )
    site = CharField(source="site.name", help_text="name of the site whose people are asked")
    state = ChoiceField(SecondOpinion.State.values, help_text="what it came to")
    opened_at = DateTimeField(help_text="since when it is asked")
    leads_asked_at = DateTimeField(
        allow_null=True, help_text="since when both leads are asked every day"
    )
    decided_at = DateTimeField(allow_null=True, help_text="when it was decided")
    decided_by = CharField(
        allow_null=True, source="decided_by.name", help_text="the lead who decided it alone"
    )
    reason = CharField(help_text="why, in their words")
    correction = UUIDField(
        allow_null=True, source="correction.uuid", help_text="the answer that took its place"
    )


SECOND_OPINIONS = Listing(
    SecondOpinionSerializer,
    Order("opened_at"),
    filters=(
        ListFilter(
            "state", QueryChoices(SecondOpinion.State.values), "one or several", "state__in"
        ),
        ListFilter("site", QueryText(), "name of one site", "site__name"),
        ListFilter(
            "opened_from", QueryMoment(), "asked at or after", "opened_at__gte", indexed=True
        ),
    ),
)


# Nothing here says what the first person answered, nor which answer it is: the question is blind.


class OpinionSerializer(ListRow):
    """Second opinions that you are asked for, latest first. They tell of the incidents, and not
    what others made of them; that is listed under `second-opinions/` once you have answered.
    """

    id = UUIDField(source="uuid", help_text="of the question")
    state = ChoiceField(Opinion.State.values, help_text="waiting, or what became of it")
    site = CharField(source="second_opinion.site.name", help_text="name of the site")
    asked_at = DateTimeField(help_text="when you were asked")
    due_at = DateTimeField(help_text="until when an answer helps")
    settled_at = DateTimeField(
        allow_null=True, help_text="when it was answered, passed on or withdrawn"
    )
    verdict = ChoiceField(VerdictKind.values, allow_null=True, help_text="your own word")
    cause = CharField(help_text="your reason")
    note = CharField(help_text="in your own words")
    incidents = ListField(
        child=IntegerField(), help_text="ids of the incidents that it is about and that you may see"
    )

    class Meta:
        wide = ("incidents",)


OPINIONS = Listing(
    OpinionSerializer,
    Order("asked_at"),
    filters=(
        ListFilter("state", QueryChoices(Opinion.State.values), "one or several", "state__in"),
        ListFilter("site", QueryText(), "name of one site", "second_opinion__site__name"),
    ),
    reads={
        "verdict": _or_none,
    },
)
