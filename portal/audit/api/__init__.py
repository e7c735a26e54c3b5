"""The record as a list for programs."""
