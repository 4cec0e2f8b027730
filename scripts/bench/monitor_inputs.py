#!/usr/bin/env python3
"""Makes a run of many rows out of a real one, for monitor.sh: its shards and predictions again and again, under other names.

    monitor_inputs.py RUN ROWS FOLDER       RUN: a run's folder, as `tamiz run` writes it

The parts are hard links, so that they take no room. Counts of manifest.json and etl.json are those of all rows.
"""

import json
import os
import sys
from pathlib import Path


def times(counts: dict, factor: int) -> dict:
    return {name: count * factor for name, count in counts.items()}


def main(run: Path, rows: int, folder: Path) -> None:
    etl = json.loads((run / "etl.json").read_text())
    factor = -(-rows // etl["counts"]["ok"])
    shards, width = etl["shards"], len(etl["shards"])
    many = []
    for copy in range(factor):
        for at, shard in enumerate(shards):
            name = f"part-{copy * width + at:05}.parquet"
            for part in ("shards", "predictions"):
                (folder / part).mkdir(parents=True, exist_ok=True)
                os.link(run / part / Path(shard["path"]).name, folder / part / name)
            many.append(shard | {"path": f"shards/{name}"})
    (folder / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    files = [file | {"counts": times(file["counts"], factor)} for file in etl["files"]]
    rejected = [part | {"rows": part["rows"] * factor} for part in etl["rejected"]]
    reasons = times(etl["rejected_by_reason"], factor)
    changed = {"counts": times(etl["counts"], factor), "labelled": etl["labelled"] * factor, "num_shards": len(many),
               "shards": many, "files": files, "rejected": rejected, "rejected_by_reason": reasons}  # fmt: skip
    (folder / "etl.json").write_text(json.dumps(etl | changed))
    print(etl["counts"]["ok"] * factor)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
