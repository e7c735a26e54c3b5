"""Planned work over REST."""
