"""The verbs: read what is there, run a playbook, ask for consent and decide on it, mark."""
