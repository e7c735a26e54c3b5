"""Pure thinking about incidents: alert catalogue, priority, patterns. No Django, no clock."""
