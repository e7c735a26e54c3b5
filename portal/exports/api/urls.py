"""Addresses of exports below /api/v1/."""

from portal.api.views import resources
from portal.exports.api.views import ExportViewSet

urlpatterns = resources(exports=ExportViewSet)
