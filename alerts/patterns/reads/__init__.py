"""Reads of this room that put several questions together."""
