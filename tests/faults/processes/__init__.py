"""Faults of the processes that Tagout is made of: broker, workers, beat, database."""
