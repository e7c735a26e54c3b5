"""What Tagout's rules take off the SOC, and what they miss, on plants with a known truth.

`python -m bench.suppression --seeds 101,102 --json FILE`. The people who propose and sign here see
what people see: alerts, verdicts, closings. Only `figures` reads the truth.
"""
