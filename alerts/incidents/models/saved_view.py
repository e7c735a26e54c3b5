"""Views of the queue that people keep under a name."""

from django.db import models
from django.db.models.functions import Lower

MAX_NAME = 40  # characters
MAX_QUERY = 1_000
MAX_COLUMNS = 100


class SavedView(models.Model):
    """A view of the queue with its filter and columns, under a name: of one person, or shared with
    everybody who may open the queue. It holds conditions and no rows: each reader finds what that
    reader may see, and `owner:me` is the reader.
    """

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=MAX_NAME)
    view = models.CharField(max_length=12)
    query = models.CharField(max_length=MAX_QUERY, blank=True)
    columns = models.CharField(max_length=MAX_COLUMNS, blank=True, db_default="")  # as addresses do
    is_shared = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="a_person_names_a_view_once")
        ]
        indexes = [
            models.Index(
                fields=["name"], condition=models.Q(is_shared=True), name="saved_views_shared"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FirstView(models.Model):
    """The saved view with which the queue opens for a person."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="+")
    saved = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.saved} for {self.user}"
