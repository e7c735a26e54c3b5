from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "alerts.automation"
    label = "automation"

    def ready(self) -> None:
        _register_pages()
        _register_deliveries()
        _register_commands()
        _register_findings()


def _register_findings() -> None:
    from alerts.automation.queries import find_status_sync_playbooks
    from alerts.patterns.registry import register_status_sync_finder

    register_status_sync_finder(find_status_sync_playbooks)


def _register_commands() -> None:
    from alerts.automation.foreground import validate_workspace
    from alerts.sentinel.registry import register_workspace_action

    register_workspace_action("validate", validate_workspace)


def _register_pages() -> None:
    from django.utils.translation import gettext_lazy as _

    from alerts.automation.web.tab import count_runs, show_playbooks
    from alerts.incidents.registry import IncidentTab, register_incident_tab
    from portal.accounts.models import READING_ROLES, Role
    from portal.ui.navigation import NOISE, NavItem, register_nav

    register_nav(
        NavItem(
            _("Playbooks"),
            "play",
            "automation:overview",
            section=NOISE,
            order=60,
            roles=READING_ROLES | {Role.ADMINISTRATOR},
        )
    )
    register_incident_tab(
        IncidentTab(
            name="playbooks",
            label=_("Playbooks"),
            after="alerts",
            template="alerts/automation/_tab.html",
            show=show_playbooks,
            count=count_runs,
        )
    )


def _register_deliveries() -> None:
    from alerts.automation.services.delivery import (
        on_made_rule_outcome,
        on_playbook_outcome,
        reason_against_placing_rule,
        reason_against_starting_playbook,
        reason_not_to_run,
    )
    from alerts.outbox.models import RuleKind, WriteKind
    from alerts.outbox.registry import (
        register_check,
        register_outcome,
        register_rule_check,
        register_rule_outcome,
        register_start_check,
    )

    register_check(WriteKind.PLAYBOOK, reason_not_to_run)
    register_start_check(reason_against_starting_playbook)
    register_outcome(on_playbook_outcome, kinds=[WriteKind.PLAYBOOK])
    register_rule_outcome(on_made_rule_outcome)
    register_rule_check(RuleKind.AUTOMATION, reason_against_placing_rule)
