"""Makes bench/RESULTS.md of the JSON lines of a run."""

import datetime
import json
import os
import subprocess
import sys


def shell(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


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
        goal = row.get("goal", f"ratio {row['goal_ratio']}" if "goal_ratio" in row else "")
        cells += [str(goal)]
        cells += [f"{row['limit']:.3g}" if "limit" in row else "", f"{row['ratio']:.2f}" if "ratio" in row else "", row.get("bound", "")]
        print("| " + " | ".join(cells) + " |")
    print("\nRaw lines:\n")
    for row in rows:
        print("    " + json.dumps(row))


main()
