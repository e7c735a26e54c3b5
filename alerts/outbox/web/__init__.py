"""Doors for people: retry or discard what was given up."""
