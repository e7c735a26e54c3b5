"""What commands on patterns are told."""

from rest_framework import serializers

from alerts.patterns.services.decide import MAX_REASON
from portal.api.bodies import In


class RejectIn(In):
    """Why this should not become a rule."""

    reason = serializers.CharField(max_length=MAX_REASON, help_text="in a few words")
