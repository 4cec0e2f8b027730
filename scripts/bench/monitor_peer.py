#!/usr/bin/env python3
"""Evidently's data drift over the first rows of some predictions, against as many reference rows as the model's baseline has, for
monitor.sh.

    monitor_peer.py PREDICTIONS REFERENCE_ROWS ROWS
"""

import sys
import warnings
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from evidently.legacy.metric_preset import DataDriftPreset
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report

NUMBERS = ["num_characters", "num_tokens", "unknown_share", "confidence"]
CLASSES = ["language", "predicted", "label"]


def main(predictions: Path, reference_rows: int, rows: int) -> None:
    warnings.filterwarnings("ignore")
    parts, read = [], 0
    for part in sorted(predictions.glob("*.parquet")):
        parts.append(pq.read_table(part, columns=NUMBERS + CLASSES).to_pandas())
        read += len(parts[-1])
        if read >= rows:
            break
    current = pd.concat(parts, ignore_index=True).head(rows)
    mapping = ColumnMapping(numerical_features=NUMBERS, categorical_features=CLASSES)
    report = Report(metrics=[DataDriftPreset()])
    report.run(reference_data=current.head(reference_rows), current_data=current, column_mapping=mapping)
    report.as_dict()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
