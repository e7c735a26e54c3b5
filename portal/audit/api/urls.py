"""Addresses of the record below /api/v1/."""

from portal.api.views import resources
from portal.audit.api.views import EntryViewSet

urlpatterns = resources(audit=EntryViewSet)
