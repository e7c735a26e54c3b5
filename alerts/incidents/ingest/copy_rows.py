"""Incidents' columns as lines for COPY: column by column, a third of the price of row by row."""

from collections.abc import Iterable, Sequence

from alerts.incidents.ingest.pg_copy import NULL, fixed_words, is_plain, moment, text
from alerts.incidents.ingest.rows import IncidentRow

ROW_COLUMNS = ", ".join(IncidentRow._fields)


def copy_rows_of(rows: Sequence[IncidentRow]) -> list[str]:
    """The columns of these rows in COPY's format."""
    if not rows:
        return []
    name, no, etag, title, alert_type, severity, status, *more = zip(*rows, strict=True)
    classification, reason, owner_id, owner_name, owner_email, *more = more
    labels, created, modified, activity, alerts, comments, *lists, merged_into = more
    columns: list[Iterable[str]] = [
        name,
        [NULL if value is None else str(value) for value in no],
        *(texts(etag), texts(title), texts(alert_type), map(str, severity), map(str, status)),
        *(texts(classification), texts(reason)),
        *(texts(owner_id), texts(owner_name), texts(owner_email)),
        map(fixed_words, map(tuple, labels)),
        *(map(moment, created), map(moment, modified), map(moment, activity)),
        *(map(str, alerts), map(str, comments)),
        *(map(fixed_words, map(tuple, values)) for values in lists),
        [NULL if value is None else str(value) for value in merged_into],
    ]
    return ["\t".join(parts) for parts in zip(*columns, strict=True)]


def texts(values: Sequence[str]) -> Iterable[str]:
    """A column of texts; one look tells the usual case, where nothing has to be spelled out."""
    return values if is_plain("".join(values)) else [text(value) for value in values]
