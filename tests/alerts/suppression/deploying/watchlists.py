"""A rule that a watchlist can hold, and the rounds that keep the list."""

from alerts.outbox.engine.labels import ROUTINE_LIST
from alerts.rules.rule import Clause
from alerts.rules.watchlist import lease_of_gate
from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.deploying.leases import renew_leases
from tests.alerts.suppression.deploying.plant import polls

SOURCE = Clause("source_device", "is", ("HIST-GD-01",))
DESTINATIONS = Clause("destination_device", "is_one_of", ("DB-GD-01", "PLC-21"))
BOTH = [("HIST-GD-01", "DB-GD-01"), ("HIST-GD-01", "PLC-21")]


def pairs(*more, source=SOURCE, destinations=DESTINATIONS):
    """The historian asks two devices: a rule that the list can say."""
    base = polls()
    lines = (*base.all_of[:2], source, destinations, *more)
    return polls(all_of=lines, enforcement="tagout")


class Lists:
    """Rounds of the worker, and what the list in Sentinel says."""

    def __init__(self, far, clock, workspace):
        self.far, self.clock, self.workspace = far, clock, workspace

    def round(self, *, fresh=True, **later):
        self.clock.go(**later)
        if fresh:
            note_fresh(workspace_id=self.workspace.pk, now=self.clock.at)
        renew_leases(now=self.clock.at)
        if self.far.deliver():  # the gate opens once the rows have landed
            renew_leases(now=self.clock.at)
            self.far.deliver()

    @property
    def rows(self):
        items = self.far.sentinel.watchlist_items.get(ROUTINE_LIST, {})
        return [item["properties"]["itemsKeyValue"] for item in items.values()]

    @property
    def pairs(self):
        rows = [row for row in self.rows if row["Kind"] == "pair"]
        return sorted((row["Source"], row["Destination"]) for row in rows)

    @property
    def lease(self):
        gates = [row for row in self.rows if row["Kind"] == "gate"]
        return lease_of_gate(gates[0]) if gates else None

    @property
    def writes(self):
        verbs = ("put_watchlist", "put_watchlist_item", "delete_watchlist_item")
        return [call for call in self.far.sentinel.calls if call.verb in verbs]
