"""Patterns over REST."""
