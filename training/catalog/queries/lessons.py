"""What learners see: modules, lessons, questions and captures, without retired ones; and the
reviews of what alert types show of ATT&CK for ICS, shipped ones and those of this deployment.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db.models import FETCH_RAISE, Count, F, Func, Q, QuerySet, TextField, Value

from portal.attack import engine as attack
from training.catalog.engine.reviews import REVIEWS_FILE, TypeReview, load_reviews
from training.catalog.models import (
    AlertTypeReview,
    LearningPath,
    Lesson,
    LessonCapture,
    LessonQuestion,
    Module,
    QuestionVersion,
)

_TEXTS = ("body", "outline", "sources")
_TYPES = Func(F("alert_types"), Value(" "), function="array_to_string", output_field=TextField())
MAX_WORDS = 8  # of a search


@dataclass(frozen=True, slots=True)
class TechniqueName:
    """A technique as lessons show it."""

    id: str
    name: str


def modules_in_order() -> list[Module]:
    """Return the modules that have lessons."""
    taught = Lesson.objects.filter(is_retired=False).order_by().values("module")
    return list(Module.objects.filter(pk__in=taught).fetch_mode(FETCH_RAISE))


def learning_paths() -> list[LearningPath]:
    """Return all paths."""
    paths = LearningPath.objects.filter(is_retired=False)
    return list(paths.defer("source").fetch_mode(FETCH_RAISE))


def lessons_in_order(module: Module | None = None) -> QuerySet[Lesson]:
    """Return the lessons of all modules or of one, without their texts."""
    lessons = Lesson.objects.filter(is_retired=False).select_related("module").defer(*_TEXTS)
    return lessons if module is None else lessons.filter(module=module)


def lesson_names() -> set[str]:
    """Return all lessons as learning paths name them, module/lesson."""
    rows = Lesson.objects.filter(is_retired=False).order_by()
    return {f"{module}/{lesson}" for module, lesson in rows.values_list("module__slug", "slug")}


def question_ids_by_lesson() -> dict[int, list[int]]:
    """Return the ids of the questions of every lesson, in their order."""
    rows = LessonQuestion.objects.filter(is_retired=False, lesson__is_retired=False)
    ids: dict[int, list[int]] = {}
    for question_id, lesson_id in rows.order_by("position").values_list("pk", "lesson_id"):
        ids.setdefault(lesson_id, []).append(question_id)
    return ids


def question_counts() -> dict[int, int]:
    """Return how many questions each module has, by its id; modules without any are left out."""
    rows = LessonQuestion.objects.filter(is_retired=False, lesson__is_retired=False).order_by()
    counts = rows.values("lesson__module").annotate(n=Count("pk"))
    return dict(counts.values_list("lesson__module", "n"))


def module_by_version() -> dict[int, int]:
    """Return the id of the module of every version of a question that is asked, current or not."""
    rows = QuestionVersion.objects.filter(
        question__is_retired=False, question__lesson__is_retired=False
    )
    return dict(rows.order_by().values_list("pk", "question__lesson__module"))


def module_at(slug: str) -> Module | None:
    """Return the module at an address."""
    return Module.objects.filter(slug=slug).first()


def lesson_at(module_slug: str, slug: str) -> Lesson | None:
    """Return the lesson at an address, with its texts."""
    lessons = Lesson.objects.select_related("module").filter(is_retired=False)
    return lessons.filter(module__slug=module_slug, slug=slug).first()


def current_versions(lesson: Lesson) -> list[QuestionVersion]:
    """Return what the questions of a lesson ask now, in their order."""
    return list(
        QuestionVersion.objects.select_related("question")
        .filter(question__lesson=lesson, question__is_retired=False, is_current=True)
        .order_by("question__position")
        .fetch_mode(FETCH_RAISE)
    )


def current_versions_of(question_ids: Collection[int]) -> QuerySet[QuestionVersion]:
    """Return what these questions ask now, with lesson (without its texts) and module."""
    return versions_in_use().filter(question__in=question_ids, is_current=True)


def versions_in_use() -> QuerySet[QuestionVersion]:
    """Return all wordings of the questions that are asked, with lesson (without its texts) and
    module.
    """
    versions = QuestionVersion.objects.filter(
        question__is_retired=False, question__lesson__is_retired=False
    )
    texts = [f"question__lesson__{name}" for name in _TEXTS]
    return versions.select_related("question__lesson__module").defer(*texts)


def question_of_version(version_id: int) -> int | None:
    """Return the id of the question of a version, current or not."""
    versions = QuestionVersion.objects.filter(pk=version_id)
    return versions.values_list("question_id", flat=True).first()


def capture_at(module_slug: str, name: str) -> LessonCapture | None:
    """Return the capture at an address."""
    return LessonCapture.objects.filter(module__slug=module_slug, name=name).first()


def lessons_about(alert_types: Collection[str]) -> QuerySet[Lesson]:
    """Return the lessons about any of these alert types, without their texts."""
    return lessons_in_order().filter(alert_types__overlap=list(alert_types))


def lessons_like(text: str) -> QuerySet[Lesson]:
    """Return the lessons about the technique of this id; else those whose title, or one of whose
    alert types, has all words of the text. Without their texts.
    """
    lessons = lessons_in_order()
    if technique := attack.technique(text):
        return lessons.filter(techniques__contains=[technique.current_id])
    for word in text.split()[:MAX_WORDS]:
        has_word = Q(title__icontains=word) | Q(types__icontains=word)
        lessons = lessons.annotate(types=_TYPES).filter(has_word)
    return lessons


def techniques_of_lesson(lesson: Lesson) -> list[TechniqueName]:
    """Return the techniques of a lesson with their names of today."""
    techniques = [attack.technique(technique_id) for technique_id in lesson.techniques]
    return [
        TechniqueName(technique.id, technique.full_name) for technique in techniques if technique
    ]


@cache
def shipped_reviews() -> Mapping[str, TypeReview]:
    """Return what Tagout's own authors wrote about each alert type, by title."""
    path = settings.BASE_DIR / "training" / "content" / REVIEWS_FILE
    return load_reviews(path.read_text(encoding="utf-8"))


def reviews_in_force() -> dict[str, TypeReview]:
    """Return the review that holds for each alert type, by title: the latest of this deployment,
    or the shipped one.
    """
    rows = AlertTypeReview.objects.order_by("alert_type", "-reviewed_at", "-pk")
    return {**shipped_reviews()} | {
        row.alert_type: _review_of(row) for row in rows.distinct("alert_type")
    }


def reviews_of_type(alert_type: str) -> list[TypeReview]:
    """Return all reviews of an alert type, the one that holds first; the shipped one is last."""
    rows = AlertTypeReview.objects.filter(alert_type=alert_type).order_by("-reviewed_at", "-pk")
    shipped = shipped_reviews().get(alert_type)
    return [_review_of(row) for row in rows] + ([shipped] if shipped else [])


def reviewed_techniques() -> dict[str, frozenset[str]]:
    """Return the techniques that each alert type counts at, by title and in today's ids."""
    return {title: review.current_techniques for title, review in reviews_in_force().items()}


def _review_of(row: AlertTypeReview) -> TypeReview:
    return TypeReview(
        alert_type=row.alert_type,
        techniques=tuple(row.techniques),
        note=row.note,
        reviewer=row.reviewer_name,
        attack_version=row.attack_version,
        reviewed_at=row.reviewed_at,
    )
