"""An incident's columns as a line for COPY."""

from alerts.incidents.services.copying import moment, needs_spelling, number, text, words
from alerts.incidents.services.rows import IncidentRow

ROW_COLUMNS = ", ".join(IncidentRow._fields)


def row_line(row: IncidentRow) -> str:
    """The columns of a row in COPY's format. One look at all texts tells the usual case, where
    nothing has to be spelled out.
    """
    texts: tuple[str, ...] = (*row[2:5], *row[7:12])
    if needs_spelling("".join(texts)):
        texts = tuple(map(text, texts))
    etag, title, alert_type, classification, reason, owner_id, owner_name, owner_email = texts
    return (
        f"{row.name}\t{number(row.number)}\t{etag}\t{title}\t{alert_type}\t{row.severity}\t"
        f"{row.status}\t{classification}\t{reason}\t{owner_id}\t{owner_name}\t{owner_email}\t"
        f"{words(row.labels)}\t{row.created_at}\t{row.modified_at}\t"
        f"{moment(row.latest_activity_at)}\t{row.alerts_count}\t{row.comments_count}\t"
        f"{words(row.product_names)}\t{words(row.tactics)}\t{words(row.techniques)}\t"
        f"{words(row.flags)}\t{number(row.merged_into)}"
    )
