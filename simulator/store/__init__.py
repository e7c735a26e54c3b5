"""What the pretend Azure remembers: one SQLite file, or memory in tests."""

from simulator.store.core import Store

__all__ = ["Store"]
