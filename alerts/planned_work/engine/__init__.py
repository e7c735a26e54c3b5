"""Pure thinking: kinds of work, recurrence, what work covers, and files that tell of it."""
