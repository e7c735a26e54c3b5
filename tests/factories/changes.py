"""One write that is owed to Sentinel, as an act of a person owes it."""

from alerts.outbox.services.enqueue import PendingWrite, enqueue_changes


def enqueue_update(*, workspace_id, incident_name, patch, base, **act):
    """Owe one change of an incident; `act` is what `enqueue_changes` takes beside its wishes."""
    wish = PendingWrite(workspace_id, incident_name, patch, base)
    return enqueue_changes(wishes=[wish], **act)[0]


def enqueue_comment(*, workspace_id, incident_name, message, **act):
    """Owe one comment."""
    wish = PendingWrite(workspace_id, incident_name, message=message)
    return enqueue_changes(wishes=[wish], **act)[0]
