"""From what was fetched to rows: incidents, alerts, entities, groups, what patterns add up to."""
