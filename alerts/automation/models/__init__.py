"""What was found in a workspace, and what people asked of it here."""

from alerts.automation.models.consent import PlantConsent
from alerts.automation.models.inventory import FoundRule, Inventory
from alerts.automation.models.made_rule import MadeRule
from alerts.automation.models.playbook import FAILED_STATUSES, Playbook, PlaybookRun
from alerts.automation.models.workflow_check import WorkflowCheck
