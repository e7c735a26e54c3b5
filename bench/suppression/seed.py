"""One seed over the empty, migrated database of DATABASE_URL: `SHAPE SEED DENSITY DAYS FILE`, and
`account` for an account of what still reaches people.
"""

import json
import logging
import os
import random
import sys
from pathlib import Path
from time import perf_counter
from unittest.mock import patch


def main() -> None:
    """Live through one scenario and write its figures to the file."""
    shape, seed, density, days, path, *more = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    logging.disable(logging.WARNING)

    from bench.setup import as_a_worker
    from bench.suppression.account import Account
    from bench.suppression.figures import TRIAL_DAYS, measure
    from bench.suppression.life import live_through
    from bench.suppression.outcome import read_outcome
    from simulator.scenarios.scenario import build_scenario

    as_a_worker()
    random.seed(seed)
    began = perf_counter()
    scenario = build_scenario(shape, int(seed), density="many" if density == "many" else "few")
    account = Account(since=scenario.split_at + TRIAL_DAYS) if more else None
    # UUIDs draw who is asked for a second opinion: the same seed makes the same ones.
    with patch("os.urandom", random.Random(seed).randbytes):
        life_record = live_through(scenario, days=int(days) if days else None, account=account)
    result = measure(scenario, read_outcome(life_record))
    result["seconds"] = round(perf_counter() - began, 1)
    Path(path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
