"""The table of one large file: one_file.py SUMMARY.json RECORDS BYTES ROWS.tsv

Ends with 1 where a record was lost. ROWS.tsv has a line for each stage: its name, CPU seconds, wall seconds, peak memory in megabytes.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    counts = json.loads(Path(sys.argv[1]).read_text())["counts"]
    records, size, rows = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]).read_text().splitlines()
    is_whole = counts["input"] == counts["ok"] == records
    told = "nothing lost" if is_whole else f"WRONG: {counts}"
    print(f"One file of {size / 1e9:.1f} GB, {records} reviews: {told}.\n")
    print("| stage | peak MB | CPU-s | wall s |\n|---|---:|---:|---:|")
    for line in rows:
        stage, cpu, wall, peak = line.split("\t")
        print(f"| {stage} | {float(peak):.0f} | {float(cpu):.1f} | {float(wall):.1f} |")
    sys.exit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
