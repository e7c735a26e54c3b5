"""What is in Sentinel: desired rules, leases, probes, the gate, the kill switch."""
