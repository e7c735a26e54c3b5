"""Doors for people: whether workspaces are ready, what is collected, what to put right."""
