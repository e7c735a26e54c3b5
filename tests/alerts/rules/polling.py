"""A rule about polling, and a workspace for which it is compiled."""

from alerts.rules import sentinel_conditions as parts
from alerts.rules.compile_sentinel import Target
from tests.alerts.suppression import samples
from tests.alerts.suppression.samples import clause, rule

POLL = "Unpermitted Usage of Modbus Function Code"
TITLE = clause("alert_type", "is", POLL)
HISTORIAN = clause("any_device", "is", "HIST-01")
GATEWAYS = clause("any_device", "is_one_of", "GATEWAY-1", "GATEWAY-2")
POLLING = rule(TITLE, HISTORIAN, GATEWAYS, clause("workspace", "is", "north"))
ALL = parts.PROBED
NAMES = ("HIST-01", "GATEWAY-1", "GATEWAY-2", "ENG-WS-04", "PLC-40", "10.20.4.15", "10.20.4.16")
NORTH = Target(
    workspace="north",
    accepts=ALL,
    single=frozenset(name.casefold() for name in NAMES),
    guarded_devices=("SIS-01",),
    guarded_addresses=("10.66.0.1",),
)
DOWNLOADED = rule(clause("alert_type", "is", samples.PROGRAMMING), HISTORIAN)


def codes(compiled):
    return [reason.why.code for reason in compiled.reasons]
