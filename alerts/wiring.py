"""What the rooms of alerts contribute to the rooms below them, the highest room first."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from alerts.automation.foreground import validate_workspace
from alerts.automation.queries import find_status_sync_playbooks
from alerts.automation.services.delivery import (
    on_made_rule_outcome,
    on_playbook_outcome,
    reason_against_placing_rule,
    reason_against_starting_playbook,
    reason_not_to_run,
)
from alerts.automation.web.tab import count_runs, show_playbooks
from alerts.captures.services import remove_old_captures
from alerts.captures.web.tab import count_captures, show_captures
from alerts.dashboards.policies import READ_HISTORY
from alerts.dashboards.queries.sync import oldest_age
from alerts.dashboards.web.frame import (
    beat_line,
    data_amount,
    freshness_line,
    late_lines,
)
from alerts.dashboards.workspace_audit import audit_workspaces, notify_of_sick_workspaces
from alerts.incidents.acts.outcomes import on_incident_outcome
from alerts.incidents.hidden_verdicts import HiddenVerdictSource
from alerts.incidents.ingest.alert_kinds import note_described_devices
from alerts.incidents.ingest.plant_hours import follow_site_clock
from alerts.incidents.queue.counts import count_untriaged
from alerts.incidents.registry import (
    AlertListener,
    IncidentTab,
    TimelineSource,
    UnreadRuleListener,
)
from alerts.incidents.web.palette import find_acts, find_incidents, find_techniques
from alerts.intake.policies import PUSH_ROLES
from alerts.intake.scope import remove_unnamed_outside, scope_of_workspace
from alerts.inventory.web.palette import find_devices
from alerts.outbox.models import RuleKind, WriteKind
from alerts.outbox.registry import (
    ChangeHandling,
    ChangeListener,
    RuleHandling,
    RuleListener,
    RuleQuota,
)
from alerts.patterns.registry import StatusSyncSource
from alerts.patterns.services.mine_patterns import restart_mining
from alerts.patterns.web.palette import find_patterns
from alerts.planned_work.services.occurrences import cover_alerts
from alerts.planned_work.web.timeline import planned_work_events
from alerts.readiness.foreground import check_move_now, check_now
from alerts.readiness.policies import READERS, VIEWERS
from alerts.readiness.queries.readings import granted_rights
from alerts.readiness.services.unread_rules import note_unread_rules
from alerts.reviews.queries.second_opinions import verdicts_hidden_from
from alerts.reviews.registry import PlantQuestionSource
from alerts.reviews.web.frame import count_waiting_reviews
from alerts.rules.lifetime import reasons_against_more_rules
from alerts.sentinel.queries import names_of_workspaces
from alerts.sentinel.registry import GrantedRightsSource, WorkspaceCheck, WorkspaceCommand
from alerts.sites.queries import names_of_sites, plants_for
from alerts.sites.registry import ClockFollower, DeviceListener
from alerts.suppression.deploying.compare_automation_rules import compare_automation_rules
from alerts.suppression.deploying.decided_rows import (
    reason_against_gate,
    reason_against_list,
    reason_against_list_gate,
    reason_against_pair,
    reason_against_probe,
    reason_against_rule,
)
from alerts.suppression.deploying.desired import reason_to_wait
from alerts.suppression.deploying.leases import on_rule_outcome
from alerts.suppression.deploying.watchlist_command import watchlist_off, watchlist_status
from alerts.suppression.deploying.watchlist_periods import remove_old_periods
from alerts.suppression.deploying.watchlist_rows import reason_to_wait_with_row
from alerts.suppression.enforcing.close import (
    on_close_outcome,
    reason_not_to_close,
    reason_not_to_tag,
)
from alerts.suppression.watching.lifecycle import rules_that_would_stop, stop_rules_of_old_clock
from alerts.suppression.web.frame import (
    count_drift_questions,
    count_rules_to_sign,
    plant_questions_about_drift,
    suppression_off_line,
)
from alerts.suppression.web.palette import find_rules
from portal.accounts.labels import ScopeNameSource
from portal.accounts.models import Role
from portal.accounts.rights import OT_ROLES, READING_ROLES, SOC_ROLES, roles_for
from portal.api.freshness import DataAgeSource
from portal.backup.registry import RemoteComparison
from portal.jobs.auditor import AuditListener, WatchedObjectSource
from portal.retention import Retention
from portal.rooms import Room
from portal.ui.moments import PlantClockSource
from portal.ui.navigation import ALERTS, INSIGHT, NOISE, RUNNING, NavItem
from portal.ui.palette import Finder
from portal.ui.shell import BannerFact, FooterFact

# The rail of who works in a plant keeps to what OT works with; the rest opens from a link.
_OPERATIONS: Final = roles_for("ui.operations")

DASHBOARDS = Room(
    "dashboards",
    NavItem(_("Home"), "house", "dashboards:home", order=0, key="h", tab=_("Home")),
    NavItem(
        _("System status"),
        "activity",
        "dashboards:status",
        section=RUNNING,
        order=10,
        roles=frozenset(Role),
        listed_for=_OPERATIONS,
    ),
    NavItem(
        _("Historic analysis"),
        "history",
        "dashboards:history",
        section=INSIGHT,
        order=40,
        roles=READ_HISTORY,
    ),
    FooterFact(freshness_line),
    FooterFact(beat_line),
    FooterFact(data_amount),
    BannerFact(late_lines),
    DataAgeSource(oldest_age),
    WatchedObjectSource(audit_workspaces),
    AuditListener(notify_of_sick_workspaces),
)

READINESS = Room(
    "readiness",
    NavItem(
        _("Workspaces"),
        "database",
        "readiness:list",
        section=RUNNING,
        order=5,
        roles=(VIEWERS | READERS) - OT_ROLES,
    ),
    WorkspaceCheck(check_now),
    WorkspaceCommand("move-check", check_move_now),
    GrantedRightsSource(granted_rights),
    UnreadRuleListener(note_unread_rules),
)

AUTOMATION = Room(
    "automation",
    NavItem(
        _("Playbooks"),
        "play",
        "automation:overview",
        section=NOISE,
        order=60,
        roles=roles_for("sentinel.see_workspace"),
        listed_for=_OPERATIONS,
    ),
    IncidentTab(
        name="playbooks",
        label=_("Playbooks"),
        after="alerts",
        template="alerts/automation/_tab.html",
        show=show_playbooks,
        count=count_runs,
    ),
    ChangeHandling(
        WriteKind.PLAYBOOK,
        check=reason_not_to_run,
        start_check=reason_against_starting_playbook,
        follow_up=on_playbook_outcome,
    ),
    RuleHandling(
        RuleKind.AUTOMATION, check=reason_against_placing_rule, follow_up=on_made_rule_outcome
    ),
    WorkspaceCommand("validate", validate_workspace),
    StatusSyncSource(find_status_sync_playbooks),
)

INTAKE = Room(
    "intake",
    NavItem(_("Push hints"), "send", "intake:push", section=RUNNING, order=60, roles=PUSH_ROLES),
    WorkspaceCommand("scope", scope_of_workspace),
    Retention("incidents outside of the scope", remove_unnamed_outside),
)

PATTERNS = Room(
    "patterns",
    NavItem(
        _("Noise plan"),
        "sparkles",
        "plan:plan",
        section=NOISE,
        order=5,
        roles=READING_ROLES,
        key="n",
    ),
    NavItem(
        _("Routine patterns"),
        "repeat",
        "patterns:list",
        section=NOISE,
        order=10,
        roles=READING_ROLES,
        key="p",
    ),
    NavItem(
        _("Closing at the source"),
        "undo-2",
        "status-sync:show",
        section=RUNNING,
        order=65,
        roles=roles_for("patterns.status_sync"),
    ),
    Finder("patterns", _("Routine patterns"), find_patterns, order=60, roles=READING_ROLES),
    ClockFollower(settle=restart_mining),
)

SUPPRESSION = Room(
    "suppression",
    NavItem(
        _("Suppression rules"),
        "shield-off",
        "suppression:rules",
        section=NOISE,
        order=20,
        roles=READING_ROLES,
        key="u",
    ),
    NavItem(
        _("Approvals"),
        "badge-check",
        "suppression:approvals",
        section=NOISE,
        order=30,
        counter=count_rules_to_sign,
        roles=READING_ROLES,
        key="a",
    ),
    NavItem(
        _("Deployments"),
        "rocket",
        "suppression:deployments",
        section=NOISE,
        order=40,
        roles=READING_ROLES,
        listed_for=_OPERATIONS,
    ),
    NavItem(
        _("Ledger"),
        "scroll-text",
        "suppression:ledger",
        section=NOISE,
        order=50,
        roles=READING_ROLES,
        listed_for=_OPERATIONS,
    ),
    FooterFact(suppression_off_line),
    Finder(
        "rules",
        _("Suppression rules"),
        find_rules,
        order=50,
        roles=READING_ROLES,
        hint=_("a rule by its number (R-12) or title"),
    ),
    ChangeHandling(WriteKind.CLOSE, fresh_check=reason_not_to_close, follow_up=on_close_outcome),
    ChangeHandling(WriteKind.TAG, check=reason_not_to_tag, follow_up=on_close_outcome),
    RuleHandling(RuleKind.RULE, check=reason_against_rule, wait=reason_to_wait),
    RuleHandling(RuleKind.GATE, check=reason_against_gate),
    RuleHandling(RuleKind.PROBE, check=reason_against_probe),
    RuleHandling(RuleKind.WATCHLIST, check=reason_against_list),
    RuleHandling(RuleKind.LIST_GATE, check=reason_against_list_gate, wait=reason_to_wait_with_row),
    RuleHandling(RuleKind.PAIR, check=reason_against_pair, wait=reason_to_wait_with_row),
    RuleListener(on_rule_outcome),
    RuleQuota(reasons_against_more_rules),
    RemoteComparison(compare_automation_rules),
    Retention("periods of watchlists", remove_old_periods),
    WorkspaceCommand("watchlist", watchlist_status),
    WorkspaceCommand("watchlist-off", watchlist_off),
    PlantQuestionSource(read=plant_questions_about_drift, count=count_drift_questions),
    ClockFollower(foresee=rules_that_would_stop, begin=stop_rules_of_old_clock),
)

REVIEWS = Room(
    "reviews",
    NavItem(
        _("OT reviews"),
        "message-square-reply",
        "reviews:list",
        section=ALERTS,
        order=20,
        counter=count_waiting_reviews,
        roles=READING_ROLES,
        key="r",
        tab=_("Reviews"),
    ),
    HiddenVerdictSource(verdicts_hidden_from),
)

PLANNED_WORK = Room(
    "planned_work",
    NavItem(
        _("Planned work"),
        "calendar-clock",
        "planned_work:week",
        section=ALERTS,
        order=30,
        roles=READING_ROLES,
    ),
    AlertListener(cover_alerts),
    TimelineSource(planned_work_events),
)

CAPTURES = Room(
    "captures",
    IncidentTab(
        name="pcap",
        label=_("PCAP"),
        after="devices",
        template="alerts/captures/_tab.html",
        show=show_captures,
        count=count_captures,
    ),
    Retention("captures", remove_old_captures),
)

INVENTORY = Room(
    "inventory",
    NavItem(_("Devices"), "cpu", "devices:list", section=ALERTS, order=40, roles=READING_ROLES),
    NavItem(
        _("Sites & zones"),
        "factory",
        "sites:list",
        section=ALERTS,
        order=50,
        roles=roles_for("sentinel.see_workspace"),
    ),
    Finder(
        "devices",
        _("Devices"),
        find_devices,
        order=40,
        roles=READING_ROLES,
        hint=_("a device by its name or address"),
    ),
)

INCIDENTS = Room(
    "incidents",
    NavItem(
        _("Triage queue"),
        "inbox",
        "incidents:queue",
        section=ALERTS,
        order=10,
        counter=count_untriaged,
        roles=READING_ROLES,
        key="q",
        tab=_("Queue"),
    ),
    Finder("acts", _("Selected"), find_acts, order=10, roles=SOC_ROLES),
    Finder(
        "incidents",
        _("Incidents"),
        find_incidents,
        order=30,
        roles=READING_ROLES,
        hint=_("an incident by its number, title, label or technique (T0843)"),
    ),
    Finder(
        "techniques", _("Incidents by technique"), find_techniques, order=70, roles=READING_ROLES
    ),
    ChangeListener(on_incident_outcome),
    ClockFollower(begin=follow_site_clock),
    DeviceListener(note_described_devices),
)

SITES = Room("sites", PlantClockSource(plants_for), ScopeNameSource(names_of_sites))

SENTINEL = Room("sentinel", ScopeNameSource(names_of_workspaces))

ROOMS = (
    DASHBOARDS,
    READINESS,
    AUTOMATION,
    INTAKE,
    PATTERNS,
    SUPPRESSION,
    REVIEWS,
    PLANNED_WORK,
    CAPTURES,
    INVENTORY,
    INCIDENTS,
    SITES,
    SENTINEL,
)
