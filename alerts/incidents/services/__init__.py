"""The verbs of this room. Each that changes an incident's state ends with `groups.regroup`."""
