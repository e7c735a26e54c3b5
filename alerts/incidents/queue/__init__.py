"""The triage queue and the search: rows, conditions, counts. Changes nothing."""
