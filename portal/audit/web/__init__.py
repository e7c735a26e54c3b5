"""The audit record as a page for people."""
