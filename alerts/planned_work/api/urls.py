"""Addresses of planned work below /api/v1/."""

from alerts.planned_work.api.views import PlannedWorkViewSet
from portal.api.views import resources

urlpatterns = resources(planned_work=PlannedWorkViewSet)
