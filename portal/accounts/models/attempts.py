"""Passwords that were wrong: what counts for a while, and what is put on record hour by hour."""

from django.db import models


class SignInFailure(models.Model):
    """A password that was looked at and has not proved right, kept while it counts."""

    email = models.CharField(max_length=254)  # a digest of it; may be nobody's
    address = models.GenericIPAddressField(null=True)
    # The known device, or the session in which the password was asked again; of strangers nothing.
    source = models.CharField(max_length=80, blank=True, default="", db_default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["email", "address", "-at"], name="recent_failures"),
            models.Index(fields=["address", "-at"], name="failures_of_an_address"),
            models.Index(fields=["at"], name="failures_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.email} from {self.address}"


class FailuresOfAnHour(models.Model):
    """How many passwords for one account were wrong from one address within an hour; it waits to
    become one entry of the record.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    address = models.GenericIPAddressField(null=True)
    hour = models.DateTimeField()
    failures = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "address", "hour"],
                nulls_distinct=False,
                name="failures_of_an_hour_are_summed_up_once",
            )
        ]
        indexes = [models.Index(fields=["hour"], name="failures_by_hour")]

    def __str__(self) -> str:
        return f"{self.failures} wrong passwords from {self.address or 'an unknown address'}"
