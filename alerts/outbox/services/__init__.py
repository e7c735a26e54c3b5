"""The verbs of the door out: owe, withdraw, deliver, retry, discard; ask for a rule."""
