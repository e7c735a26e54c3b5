"""An incident's columns as a line for COPY."""

from alerts.incidents.services.copying import moment, number, text, words
from alerts.incidents.services.rows import IncidentRow

ROW_COLUMNS = ", ".join(IncidentRow._fields)


def row_line(row: IncidentRow) -> str:
    """The columns of a row in COPY's format."""
    return "\t".join(
        (
            *(text(row.name), number(row.number), text(row.etag), text(row.title)),
            *(text(row.alert_type), str(row.severity), str(row.status)),
            *(text(row.classification), text(row.classification_reason)),
            *(text(row.owner_id), text(row.owner_name), text(row.owner_email)),
            *(words(row.labels), moment(row.created_at), moment(row.modified_at)),
            *(moment(row.latest_activity_at), str(row.alerts_count), str(row.comments_count)),
            *(words(row.product_names), words(row.tactics), words(row.techniques)),
            *(words(row.flags), number(row.merged_into)),
        )
    )
