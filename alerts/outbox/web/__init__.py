"""Doors for people: mend what was given up."""
