"""People and what they may do where; their sessions, wrong passwords and API tokens."""

import uuid
from datetime import datetime
from typing import Literal

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy


class UserManager(BaseUserManager["User"]):
    """Makes people; addresses are compared without letter case."""

    def create_user(self, email: str, name: str, password: str | None = None) -> "User":
        """A person who signs in with a local account (or, without password, not at all)."""
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Sign-in by e-mail address, whatever its letter case."""
        return self.get(email=(username or "").lower())

    def lock(self, pk: int) -> "User":
        """This person, whose account nobody opens or closes before this transaction ends."""
        return self.select_for_update(no_key=True).get(pk=pk)

    def lock_both(self, pk: int, actor: "User") -> tuple["User", "User"]:
        """The person and who acts on them, both as they are now: of two who disable each other at
        the same instant the second finds their own account closed.
        """
        rows = self.select_for_update(no_key=True).filter(pk__in={pk, actor.pk}).order_by("pk")
        locked = {person.pk: person for person in rows}
        locked[actor.pk].via_token = actor.via_token
        return locked[pk], locked[actor.pk]


class User(AbstractBaseUser):
    """A person. Rights come from grants alone; there is no superuser."""

    class TimeDisplay(models.TextChoices):
        """In whose time pages show moments."""

        PLANT = "plant", "Plant time"
        UTC = "utc", "UTC"
        READER = "mine", "The reader's own time"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)  # may open the component gallery; no other right
    tid = models.CharField(max_length=64, blank=True)  # Entra tenant and object id: the key of a
    oid = models.CharField(max_length=64, blank=True)  # person who signs in there, never e-mail
    language = models.CharField(max_length=8, blank=True)
    time_display = models.CharField(
        max_length=8, choices=TimeDisplay.choices, default=TimeDisplay.PLANT
    )
    keys_on = models.BooleanField(default=True)

    # The token by which this request came; never stored. Services pass the person on, so the audit
    # record and whoever refuses tokens (signing) can tell.
    via_token: "ApiToken | None" = None

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="an_address_is_stored_in_lower_case"
            ),
            models.UniqueConstraint(
                fields=["tid", "oid"],
                condition=~Q(oid=""),
                name="an_entra_person_has_one_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> Literal["person", "token"]:
        """Whether a person acts with their own hands, or a program with their token."""
        return "person" if self.via_token is None else "token"

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        parts = self.name.split()
        return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()

    @property
    def given_name(self) -> str:
        """The first of the names, for short sentences."""
        return self.name.split()[0] if self.name else self.email


class Organisation(models.Model):
    """A provider's customer, or a business unit: a set of workspaces."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a grant lets a person do (product §1)."""

    OT_ENGINEER = "ot-engineer", "OT engineer"
    OT_SITE_LEAD = "ot-site-lead", "OT site lead"
    SOC_ANALYST = "soc-analyst", "SOC analyst"
    SOC_LEAD = "soc-lead", "SOC lead"
    TRAINING_MANAGER = "training-manager", "Training manager"
    MANAGER = "manager", "Manager"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class GrantScope(models.TextChoices):
    """Where a grant holds. `all` has no UUID; the others name one thing of a wing."""

    ALL = "all", "Everything"
    ORGANISATION = "organisation", "Organisation"
    WORKSPACE = "workspace", "Workspace"
    SITE = "site", "Site"


class Grant(models.Model):
    """One role of one person in one scope. Rights add up; a revoked grant stays on record."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20, choices=Role)
    scope = models.CharField(max_length=12, choices=GrantScope)
    scope_uuid = models.UUIDField(null=True, blank=True)
    granted_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=GrantScope.ALL, scope_uuid__isnull=True)
                | (~Q(scope=GrantScope.ALL) & Q(scope_uuid__isnull=False)),
                name="only_a_grant_for_everything_names_no_scope",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "scope", "scope_uuid"],
                condition=Q(revoked_at__isnull=True),
                nulls_distinct=False,
                name="a_person_holds_a_role_in_a_scope_once",
            ),
        ]
        indexes = [models.Index(fields=["scope", "scope_uuid", "role"], name="grants_by_scope")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} in {self.scope}"


class Session(models.Model):
    """One browser in which a person signed in. Its key is in the cookie only: a copy of this
    table, or of a backup of it, is not enough to sign in (reliability A18).
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


class TokenScope(models.TextChoices):
    """What a token may be used for. It never does more than its owner may."""

    READ = "read", gettext_lazy("Read everything that you may read")
    INCIDENTS_WRITE = "incidents:write", gettext_lazy("Triage incidents: close, assign, label, ask")
    REVIEWS_WRITE = (
        "reviews:write",
        gettext_lazy("Answer, hand over and withdraw questions to OT, and judge incidents for it"),
    )
    WORK_WRITE = "work:write", gettext_lazy("Plan, change, extend, finish and cancel work")
    SITES_WRITE = "sites:write", gettext_lazy("Describe devices and sites")
    RULES_WRITE = "rules:write", gettext_lazy("Propose, pause and retire rules; never sign them")


class ApiToken(models.Model):
    """One token of one person. The secret is shown once; only its SHA-256 is kept (A18)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)  # in the open: names it in lists and logs
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=TokenScope))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)  # to the minute
    used_from = models.CharField(max_length=64, blank=True)  # the network, not the host

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="a_token_ends_after_it_began"
            ),
            models.CheckConstraint(condition=~Q(scopes=[]), name="a_token_is_good_for_something"),
        ]
        indexes = [models.Index(fields=["owner", "-made_at"], name="tokens_of_a_person")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def works_at(self, now: datetime) -> bool:
        """Whether it is in force: neither expired nor revoked."""
        return self.revoked_at is None and now < self.expires_at
