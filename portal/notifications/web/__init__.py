"""The inbox, and the demo's mailbox."""
