"""The teaching as rows. `import_curriculum` writes them; what an author takes out is retired, never
deleted, because learners' attempts point to it. And what people here think of alert types.
"""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from training.catalog.engine import content
from training.catalog.engine.module_files import PublishedFile


class CurriculumImport(models.Model):
    """One run of `training import` that changed something."""

    imported_at = models.DateTimeField()
    by_label = models.CharField(max_length=200)
    changes = models.JSONField()  # counts by name

    def __str__(self) -> str:
        return f"import of {self.imported_at:%Y-%m-%d %H:%M}"


class Module(models.Model):
    """A folder of lessons about one subject."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    nice = ArrayField(models.CharField(max_length=20), default=list)  # NICE work roles
    attack_version = models.CharField(max_length=10)
    prerequisites = ArrayField(models.SlugField(), default=list)
    pass_mark = models.FloatField()  # share of its questions answered right, 0 to 1
    review_by = models.DateField()
    licence = models.CharField(max_length=60)
    # The name of its folder behind the order. The day before knew none: then it is the slug.
    folder = models.CharField(max_length=100, blank=True, default="", db_default="")

    class Meta:
        ordering = ["order", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__gte=0, pass_mark__lte=1), name="a_pass_mark_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def folder_name(self) -> str:
        """The folder of its files: order, hyphen, name."""
        return f"{self.order:02}-{self.folder or self.slug}"


class SourceFile(models.Model):
    """A file of a module as its author wrote it, byte for byte. Where it differs from what the
    latest import brought, it was edited here, and no import writes over it.
    """

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=100)  # within the module
    data = models.BinaryField(null=True)  # null: taken out here
    imported_sha256 = models.CharField(max_length=64, blank=True)  # empty: made here
    # What an import would have here instead (no data: no file), where both sides changed it.
    has_offer = models.BooleanField(default=False)
    offered = models.BinaryField(null=True)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["module__order", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["module", "path"], name="a_file_of_a_module_is_named_once"
            )
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def published(self) -> PublishedFile:
        """Its content here, and what it came from."""
        return PublishedFile(
            bytes(self.data) if self.data is not None else None, self.imported_sha256
        )


class Draft(models.Model):
    """A file of a module as people are writing it. There is one per file, for all writers:
    `revision` counts how often it was kept, so that the second of two writers is warned.
    """

    module_slug = models.SlugField()  # the module may be new
    folder = models.CharField(max_length=100)  # of the module, without the order before it
    path = models.CharField(max_length=100)  # within the module
    data = models.BinaryField(null=True)  # null: the file is to be taken out
    base_sha256 = models.CharField(max_length=64, blank=True)  # of the published file it changes
    revision = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    edited_at = models.DateTimeField()

    class Meta:
        ordering = ["module_slug", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["module_slug", "path"], name="a_file_of_a_module_has_one_draft"
            )
        ]

    def __str__(self) -> str:
        return f"{self.module_slug}/{self.path}"

    @property
    def content(self) -> bytes | None:
        """The bytes of the file; None where it is to be taken out."""
        return bytes(self.data) if self.data is not None else None


class Lesson(models.Model):
    """One text to read, with its questions in place. `body` is a list of blocks, each clean HTML or
    the slug of a question; `sources` is clean HTML, one footnote each.
    """

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="lessons")
    slug = models.SlugField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    number = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    techniques = ArrayField(models.CharField(max_length=12), default=list)
    alert_types = ArrayField(models.CharField(max_length=200), default=list)
    review_by = models.DateField()
    body = models.JSONField()
    outline = models.JSONField()
    sources = models.JSONField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["module__order", "module__slug", "number"]
        constraints = [
            models.UniqueConstraint(fields=["module", "slug"], name="a_lesson_is_named_once")
        ]
        indexes = [GinIndex(fields=["alert_types"], name="lessons_by_alert_type")]

    def __str__(self) -> str:
        return self.title


class LessonQuestion(models.Model):
    """A question of a lesson, whatever its wording. Its versions hold the words."""

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="questions")
    slug = models.SlugField()
    position = models.PositiveSmallIntegerField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "catalog_question"
        ordering = ["lesson", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "slug"], name="a_question_of_a_lesson_is_named_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id}#{self.slug}"


class QuestionVersion(models.Model):
    """What a question asked and what was right, identified by the hash of both. Feedback and typos
    change in place; a new key is a new version, so that figures never mix two questions.
    """

    question = models.ForeignKey(LessonQuestion, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content_hash = models.CharField(max_length=64)
    type = models.CharField(max_length=10, choices=[(kind, kind) for kind in content.QuestionType])
    techniques = ArrayField(models.CharField(max_length=12), default=list)
    stored = models.JSONField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question"],
                condition=Q(is_current=True),
                name="one_version_of_a_question_is_current",
            ),
            models.UniqueConstraint(
                fields=["question", "number"], name="versions_of_a_question_are_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question} v{self.number}"

    @cached_property
    def content(self) -> content.QuestionContent:
        """The question itself."""
        stored: dict[str, Any] = self.stored
        return content.QuestionContent.from_json(stored)


class LearningPath(models.Model):
    """Lessons of several modules in an order of their own. `days` is a list of objects: `title`,
    and `lessons`, each written module/lesson. Where its file differs from what the latest import
    brought, it was edited here, and no import writes over it.
    """

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300)
    nice = ArrayField(models.CharField(max_length=20), default=list)  # NICE work roles
    days = models.JSONField()
    source = models.BinaryField(null=True)  # its file, byte for byte; the day before kept none
    imported_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    is_retired = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title

    @property
    def published(self) -> PublishedFile:
        """Its file as it is here, and what it came from."""
        is_there = self.source is not None and not self.is_retired
        return PublishedFile(bytes(self.source or b"") if is_there else None, self.imported_sha256)


class Card(models.Model):
    """A card to review. HTML is clean."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="cards")
    slug = models.SlugField()
    position = models.PositiveSmallIntegerField()
    technique = models.CharField(max_length=12, blank=True)
    front = models.TextField()
    front_html = models.TextField()
    back_html = models.TextField()
    sources = models.JSONField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["module__order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["module", "slug"], name="a_card_is_named_once")
        ]

    def __str__(self) -> str:
        return self.front


class LessonCapture(models.Model):
    """A capture that lessons of a module refer to: a small PCAP file, made for teaching."""

    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="captures")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()

    class Meta:
        db_table = "catalog_capture"
        ordering = ["module__order", "name"]
        constraints = [
            models.UniqueConstraint(fields=["module", "name"], name="a_capture_is_named_once")
        ]

    def __str__(self) -> str:
        return self.name


class AlertTypeReview(models.Model):
    """What an alert type shows of ATT&CK for ICS, as somebody of this deployment reviewed it. The
    latest of a type holds, before the review that ships. Never changed, never deleted. No
    techniques: the alert names no act.
    """

    MAX_NOTE = 1000
    MAX_TECHNIQUES = 6

    alert_type = models.CharField(max_length=200)  # the title in the catalogue of alert types
    techniques = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    note = models.TextField()
    attack_version = models.CharField(max_length=10)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reviewer_name = models.CharField(max_length=200)
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="a_review_of_an_alert_type_says_why")
        ]
        indexes = [
            models.Index(fields=["alert_type", "-reviewed_at"], name="reviews_of_an_alert_type")
        ]

    def __str__(self) -> str:
        return self.alert_type
