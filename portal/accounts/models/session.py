"""Sessions of people at the pages."""

from django.db import models


class Session(models.Model):
    """One browser in which a person signed in. Its key is in the cookie only: whoever reads this
    table, or a backup of it, can sign in with nothing of it (reliability A18).
    """

    key_digest = models.CharField(primary_key=True, max_length=64)  # SHA-256 of the key
    data = models.TextField()
    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, null=True, related_name="sessions"
    )
    begun_at = models.DateTimeField()  # when the password was given
    works_until = models.DateTimeField()  # good for everything until then, later for answering only
    ends_at = models.DateTimeField(db_index=True)
    stays_signed_in = models.BooleanField(default=False)  # on a phone, for answering

    def __str__(self) -> str:
        return f"session of {self.user_id} since {self.begun_at}"
