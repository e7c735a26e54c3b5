"""What the query of an analytics rule leaves of some alerts, where it asks for a watchlist.

The rules of the pretend solution run by the catalogue, whatever their query states; of one into
which somebody pasted lines that ask for a watchlist, the whole query is run over the alerts of a
case.
"""

from typing import Any

from simulator.azure import Azure
from simulator.clock import to_ticks
from simulator.logs.api import LogLimits, execute_query
from simulator.logs.rows import ALERT_COLUMNS, alert_rows
from simulator.logs.tables import fill_table
from simulator.logs.watchlists import aliases_in, with_watchlists
from simulator.plant.records import Case, PlantWorkspace
from simulator.store.incidents import Incident

Json = dict[str, Any]


def asks_for_watchlist(query: str) -> bool:
    """Return whether a query of a rule asks for a watchlist."""
    return bool(aliases_in(query))


def is_anything_left(azure: Azure, workspace: PlantWorkspace, case: Case, query: str) -> bool:
    """Return whether a query finds something among the alerts of a case alone."""
    import duckdb_kql

    alerts = azure.plant.unwatched_alerts(case.recipe, watched=False)
    created = to_ticks(case.created)
    beside = Incident(workspace.key, case.name.lower(), 0, created, created, "", {})
    connection = duckdb_kql.connect()
    try:
        fill_table(
            connection, "SecurityAlert", ALERT_COLUMNS, alert_rows(azure, beside, alerts, "")
        )
        text = with_watchlists(connection, azure, workspace.key, query)
        _, _, rows = execute_query(connection, text, azure.clock.now(), LogLimits())
    finally:
        connection.close()
    return bool(rows)
