"""Acts of people and rules on incidents: lock, ask the policy, enqueue, write, show."""
