"""What is done for dashboards: reports that a worker makes."""
