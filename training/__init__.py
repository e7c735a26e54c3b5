"""Wing two: learning from all that. Lessons, practice on captures, and the ATT&CK matrix."""
