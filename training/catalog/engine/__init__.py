"""Reads a folder of modules and reports its faults by line and column. No Django."""
