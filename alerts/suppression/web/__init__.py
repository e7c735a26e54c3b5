"""Pages of this room: rules, approvals, ledger, kill switch, and why an incident was closed."""
