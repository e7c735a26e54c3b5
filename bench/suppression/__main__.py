"""`python -m bench.suppression --seeds 101,102 --json FILE`."""

import argparse
import json
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from bench.suppression.figures import measure
from bench.suppression.future import live_through
from bench.suppression.world import World
from simulator.scenarios.scenario import build_scenario

SHAPES = ("process", "building", "utility")
REPORTED = tuple(range(101, 113))  # never used while tuning


def main() -> None:
    """Run each seed, print a table, write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default=",".join(map(str, REPORTED)))
    parser.add_argument("--shape", choices=SHAPES, help="one shape for all seeds; else in turn")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args()
    results = []
    for number, seed in enumerate(int(text) for text in options.seeds.split(",")):
        shape = options.shape or SHAPES[number % len(SHAPES)]
        began = perf_counter()
        world = World(build_scenario(shape, seed))
        outcome = live_through(world)
        result = measure(world, outcome) | {"seconds": round(perf_counter() - began, 1)}
        results.append(result)
        print(line(result), flush=True)
    print(summary(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def line(result: dict[str, Any]) -> str:
    """Return one seed in a line."""
    rules = "/".join(str(n) for n in result["rules_per_site"].values())
    signed = "/".join(str(n) for n in result["signed_versions_per_site"].values())
    return (
        f"{result['seed']} {result['shape']:9}"
        f" after trial {result['reduction_after_trial']:6.1%}"
        f"  day one {result['reduction_from_day_one']:6.1%}"
        f"  first ten {result['first_ten_rules_reduction']:6.1%}"
        f"  perfect {result['perfect_clustering']:6.1%}"
        f" (thirty {result['perfect_thirty']:.1%}, ten {result['perfect_ten']:.1%})"
        f"  attacks closed {result['attack_incidents_suppressed']}/{result['attack_incidents']}"
        f" (guarded {result['guarded_missed']}) {result['missed_classes'] or ''}"
        f"  rules {rules} (versions signed {signed})"
        f"  asked {result['questions']}+{result['second_opinions']}"
        f"  {result['seconds']} s"
    )


def summary(results: list[dict[str, Any]]) -> str:
    """Return the means of all seeds."""
    after = [r["reduction_after_trial"] for r in results]
    missed = sum(r["attack_incidents_suppressed"] for r in results)
    closed = sum(r["suppressed"] for r in results)
    return (
        f"mean after trial {mean(after):.1%} (lowest {min(after):.1%}),"
        f" day one {mean(r['reduction_from_day_one'] for r in results):.1%},"
        f" first ten {mean(r['first_ten_rules_reduction'] for r in results):.1%};"
        f" {missed} attack incidents among {closed} closed"
    )


if __name__ == "__main__":
    main()
