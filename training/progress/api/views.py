"""Modules with one's own progress, one's own results, and the totals of a team."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    FloatField,
    IntegerField,
    Serializer,
)

from portal.api.fields import QueryFlag, QueryMoment, QueryNumber, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order, Own
from portal.api.views import Api, Resource, facts_alone
from training.catalog.models import Module
from training.progress.models import Attempt
from training.progress.policies import MIN_TEAM, TOTALS_ROLES
from training.progress.queries.lesson_progress import (
    ModuleProgress,
    attempts_visible_to,
    modules_visible_to,
    progress_of,
)
from training.progress.queries.team_totals import team_totals


class TrainingModuleSerializer(ListRow):
    """Modules of lessons in their order, with your own progress."""

    slug = CharField(help_text="its name in addresses")
    title = CharField(help_text="in English, as all lessons")
    summary = CharField(help_text="in a sentence; may be empty")
    order = IntegerField(help_text="its place in the curriculum")
    minutes = IntegerField(help_text="how long its lessons take")
    minutes_left = IntegerField(source="pk", help_text="what is left of them for you")
    lessons = IntegerField(source="pk", help_text="how many lessons it has")
    lessons_complete = IntegerField(
        source="pk", help_text="those of which you answered everything right"
    )
    questions = IntegerField(source="pk", help_text="how many questions they ask")
    right = IntegerField(source="pk", help_text="those that you answered right, at whichever try")
    due = IntegerField(source="pk", help_text="those that you are to answer again now")
    pass_mark = FloatField(help_text="the share of right answers that completes it")
    is_complete = BooleanField(source="pk", help_text="whether your right answers reach it")


MODULES = Listing(
    TrainingModuleSerializer,
    Order("order", newest_first=False, field=QueryNumber()),
)


class TrainingResultSerializer(ListRow):
    """Your own answers, latest first. Nobody else's are to be had."""

    id = IntegerField(help_text="numbers the answer")
    answered_at = DateTimeField(help_text="when")
    module = CharField(source="version.question.lesson.module.slug", help_text="slug of the module")
    lesson = CharField(source="version.question.lesson.slug", help_text="slug of the lesson")
    question = CharField(source="version.question.slug", help_text="slug of the question")
    version = IntegerField(source="version.number", help_text="which wording of it, from 1")
    number = IntegerField(help_text="the how-manieth try at this wording, from 1")
    is_correct = BooleanField(help_text="whether it was right")
    is_first_right = BooleanField(help_text="whether no answer to the question was right before")
    answer = DictField(help_text="what was chosen or typed, in the order of the author")

    class Meta:
        wide = ("answer",)


RESULTS = Listing(
    TrainingResultSerializer,
    Order("answered_at"),
    filters=(
        ListFilter(
            "module", QueryText(), "slug of a module", "version__question__lesson__module__slug"
        ),
        ListFilter("is_correct", QueryFlag(), "right or wrong ones only", "is_correct"),
        ListFilter(
            "answered_from",
            QueryMoment(),
            "not earlier than this",
            "answered_at__gte",
            indexed=True,
        ),
        ListFilter(
            "answered_to", QueryMoment(), "earlier than this", "answered_at__lt", indexed=True
        ),
    ),
)


class ModuleTotalsSerializer(Serializer[Any]):
    """What a team has learned of one module."""

    module = CharField(source="module.slug", help_text="its slug")
    title = CharField(source="module.title")
    began = IntegerField(help_text="at least so many people answered anything; in whole fives")
    finished = IntegerField(
        help_text="at least so many people's right answers reach its mark; in whole fives"
    )
    share_first_right = FloatField(
        allow_null=True,
        help_text="of the first tries, in whole twentieths; null where fewer than "
        f"{MIN_TEAM} began",
    )


class TotalsSerializer(Serializer[Any]):
    """What a team has learned."""

    people = IntegerField(help_text="how many the team has, without you")
    hidden_because = CharField(allow_null=True, help_text="why there are no results")
    counted_until = DateTimeField(
        help_text="answers count that were given before; moves on every Monday"
    )
    results = ModuleTotalsSerializer(many=True)


class ModuleViewSet(Resource):
    """Modules of lessons."""

    tag = "training-modules"
    title = gettext_lazy("Modules and my progress")
    listing = MODULES
    lookup_field = "slug"
    lookup_value_converter = "slug"

    def rows(self) -> QuerySet[Module]:
        """All modules, to those who may learn."""
        return modules_visible_to(self.person)

    @cached_property
    def _progress(self) -> dict[int, ModuleProgress]:
        return {module.module.pk: module for module in progress_of(self.person, now=self.now)}

    def own(self) -> Own:
        """The person's progress, counted when the first row needs it."""
        return Own(
            reads={
                "minutes_left": lambda pk: self._progress[pk].minutes_left,
                "lessons": lambda pk: len(self._progress[pk].lessons),
                "lessons_complete": lambda pk: self._progress[pk].lessons_done,
                "questions": lambda pk: self._progress[pk].total,
                "right": lambda pk: self._progress[pk].right,
                "due": lambda pk: self._progress[pk].due,
                "is_complete": lambda pk: self._progress[pk].is_complete,
            }
        )


class ResultViewSet(Resource):
    """Answers of the person who asks."""

    tag = "training-results"
    title = gettext_lazy("My answers")
    listing = RESULTS

    def rows(self) -> QuerySet[Attempt]:
        """The person's own."""
        return attempts_visible_to(self.person)


class Totals(Api):
    """What a team has learned, as totals."""

    tag = "training-totals"

    @facts_alone(TotalsSerializer, roles=TOTALS_ROLES)
    def show(self) -> dict[str, Any]:
        """How many of your team began and finished each module. Teams below five get no results."""
        totals = team_totals(self.person, now=self.now)
        hidden = f"The team has fewer than {MIN_TEAM} people: totals would tell of single ones."
        return {
            "people": totals.people,
            "hidden_because": hidden if totals.is_hidden else None,
            "counted_until": totals.counted_until,
            "results": totals.modules,
        }
