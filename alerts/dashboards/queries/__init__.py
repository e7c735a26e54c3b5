"""Reads of this room: records that pages show, counted by `measures`."""
