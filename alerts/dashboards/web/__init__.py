"""Doors for people: home, system status, and the lines of the frame."""
