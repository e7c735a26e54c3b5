"""What commands on candidates are told."""

from rest_framework import serializers

from alerts.patterns.services.decide import LONGEST_REASON
from portal.api.bodies import In


class RejectIn(In):
    """Why this should not become a rule."""

    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="in a few words")
