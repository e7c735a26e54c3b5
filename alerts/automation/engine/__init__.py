"""Pure thinking about automation rules and playbooks."""
