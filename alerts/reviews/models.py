"""Questions to OT and OT's answers."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from alerts.reviews.engine.question import QuestionText, question_in

CANNED = (
    gettext_noop("Was this you?"),
    gettext_noop("Was this planned work?"),
    gettext_noop("Is this normal for these devices?"),
)


STORM_QUESTION = gettext_noop(
    "What is it: a broken device or sensor, a loop, commissioning, or a scan?"
)
READY = (*CANNED, STORM_QUESTION)


class VerdictKind(models.TextChoices):
    """OT's word. `suspicious` needs one line of why."""

    ROUTINE = "routine", "Routine"
    MAINTENANCE = "maintenance", "Maintenance"
    SUSPICIOUS = "suspicious", "Suspicious"
    NOT_SURE = "not-sure", "Not sure"


class CameBy(models.TextChoices):
    """How a verdict came here. Behind what a token or a file brings, no person has looked at it."""

    PAGE = "page", "A page"
    TOKEN = "token", "A program with a token"
    FILE = "file", "A file"


class Question(models.Model):
    """One question about a set of incidents at one site, asked of everyone with an OT grant
    there.
    """

    class State(models.TextChoices):
        """Whose turn it is."""

        WAITING = "waiting", "Waiting for OT"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    incidents = models.ManyToManyField(
        "incidents.Incident", related_name="questions", through="reviews.AskedIncident"
    )
    lead = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500, db_column="question")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    opened_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    act = models.UUIDField()  # of the click that asked, for undo

    class Meta:
        db_table = "reviews_review"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | (~Q(state="waiting") & Q(settled_at__isnull=False)),
                name="a_review_that_is_over_says_since_when",
            )
        ]
        indexes = [
            models.Index(
                fields=["site", "due_at"], condition=Q(state="waiting"), name="reviews_waiting"
            ),
            models.Index(fields=["-asked_at", "-id"], name="reviews_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.text[:60]}"

    @property
    def asked(self) -> str:
        """The question: its ready part in the reader's language, own words as written."""
        parts = question_in(self.text, ready=READY)
        return QuestionText(parts.ready and gettext(parts.ready), parts.own).text


class AskedIncident(models.Model):
    """One incident of a question, and the verdict that answered for it; None while it waits."""

    question = models.ForeignKey(
        "reviews.Question",
        on_delete=models.CASCADE,
        related_name="asked_incidents",
        db_column="review_id",
    )
    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="+")
    answer = models.ForeignKey(
        "reviews.Verdict", on_delete=models.PROTECT, null=True, related_name="answers"
    )

    class Meta:
        db_table = (
            "reviews_review_incidents"  # Django's own table of the two, before it had answers
        )
        unique_together = [("question", "incident")]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.incident_id}"


