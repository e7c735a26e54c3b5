"""Modules with one's own progress, one's own results, and the totals of a team."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from portal.api.kinds import FLAG, FRACTION, MOMENT, NUMBER, OBJECT, TEXT, Kind
from portal.api.listing import Column, Filter, Listing, Order, Own
from portal.api.views import Api, Resource, facts_alone
from training.catalog.models import Module
from training.progress.models import Attempt
from training.progress.policies import MIN_TEAM, TOTALS_ROLES
from training.progress.queries import (
    ModuleProgress,
    attempts_visible_to,
    modules_visible_to,
    progress_of,
    team_totals,
)


def _described(kind: Kind, says: str) -> dict[str, Any]:
    return {**kind.schema, "description": says}


MODULES = Listing(
    "TrainingModule",
    "Modules of lessons in their order, with your own progress.",
    (
        Column("slug", TEXT, "its name in addresses"),
        Column("title", TEXT, "in English, as all lessons"),
        Column("summary", TEXT, "in a sentence; may be empty"),
        Column("order", NUMBER, "its place in the curriculum"),
        Column("minutes", NUMBER, "how long its lessons take"),
        Column("minutes_left", NUMBER, "what is left of them for you", "pk"),
        Column("lessons", NUMBER, "how many lessons it has", "pk"),
        Column("lessons_complete", NUMBER, "those of which you answered everything right", "pk"),
        Column("questions", NUMBER, "how many questions they ask", "pk"),
        Column("right", NUMBER, "those that you answered right, at whichever try", "pk"),
        Column("due", NUMBER, "those that you are to answer again now", "pk"),
        Column("pass_mark", FRACTION, "the share of right answers that completes it"),
        Column("is_complete", FLAG, "whether your right answers reach it", "pk"),
    ),
    Order("order", newest_first=False, kind=NUMBER),
)
RESULTS = Listing(
    "TrainingResult",
    "Your own answers, latest first. Nobody else's are to be had.",
    (
        Column("id", NUMBER, "numbers the answer"),
        Column("answered_at", MOMENT, "when"),
        Column("module", TEXT, "slug of the module", "version__question__lesson__module__slug"),
        Column("lesson", TEXT, "slug of the lesson", "version__question__lesson__slug"),
        Column("question", TEXT, "slug of the question", "version__question__slug"),
        Column("version", NUMBER, "which wording of it, from 1", "version__number"),
        Column("number", NUMBER, "the how-manieth try at this wording, from 1"),
        Column("is_correct", FLAG, "whether it was right"),
        Column("is_first_right", FLAG, "whether no answer to the question was right before"),
        Column("answer", OBJECT, "what was chosen or typed, in the order of the author", wide=True),
    ),
    Order("answered_at"),
    (
        Filter(
            "module",
            TEXT,
            "slug of a module",
            lambda slug: Q(version__question__lesson__module__slug=slug),
        ),
        Filter("is_correct", FLAG, "right or wrong ones only", lambda flag: Q(is_correct=flag)),
        Filter(
            "answered_from",
            MOMENT,
            "not earlier than this",
            lambda moment: Q(answered_at__gte=moment),
            indexed=True,
        ),
        Filter(
            "answered_to",
            MOMENT,
            "earlier than this",
            lambda moment: Q(answered_at__lt=moment),
            indexed=True,
        ),
    ),
)

TOTALS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "people": _described(NUMBER, "how many the team has, without you"),
        "hidden_because": _described(TEXT.or_null(), "why there are no results"),
        "counted_until": _described(
            MOMENT, "answers count that were given before; moves on every Monday"
        ),
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "module": _described(TEXT, "its slug"),
                    "title": TEXT.schema,
                    "began": _described(
                        NUMBER, "at least so many people answered anything; in whole fives"
                    ),
                    "finished": _described(
                        NUMBER,
                        "at least so many people's right answers reach its mark; in whole fives",
                    ),
                    "share_first_right": _described(
                        FRACTION.or_null(),
                        "of the first tries, in whole twentieths; null where fewer than "
                        f"{MIN_TEAM} began",
                    ),
                },
                "required": [
                    "module",
                    "title",
                    "began",
                    "finished",
                    "share_first_right",
                ],
            },
        },
    },
    "required": ["people", "hidden_because", "counted_until", "results"],
}


class ModuleViewSet(Resource):
    """Modules of lessons."""

    tag = "training-modules"
    listing = MODULES
    lookup_field = "slug"
    lookup_value_converter = "slug"

    def rows(self) -> QuerySet[Module]:
        """All modules, to those who may learn."""
        return modules_visible_to(self.person)

    @cached_property
    def _progress(self) -> dict[int, ModuleProgress]:
        return {each.module.pk: each for each in progress_of(self.person, now=self.now)}

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
    listing = RESULTS

    def rows(self) -> QuerySet[Attempt]:
        """The person's own."""
        return attempts_visible_to(self.person)


class Totals(Api):
    """What a team has learned, as totals."""

    tag = "training-totals"

    @facts_alone(TOTALS, roles=TOTALS_ROLES)
    def show(self) -> dict[str, Any]:
        """How many of your team began and finished each module. Teams below five get no results."""
        totals = team_totals(self.person, now=self.now)
        hidden = f"The team has fewer than {MIN_TEAM} people: totals would tell of single ones."
        return {
            "people": totals.people,
            "hidden_because": hidden if totals.is_hidden else None,
            "counted_until": totals.counted_until,
            "results": [
                {
                    "module": each.module.slug,
                    "title": each.module.title,
                    "began": each.began,
                    "finished": each.finished,
                    "share_first_right": each.share_first_right,
                }
                for each in totals.modules
            ],
        }
