"""Reads of this room: patterns as a person may see them, the plan, the questions that move it."""
