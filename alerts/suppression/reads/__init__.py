"""Reads of this room that need more than a queryset; one question a file."""
