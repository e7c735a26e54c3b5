"""What `make bench` runs: each promise of speed beside its floor, measured in the same run."""
