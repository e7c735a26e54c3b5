"""Pages of this room: the triage queue, the incident, and what can be done there."""
