"""Sentinel's automation rules: checked when they are stored, evaluated, and carried out."""
