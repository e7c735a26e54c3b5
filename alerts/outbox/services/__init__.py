"""The verbs of the door out: owe, withdraw, deliver, retry, discard; want a rule."""
