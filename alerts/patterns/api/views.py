"""Patterns: read them, make a rule of one, reject it, put it off, offer it again."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from alerts.patterns.api.listings import PATTERNS
from alerts.patterns.models import Pattern
from alerts.patterns.queries.patterns import patterns_visible_to
from alerts.patterns.services.decide import (
    MAX_REASON,
    reject_pattern,
    reopen_pattern,
    snooze_pattern,
    turn_into_rule,
)
from alerts.suppression.policies import PROPOSING
from portal.accounts.models import TokenScope
from portal.api.requests import In, NoInput
from portal.api.views import Resource, command

WRITE: dict[str, Any] = {"scope": TokenScope.RULES_WRITE, "roles": PROPOSING}


class RejectIn(In):
    """Why this should not become a rule."""

    reason = serializers.CharField(max_length=MAX_REASON, help_text="in a few words")


class PatternViewSet(Resource):
    """Routine found in history: processes that may become rules."""

    tag = "patterns"
    title = gettext_lazy("Routine patterns")
    listing = PATTERNS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Pattern]:
        """Patterns of the person's workspaces and sites."""
        return patterns_visible_to(self.person)

    def workspace_of(self, row: Pattern) -> str:
        """Where its alerts came from."""
        return row.workspace.name

    @command(NoInput, **WRITE)
    def rule(self, row: Pattern, payload: dict[str, Any]) -> None:
        """Write the draft of a rule that says what it is; `rule` is then its id."""
        turn_into_rule(pattern_id=row.pk, by=self.person, now=self.now)

    @command(RejectIn, **WRITE)
    def reject(self, row: Pattern, payload: dict[str, Any]) -> None:
        """Say why no rule shall come of it; it is not offered again."""
        reject_pattern(pattern_id=row.pk, by=self.person, now=self.now, **payload)

    @command(NoInput, **WRITE)
    def snooze(self, row: Pattern, payload: dict[str, Any]) -> None:
        """Put it off for thirty days."""
        snooze_pattern(pattern_id=row.pk, by=self.person, now=self.now)

    @command(NoInput, **WRITE)
    def reopen(self, row: Pattern, payload: dict[str, Any]) -> None:
        """Offer it again after it was rejected or put off."""
        reopen_pattern(pattern_id=row.pk, by=self.person, now=self.now)
