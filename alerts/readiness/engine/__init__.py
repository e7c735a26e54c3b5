"""Pure judgement: from what was read to checks with evidence."""
