"""Addresses of rules, their ledger and deployments below /api/v1/."""

from alerts.suppression.api.deployments import DeploymentViewSet
from alerts.suppression.api.ledger import LedgerViewSet
from alerts.suppression.api.views import RuleViewSet
from portal.api.views import resources

urlpatterns = resources(rules=RuleViewSet, ledger=LedgerViewSet, deployments=DeploymentViewSet)
