"""Doors for people: the list of patterns, one pattern, and what can be done with it."""
