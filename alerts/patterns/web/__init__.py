"""Doors for people: the list of candidates, one candidate, and what can be done with it."""
