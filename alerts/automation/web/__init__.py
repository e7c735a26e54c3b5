"""Pages of playbooks and automation rules."""
