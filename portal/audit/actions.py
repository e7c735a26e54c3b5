"""What the record may name, in one table; docs/audit-actions.md is made from it. An action is
`room.thing.verb`, the verb in the past; `record` refuses any other, so that a name in the record
has one meaning.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AuditedThing:
    """One thing that the record names, as `room.thing`, with the models that its entries may be
    about and what may happen to it. `read_by`: which page reads its entries; auditors read all.
    """

    name: str
    models: str  # labels as entries have them, separated by blanks
    verbs: str  # separated by blanks
    read_by: str = ""


AUDITED_THINGS: Final = (
    # portal
    AuditedThing("accounts.organisation", "accounts.organisation", "added"),
    AuditedThing("accounts.person", "accounts.user", "added disabled enabled signed_in"),
    AuditedThing("accounts.password", "accounts.user", "changed"),
    AuditedThing("accounts.role", "accounts.user", "granted revoked"),
    AuditedThing("accounts.sign_in", "accounts.user accounts.failuresofanhour", "failed"),
    AuditedThing("accounts.token", "accounts.apitoken", "created rotated revoked"),
    AuditedThing("attack.release", "attack.release", "imported"),
    AuditedThing("backup.backup", "backup.restore", "restored"),
    AuditedThing("backup.restore", "backup.restore", "resumed"),
    AuditedThing("exports.export", "exports.export", "requested made failed downloaded"),
    # alerts
    AuditedThing(
        "sentinel.workspace",
        "sentinel.workspace",
        "added pointed credential_set secret_end_set source_set scope_set paused resumed removed"
        " portal_found rules_found probed status_sync_noted",
        read_by="patterns, status sync",
    ),
    AuditedThing(
        "outbox.change",
        "outbox.change",
        "sent conflicted refused withdrawn dropped retried discarded",
        read_by="incident, Sentinel",
    ),
    AuditedThing("outbox.rule", "outbox.wantedrule", "landed removed refused held"),
    AuditedThing("sites.site", "sites.site", "set described"),
    AuditedThing("sites.device", "sites.device", "described"),
    AuditedThing("sites.devices", "sites.site", "described imported"),
    AuditedThing("sites.device_file", "sites.devicefile", "kept"),
    AuditedThing(
        "incidents.incident",
        "incidents.incident",
        "assigned closed reopened commented escalated labelled severity_changed put_aside"
        " brought_back",
    ),
    AuditedThing("incidents.act", "incidents.incident", "undone"),
    AuditedThing("incidents.bulk_act", "incidents.bulkact", "started stopped resumed"),
    AuditedThing("incidents.view", "incidents.savedview", "saved changed deleted"),
    AuditedThing("incidents.priorities", "jobs.job", "recounted"),
    AuditedThing("incidents.task", "incidents.incident", "added completed reopened"),
    AuditedThing("incidents.tasks", "incidents.incident", "requested"),
    AuditedThing(
        "captures.capture",
        "captures.capture",
        "attached read unreadable opened uncovered downloaded removed expired",
    ),
    AuditedThing(
        "planned_work.work", "planned_work.plannedwork", "made changed confirmed cancelled"
    ),
    AuditedThing("planned_work.occurrence", "planned_work.occurrence", "extended done"),
    AuditedThing("planned_work.file", "sites.site", "imported"),
    AuditedThing("reviews.review", "reviews.review", "asked opened handed_over moved withdrawn"),
    AuditedThing("reviews.verdict", "reviews.annotation", "given moved undone"),
    AuditedThing("reviews.verdicts", "reviews.annotation", "imported taken_over"),
    AuditedThing("reviews.file", "reviews.verdictfile", "confirmed withdrawn refused"),
    AuditedThing("reviews.opinion", "reviews.opinion", "asked reminded given passed"),
    AuditedThing("reviews.second_opinion", "reviews.secondopinion", "opened settled"),
    AuditedThing("reviews.suspicion", "reviews.secondopinion", "leads_asked decided"),
    AuditedThing(
        "suppression.rule",
        "suppression.ruleversion",
        "drafted saved discarded proposed changes_requested rejected retested signed promoted"
        " paused resumed stopped retired expired backlog_closed",
    ),
    AuditedThing("suppression.drift", "suppression.driftquestion", "asked answered"),
    AuditedThing("suppression.signature", "suppression.ruleversion", "refused"),
    AuditedThing("suppression.promotion", "suppression.ruleversion", "approved refused"),
    AuditedThing("suppression.switch", "suppression.stop", "off on"),
    AuditedThing("suppression.brake", "suppression.braketrip", "tripped"),
    AuditedThing("suppression.watchlist", "suppression.watchlistrequest", "proposed signed ended"),
    AuditedThing(
        "suppression.close", "suppression.ledgerentry", "landed looked_at rolled_back device_held"
    ),
    AuditedThing("suppression.hold_end", "incidents.incident", "set agreed refused"),
    AuditedThing(
        "suppression.incident",
        "suppression.ledgerentry incidents.incident",
        "closed_in_sentinel tagged_in_sentinel distrusted",
    ),
    AuditedThing("patterns.candidate", "patterns.candidate", "turned rejected snoozed reopened"),
    AuditedThing("patterns.mining", "jobs.job", "asked"),
    AuditedThing("patterns.questions", "sites.site", "asked"),
    AuditedThing("intake.run", "intake.run", "finished"),
    AuditedThing("intake.scope", "sentinel.workspace", "applied"),
    AuditedThing("intake.log_backfill", "intake.logbackfill", "started paused restarted finished"),
    AuditedThing("intake.push", "sentinel.workspace", "turned_off"),
    AuditedThing("intake.push_caller", "sentinel.workspace", "set"),
    AuditedThing("intake.push_key", "sentinel.workspace", "made rotated"),
    AuditedThing("automation.inventory", "sentinel.workspace", "requested"),
    AuditedThing("automation.rule", "automation.maderule", "made ended removed"),
    AuditedThing(
        "automation.playbook",
        "automation.playbook outbox.change",
        "marked run refused started not_started",
    ),
    AuditedThing("automation.consent", "automation.plantconsent", "asked given declined expired"),
    AuditedThing("automation.check", "automation.workflowcheck", "begun ended"),
    AuditedThing("readiness.check", "sentinel.workspace", "asked"),
    AuditedThing("readiness.step", "readiness.setupstep", "asked done failed refused"),
    AuditedThing("dashboards.history", "dashboards.historyreport", "exported"),
    AuditedThing("dashboards.history_report", "dashboards.historyreport", "requested"),
    # training
    AuditedThing("catalog.alert_type", "catalog.alerttypereview", "reviewed"),
    AuditedThing("catalog.curriculum", "catalog.curriculumimport", "imported"),
    AuditedThing("catalog.draft", "catalog.draft", "saved discarded"),
    AuditedThing("catalog.drafts", "catalog.curriculumimport", "published"),
    AuditedThing("catalog.offer", "catalog.sourcefile", "taken declined"),
    AuditedThing("progress.note", "progress.lessonnote", "sent finished"),
)
# Models that were renamed. Their entries keep the former label: entries that are there are part of
# the hash chain, and who asks the record for one object finds all of them by one label.
FORMER_LABELS: Final = {
    "patterns.pattern": "patterns.candidate",
    "reviews.verdict": "reviews.annotation",
    "reviews.question": "reviews.review",
}
MODELS_OF_ACTION: Final = {
    f"{thing.name}.{verb}": thing.models.split()
    for thing in AUDITED_THINGS
    for verb in thing.verbs.split()
}


def actions_of(name: str) -> list[str]:
    """Return the actions that may happen to the thing of this name, with their full names."""
    return [action for action in MODELS_OF_ACTION if action.startswith(f"{name}.")]
