"""What the API remembers: answers to commands that may be repeated, and how often who asks."""

from django.db import models


class Answer(models.Model):
    """What was answered to a command with an `Idempotency-Key`: repeated to the same command of the
    same actor. Written in the transaction of what it answers.
    """

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(
        "accounts.ApiToken", on_delete=models.CASCADE, null=True, related_name="+"
    )
    key = models.CharField(max_length=200)
    asked = models.CharField(max_length=64)  # SHA-256 of address and body
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    content_type = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "token", "key"],
                nulls_distinct=False,
                name="an_actor_uses_a_key_for_one_command",
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="answers_to_forget")]

    def __str__(self) -> str:
        return f"{self.status} to {self.key}"


class Usage(models.Model):
    """How often somebody asked in one minute. The table is not logged: after a crash of the
    database everybody starts again at nothing, which costs nothing.
    """

    who = models.CharField(max_length=60)
    minute = models.DateTimeField()
    n = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["who", "minute"], name="a_minute_is_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.n}"
