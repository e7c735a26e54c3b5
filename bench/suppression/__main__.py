"""`python -m bench.suppression --seeds 101,102 --json FILE`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

from bench.suppression.databases import copy_of, migrated_database

SHAPES = ("process", "building", "utility")
DENSITIES = ("few", "many")
MAX_LISTED = 40  # of the account
REPORTED = tuple(range(101, 113))  # never used while tuning


def main() -> None:
    """Run each seed, print a table, write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default=",".join(map(str, REPORTED)))
    parser.add_argument("--shape", choices=SHAPES, help="one shape for all seeds; else in turn")
    parser.add_argument("--density", choices=DENSITIES, help="of attacks; else both")
    parser.add_argument("--days", type=int, help="to live after the first signatures; else all")
    parser.add_argument("--account", action="store_true", help="say why the rest reaches people")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at once, a core each")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    template = migrated_database()
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [
            pool.submit(
                _run_seed,
                options.shape or SHAPES[number % len(SHAPES)],
                int(seed),
                density,
                options,
                template,
            )
            for density in ([options.density] if options.density else DENSITIES)
            for number, seed in enumerate(options.seeds.split(","))
        ]
        for run in runs:
            result = run.result()
            results.append(result)
            print(line(result), *account_lines(result), sep="\n", flush=True)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    for density in DENSITIES:
        if chosen := [result for result in results if result["density"] == density]:
            print(summary(chosen))


def _run_seed(
    shape: str, seed: int, density: str, options: argparse.Namespace, template: str
) -> dict[str, Any]:
    """One seed in a process of its own: what a process remembers of a database is of that one."""
    with copy_of(template) as url, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        arguments = [shape, str(seed), density, str(options.days or ""), str(path)]
        arguments += ["account"] if options.account else []
        subprocess.run(
            [sys.executable, "-m", "bench.suppression.seed", *arguments],
            env=os.environ | {"DATABASE_URL": url, "PYTHONHASHSEED": "0"},
            check=True,
        )
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return result


def line(result: dict[str, Any]) -> str:
    """Return one seed in a line."""
    rules = "/".join(str(n) for n in result["rules_per_site"].values())
    signed = "/".join(str(n) for n in result["versions_per_site"].values())
    return (
        f"{result['seed']} {result['shape']:9} {result['density']:4}"
        f" after trial {result['reduction_after_trial']:6.1%}"
        f" (ready rules {result['ready_rules_reduction']:.1%})"
        f"  day one {result['reduction_from_day_one']:6.1%}"
        f"  decisions {-result['decisions_fewer']:+.1%}"
        f"  first ten {result['first_ten_rules_reduction']:6.1%}"
        f"  perfect {result['perfect_clustering']:6.1%}"
        f" (thirty {result['perfect_thirty']:.1%}, ten {result['perfect_ten']:.1%})"
        f"  attacks closed {result['attack_incidents_suppressed']}/{result['attack_incidents']}"
        f" (guarded {result['guarded_missed']}) {result['missed_classes'] or ''}"
        f"  rules {rules} (versions signed {signed})"
        f"  stops {result['stops']}  credit {result['mean_credit']}"
        f"  asked {result['questions']}+{result['second_opinions']}"
        f"  days of drift {result['days_drift_to_silence']['median']}"
        f"  {result['seconds']} s"
    )


def account_lines(result: dict[str, Any]) -> list[str]:
    """Return why harmless incidents after the trial days reached people: points by reason, each
    with its kinds, and the largest by process.
    """
    if not result["account"]:
        return []
    lines = []
    for why, kinds in result["account"]["by_reason"].items():
        words = ", ".join(f"{kind} {points}" for kind, points in kinds.items())
        lines.append(f"  {sum(kinds.values()):5.2f}  {why}: {words}")
    lines.append("  the largest:")
    for points, site, process, why, by in result["account"]["largest"][:MAX_LISTED]:
        lines.append(f"  {points:5.2f}  {site}, {process}: {why} ({by})")
    return lines


def summary(results: list[dict[str, Any]]) -> str:
    """Return the means of all seeds of one density."""
    after = [r["reduction_after_trial"] for r in results]
    missed = sum(r["attack_incidents_suppressed"] for r in results)
    closed = sum(r["suppressed"] for r in results)
    return (
        f"{results[0]['density']} attacks: mean after trial {mean(after):.1%}"
        f" (lowest {min(after):.1%}),"
        f" ready rules {mean(r['ready_rules_reduction'] for r in results):.1%},"
        f" day one {mean(r['reduction_from_day_one'] for r in results):.1%},"
        f" first ten {mean(r['first_ten_rules_reduction'] for r in results):.1%};"
        f" {missed} attack incidents among {closed} closed"
    )


if __name__ == "__main__":
    main()
