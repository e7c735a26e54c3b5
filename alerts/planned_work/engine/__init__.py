"""Pure functions: kinds of work, recurrence, what work covers, and its files."""
