"""Load a checked curriculum into rows. Doing it again changes nothing, and learners keep what they
have answered.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from portal.audit.services import Actor, record
from portal.errors import Refused
from training.catalog.engine import content
from training.catalog.engine.content import QuestionType
from training.catalog.engine.curriculum import Curriculum
from training.catalog.models import (
    Capture,
    Card,
    CurriculumImport,
    LearningPath,
    Lesson,
    Module,
    Question,
    QuestionVersion,
)

_LOCK = 0x7EAC  # the advisory lock under which one import runs at a time
# What makes a text poorer but not wrong keeps nobody from learning: `training check` names it.
_NO_OBSTACLE = frozenset({"REVIEW-DUE", "UNKNOWN-MODULE", "NO-FEEDBACK"})


class CannotImportCurriculum(Refused):
    """The texts have faults; nothing was imported."""


@transaction.atomic
def import_curriculum(*, curriculum: Curriculum, by: Actor, now: datetime) -> dict[str, int]:
    """Store the modules of a curriculum; return how many rows are new, changed, retired. Refuses
    texts with faults. Modules and paths that it does not hold stay as they are.
    """
    faults = [fault for fault in curriculum.faults if fault.code not in _NO_OBSTACLE]
    if faults:
        raise CannotImportCurriculum(
            f"The modules have {len(faults)} faults; nothing was imported. The first: {faults[0]}"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    counts = Counter({"new": 0, "changed": 0, "retired": 0})
    for module in curriculum.modules:
        _store_module(module, counts)
    for path in curriculum.paths:
        _store_path(path, counts)
    if counts.total():
        row = CurriculumImport.objects.create(
            imported_at=now, by_label=str(by)[:200], changes=dict(counts)
        )
        modules = [module.id for module in curriculum.modules]
        record(
            "catalog.curriculum.imported",
            on=row,
            by=by,
            at=now,
            modules=modules,
            changes=dict(counts),
        )
    return dict(counts)


def _store_module(module: content.Module, counts: Counter[str]) -> None:
    names = (
        "title summary order minutes nice attack_version prerequisites pass_mark review_by licence"
    )
    values = {name: _plain(getattr(module, name)) for name in names.split()}
    row = _store(Module, {"slug": module.id}, values, counts)
    lessons = [_store_lesson(row, lesson, counts) for lesson in module.lessons]
    _retire(row.lessons.all(), lessons, counts)
    cards = [
        _store(Card, {"module": row, "slug": card.id}, _values_of_card(card, position), counts)
        for position, card in enumerate(module.cards, 1)
    ]
    _retire(row.cards.all(), cards, counts)
    for name, path in module.captures.items():
        data = path.read_bytes()
        values = {"sha256": hashlib.sha256(data).hexdigest(), "data": data}
        _store(Capture, {"module": row, "name": name}, values, counts)


def _store_path(path: content.LearningPath, counts: Counter[str]) -> None:
    values = {
        "title": path.title,
        "summary": path.summary,
        "nice": list(path.nice),
        "days": [{"title": day.title, "lessons": list(day.lessons)} for day in path.days],
    }
    _store(LearningPath, {"slug": path.id}, values, counts)


def _store_lesson(module: Module, lesson: content.Lesson, counts: Counter[str]) -> Lesson:
    names = "title summary number minutes techniques alert_types review_by"
    values = {name: _plain(getattr(lesson, name)) for name in names.split()}
    # A triage question is answered in a lab; until there are labs, lessons go without.
    questions = [each for each in lesson.questions if each.type is not QuestionType.TRIAGE]
    offered = {question.id for question in questions}
    values |= {
        "body": [
            {"question": block.question} if block.question else {"html": block.html}
            for block in lesson.blocks
            if not block.question or block.question in offered
        ],
        "outline": [asdict(heading) for heading in lesson.outline],
        "sources": list(lesson.sources),
        "is_retired": False,
    }
    row = _store(Lesson, {"module": module, "slug": lesson.id}, values, counts)
    stored = [
        _store_question(row, question, position, counts)
        for position, question in enumerate(questions, 1)
    ]
    _retire(row.questions.all(), stored, counts)
    return row


def _store_question(
    lesson: Lesson, question: content.Question, position: int, counts: Counter[str]
) -> Question:
    values = {"position": position, "is_retired": False}
    row = _store(Question, {"lesson": lesson, "slug": question.id}, values, counts)
    versions = {version.content_hash: version for version in row.versions.order_by("number")}
    current = next((version for version in versions.values() if version.is_current), None)
    words = {
        "content_hash": question.content_hash,
        "type": question.type.value,
        "techniques": list(question.techniques),
        "stored": question.as_json(),
    }
    wanted = versions.get(question.content_hash)
    if wanted is None and current is not None and question.is_minor_edit:
        wanted = current
    if wanted is not None and wanted == current:
        _update(wanted, words, counts)
        return row
    if current is not None:
        QuestionVersion.objects.filter(pk=current.pk).update(is_current=False)
    if wanted is not None:  # the author went back to an earlier wording
        _update(wanted, words | {"is_current": True}, counts)
    else:
        QuestionVersion.objects.create(question=row, number=len(versions) + 1, **words)
        counts["changed" if versions else "new"] += 1
    return row


def _values_of_card(card: content.Card, position: int) -> dict[str, Any]:
    values = {name: value for name, value in asdict(card).items() if name != "id"}
    return values | {"sources": list(card.sources), "position": position, "is_retired": False}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _store[Row: models.Model](
    model: type[Row], key: Mapping[str, Any], values: Mapping[str, Any], counts: Counter[str]
) -> Row:
    """Return the row of this key with these values, and count it where it had to be written."""
    row, is_new = model._default_manager.get_or_create(**key, defaults=dict(values))
    if is_new:
        counts["new"] += 1
    else:
        _update(row, values, counts)
    return row


def _update(row: models.Model, values: Mapping[str, Any], counts: Counter[str]) -> None:
    changed = [name for name, value in values.items() if _stored(row, name) != value]
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        row.save(update_fields=changed)
        counts["changed"] += 1


def _stored(row: models.Model, name: str) -> Any:
    value = getattr(row, name)
    return bytes(value) if isinstance(value, memoryview) else value


def _retire[Row: models.Model](
    rows: models.QuerySet[Row], kept: Iterable[Row], counts: Counter[str]
) -> None:
    gone = rows.filter(is_retired=False).exclude(pk__in=[row.pk for row in kept])
    counts["retired"] += gone.update(is_retired=True)