class VerdictFile(models.Model):
    """A file of verdicts that were given before Tagout, as it was imported. Trials count them only
    at sites where a lead of OT has confirmed it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)  # unknown of those of before
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    imported_by_label = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["-imported_at", "-id"], name="verdict_files_newest")]

    def __str__(self) -> str:
        return self.name


class FileConfirmation(models.Model):
    """A lead of OT vouches for what a file brought about one site: these people gave these verdicts
    at these times.
    """

    file = models.ForeignKey(
        "reviews.VerdictFile", on_delete=models.PROTECT, related_name="confirmations"
    )
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "site"],
                condition=Q(withdrawn_at=None),
                name="a_file_is_confirmed_once_for_a_site",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_id} for {self.site_id} by {self.by_id}"


class Verdict(models.Model):
    """One verdict of one person over named alerts. Never changed: a later one supersedes it. One
    verdict is one trial in every statistic, however many alerts it covers.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    question = models.ForeignKey(
        "reviews.Question",
        on_delete=models.PROTECT,
        null=True,
        related_name="verdicts",
        db_column="review_id",
    )
    incidents = models.ManyToManyField(
        "incidents.Incident", related_name="verdicts", through="reviews.VerdictIncident"
    )
    alerts = models.ManyToManyField(
        "incidents.Alert", related_name="verdicts", through="reviews.VerdictAlert"
    )
    kind = models.CharField(max_length=12, choices=VerdictKind, db_column="verdict")
    cause = models.CharField(max_length=60)  # id of a routine cause or reason, or "other"
    work_order = models.CharField(max_length=60, blank=True)
    done_by = models.CharField(max_length=40, blank=True)  # our-team, vendor, automation
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    key = models.UUIDField()  # of the form that was sent: sent twice is given once
    act = models.UUIDField()  # for undo
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="supersedes"
    )
    withdrawn_at = models.DateTimeField(null=True)  # undone within the hold
    imported_at = models.DateTimeField(null=True)  # given before Tagout, read from a file
    file = models.ForeignKey(
        "reviews.VerdictFile", on_delete=models.PROTECT, null=True, related_name="verdicts"
    )
    came_by = models.CharField(
        max_length=5, choices=CameBy, default=CameBy.PAGE, db_default=CameBy.PAGE
    )

    class Meta:
        db_table = "reviews_annotation"
        constraints = [
            models.CheckConstraint(
                condition=Q(came_by__in=("page", "token", "file")),
                name="a_verdict_comes_by_page_token_or_file",
            ),
            models.CheckConstraint(
                condition=Q(came_by="file", imported_at__isnull=False)
                | (~Q(came_by="file") & Q(imported_at=None)),
                name="a_verdict_of_a_file_has_its_time",
            ),
            models.UniqueConstraint(fields=["by", "key"], name="a_form_is_saved_once"),
            models.CheckConstraint(
                condition=~Q(kind="suspicious") | ~Q(note=""),
                name="suspicious_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["-given_at"], name="annotations_newest"),
            models.Index(
                fields=["given_at"],
                condition=Q(kind="suspicious", withdrawn_at=None),
                name="annotations_suspicious",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by_id}"


class VerdictIncident(models.Model):
    """One incident of a verdict, in the table that Django made under the old name."""

    verdict = models.ForeignKey(
        "reviews.Verdict", on_delete=models.CASCADE, related_name="+", db_column="annotation_id"
    )
    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "reviews_annotation_incidents"
        unique_together = [("verdict", "incident")]

    def __str__(self) -> str:
        return f"{self.verdict_id}: {self.incident_id}"


class VerdictAlert(models.Model):
    """One alert that a verdict is about, in a table as that of its incidents."""

    verdict = models.ForeignKey(
        "reviews.Verdict", on_delete=models.CASCADE, related_name="+", db_column="annotation_id"
    )
    alert = models.ForeignKey("incidents.Alert", on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "reviews_annotation_alerts"
        unique_together = [("verdict", "alert")]

    def __str__(self) -> str:
        return f"{self.verdict_id}: {self.alert_id}"


class SecondOpinion(models.Model):
    """Whether other people of OT see an answer as its giver does. It is asked about suspicious
    answers and, so that being asked gives nothing away, about some harmless ones. Two of three
    decide.
    """

    class State(models.TextChoices):
        """What it came to."""

        OPEN = "open", "Undecided"
        CONFIRMED = "confirmed", "Confirmed"
        CORRECTED = "corrected", "Corrected"
        HARMLESS_TO_SOC = "harmless-to-soc", "Closed as harmless by the SOC"
        OVERTAKEN = "overtaken", "Overtaken by another answer"
        NOT_SURE = "not-sure", "Nobody was sure"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    verdict = models.OneToOneField(
        "reviews.Verdict",
        on_delete=models.PROTECT,
        related_name="second_opinion",
        db_column="annotation_id",
    )
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    # The lead who decided it alone, or nobody where two of three did.
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    correction = models.ForeignKey(
        "reviews.Verdict", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Since then the suspicion holds open its source and destination only (S1).
    leads_asked_at = models.DateTimeField(null=True)
    leads_reminded_at = models.DateTimeField(null=True)  # latest

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="a_decided_second_opinion_says_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="corrected") | Q(correction__isnull=False),
                name="a_correction_says_which_answer_holds",
            ),
        ]
        indexes = [
            models.Index(
                fields=["opened_at"], condition=Q(state="open"), name="second_opinions_open"
            ),
        ]

    def __str__(self) -> str:
        return f"second opinion on {self.verdict_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is undecided."""
        return self.state == self.State.OPEN

    @property
    def keeps_suspicion(self) -> bool:
        """Whether people of OT came to hold it for suspicious."""
        was_suspicious = self.verdict.kind == VerdictKind.SUSPICIOUS
        suspicious_state = self.State.CONFIRMED if was_suspicious else self.State.CORRECTED
        return self.state == suspicious_state


class Opinion(models.Model):
    """One person who was asked for a second opinion, and what they answered."""

    class State(models.TextChoices):
        """Whose turn it is."""

        WAITING = "waiting", "Waiting"
        ANSWERED = "answered", "Answered"
        PASSED = "passed", "Passed to the lead"
        WITHDRAWN = "withdrawn", "Withdrawn"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    second_opinion = models.ForeignKey(
        "reviews.SecondOpinion", on_delete=models.PROTECT, related_name="opinions"
    )
    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    settled_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=12, choices=VerdictKind, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    work_order = models.CharField(max_length=60, blank=True)
    done_by = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=500, blank=True)
    act = models.UUIDField()  # of being asked, to take the notification back

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["second_opinion", "person"], name="a_person_is_asked_once_about_an_answer"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | (~Q(state="waiting") & Q(settled_at__isnull=False)),
                name="an_opinion_that_is_over_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(state="answered") ^ Q(verdict=""),
                name="an_opinion_is_answered_with_a_verdict",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "due_at"], condition=Q(state="waiting"), name="opinions_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.verdict or self.state}"
