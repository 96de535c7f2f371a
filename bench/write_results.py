"""Makes bench/RESULTS.md of the JSON lines of a run."""

import datetime
import json
import os
import subprocess
import sys


def shell(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


# Units of which less is better.
COSTS = ("s", "ms", "ms p99", "us/item", "us/question", "MB", "CPU-s/min")


def goal_of(row):
    if "goal" in row:
        return f"{'<' if row['unit'] in COSTS else '>='} {row['goal']:.4g}"
    return f"ratio {row['goal_ratio']}" if "goal_ratio" in row else ""


def main():
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    print("# Benchmark results\n")
    print("Written by `bench/run`. Load generator, installations and simulators share the machine's cores; nothing runs with durability off.\n")
    print(f"Date {datetime.date.today()}, commit {shell('git', 'rev-parse', '--short', 'HEAD')}, {os.cpu_count()} cores ({processor}).\n")
    print("| benchmark | value | unit | goal | limit | ratio | what bounds it |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        cells = [row["name"], f"{row['value']:.4g}", row["unit"]]
        cells += [goal_of(row)]
        cells += [f"{row['limit']:.3g}" if "limit" in row else "", f"{row['ratio']:.2f}" if "ratio" in row else "", row.get("bound", "")]
        print("| " + " | ".join(cells) + " |")
    print("\nRaw lines:\n")
    for row in rows:
        print("    " + json.dumps(row))


main()
