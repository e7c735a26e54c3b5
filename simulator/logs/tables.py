"""The log tables of each workspace in a DuckDB of its own, which answers KQL. They follow the
store: what changed since the latest question is added before the next, as Sentinel adds rows.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.azure import Azure
from simulator.logs.rows import TABLES, alert_rows, entities_text, health_row, incident_rows
from simulator.logs.translation import forget_columns
from simulator.plant.records import PlantWorkspace
from simulator.store.incidents import Incident

Json = dict[str, Any]
BATCH = 1_000
_GONE_IN_DEFENDER_PORTAL = {"SecurityIncident": ("Description",)}
_STORED = "all "  # before the names of the tables themselves; what is asked are views of them


@dataclass
class _Database:
    """The tables of one workspace, and how far they follow the store."""

    connection: Any
    modified: int = 0  # the latest change that is in the tables
    etags: dict[str, str] = field(default_factory=dict)  # of the incidents in them, by name
    runs: int = 0
    without_incident: int = 0
    is_in_defender_portal: bool = False


class LogTables:
    """All log tables. DuckDB is loaded with the first question: most simulators are asked none."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._databases: dict[str, _Database] = {}

    def connection(self, workspace: PlantWorkspace) -> Any:
        """Return DuckDB's connection to the tables of a workspace, which are up to date."""
        database = self._databases.get(workspace.key)
        if database is None:
            database = self._databases[workspace.key] = _Database(_new_connection())
        self._follow(workspace, database)
        is_onboarded = bool(self._azure.facts(workspace)["defender_portal"])
        if database.is_in_defender_portal != is_onboarded:
            _show(database.connection, is_onboarded=is_onboarded)
            database.is_in_defender_portal = is_onboarded
        return database.connection

    def close(self) -> None:
        """Let go of all tables."""
        for database in self._databases.values():
            database.connection.close()
        self._databases.clear()

    def _follow(self, workspace: PlantWorkspace, database: _Database) -> None:
        changed = self._azure.store.incidents.changed_since(workspace.key, database.modified)
        fresh = (
            incident
            for incident in changed
            if incident.mangled is None and database.etags.get(incident.name) != incident.etag
        )
        for batch in itertools.batched(fresh, BATCH, strict=False):
            self._add(database, batch)
        self._add_alerts_without_incident(workspace, database)
        runs = [
            run
            for run in self._azure.store.journal.runs(kind="rule")
            if run["id"] > database.runs and run["workspace"] == workspace.key
        ]
        if runs:
            rows = [health_row(self._azure, workspace.key, run) for run in runs]
            _insert(database.connection, "SentinelHealth", rows)
            database.runs = runs[-1]["id"]

    def _add_alerts_without_incident(self, workspace: PlantWorkspace, database: _Database) -> None:
        """What sensors reported in the Defender portal and no rule made an incident of."""
        store, rows = self._azure.store.portal, list[Json]()
        for happening in store.without_incident_after(workspace.key, database.without_incident):
            alerts = self._azure.plant.unwatched_alerts(happening.recipe, watched=happening.watched)
            _, entities = self._azure.plant.details(happening.recipe)
            beside = Incident(
                workspace.key, happening.name, 0, happening.created, happening.created, "", {}
            )
            rows += alert_rows(self._azure, beside, alerts, entities_text(entities))
            database.without_incident = happening.id
        _insert(database.connection, "SecurityAlert", rows, key="SystemAlertId")

    def _add(self, database: _Database, incidents: Iterable[Incident]) -> None:
        about_incidents, about_alerts, more_alerts = list[Json](), list[Json](), list[Json]()
        for incident in incidents:
            alerts, entities = self._azure.details(incident)
            ids = [str(alert["properties"]["systemAlertId"]) for alert in alerts]
            is_new = incident.name not in database.etags
            about_incidents += incident_rows(self._azure, incident, ids, is_new=is_new)
            rows = alert_rows(self._azure, incident, alerts, entities_text(entities))
            (about_alerts if is_new else more_alerts).extend(rows)
            database.etags[incident.name] = incident.etag
            database.modified = max(database.modified, incident.modified)
        _insert(database.connection, "SecurityIncident", about_incidents)
        _insert(database.connection, "SecurityAlert", about_alerts)
        _insert(database.connection, "SecurityAlert", more_alerts, key="SystemAlertId")


def _new_connection() -> Any:
    import duckdb_kql

    connection = duckdb_kql.connect()
    for name, columns in TABLES.items():
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f'CREATE TABLE "{_STORED}{name}" ({listed})')
    _show(connection, is_onboarded=False)
    connection.execute("SET threads = 1")  # a second costs tables of this size a third more
    connection.execute("SET memory_limit = '8GB'")
    connection.execute("SET enable_external_access = false")
    return connection


def _show(connection: Any, *, is_onboarded: bool) -> None:
    """Show the tables under their names, with the columns that a workspace has: in the Defender
    portal incidents have no description.
    """
    for name in TABLES:
        gone = _GONE_IN_DEFENDER_PORTAL.get(name, ()) if is_onboarded else ()
        columns = f"* EXCLUDE ({', '.join(gone)})" if gone else "*"
        connection.execute(
            f'CREATE OR REPLACE VIEW "{name}" AS SELECT {columns} FROM "{_STORED}{name}"'
        )
    forget_columns(connection)


def fill_table(connection: Any, name: str, columns: dict[str, str], rows: Sequence[Json]) -> None:
    """Make a table of its own with these rows."""
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    connection.execute(f'CREATE OR REPLACE TABLE "{name}" ({listed})')
    forget_columns(connection)
    if rows:
        shape = orjson.dumps([columns]).decode()
        connection.execute(
            f'INSERT INTO "{name}" SELECT r.* FROM'
            f" (SELECT unnest(from_json(?::JSON, '{shape}')) AS r)",
            [orjson.dumps(rows).decode()],
        )


def _insert(connection: Any, table: str, rows: list[Json], *, key: str = "") -> None:
    if not rows:
        return
    columns = TABLES[table]
    shape = orjson.dumps([columns]).decode()
    new = f' WHERE r."{key}" NOT IN (SELECT "{key}" FROM "{_STORED}{table}")' if key else ""
    connection.execute(
        f'INSERT INTO "{_STORED}{table}" SELECT r.* FROM'
        f" (SELECT unnest(from_json(?::JSON, '{shape}')) AS r){new}",
        [orjson.dumps(rows).decode()],
    )
