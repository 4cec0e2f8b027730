#!/usr/bin/env python3
"""Holds Tamiz's drift against Evidently's, and its estimate of accuracy against NannyML's, on the same rows, for drift.sh. Prints
Markdown tables.

    drift_peer.py FOLDER DRIFT_TRIALS

FOLDER holds a run of each upload below runs/<name>/, and of rest.csv below runs/rest/; DRIFT_TRIALS is the example of that name.
"""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import nannyml
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from evidently.legacy.calculations.stattests import chi_stat_test, jensenshannon_stat_test, psi_stat_test
from evidently.legacy.core import ColumnType
from evidently.legacy.metric_preset import DataDriftPreset
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.report import Report
from scipy.stats import chi2_contingency

NUMBERS = ["num_characters", "num_tokens", "unknown_share", "confidence"]
CLASSES = ["language", "predicted", "label"]
SHIFTS = ["same", "category", "spanish", "flipped"]
MEANING = {
    "same": "more of the same",
    "category": "another category (baby products)",
    "spanish": "a fifth in Spanish (hotels)",
    "flipped": "three of ten labels flipped",
}
ROWS = (200, 2_000, 8_000)
TRIALS = {200: 1_000, 1_000: 1_000, 5_000: 1_000, 20_000: 200}
PEER_TRIALS = 50
SEED = 1


def predictions(run: Path) -> pd.DataFrame:
    table = pq.read_table(next(run.glob("runs/*/predictions")), columns=[*NUMBERS, *CLASSES, "scores"]).to_pandas()
    table["positive"] = [scores[1] for scores in table.pop("scores")]
    return table


def summary(run: Path) -> dict:
    return json.loads(next(run.glob("runs/*/summary.json")).read_text())


def evidently(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[list[str], bool]:
    """The drifted columns by Evidently's defaults, and its verdict on the data set."""
    columns = [name for name in NUMBERS + CLASSES if reference[name].nunique() > 1]
    mapping = ColumnMapping(numerical_features=[c for c in columns if c in NUMBERS],
                            categorical_features=[c for c in columns if c in CLASSES])  # fmt: skip
    report = Report(metrics=[DataDriftPreset()])
    report.run(reference_data=reference[columns], current_data=current[columns], column_mapping=mapping)
    table = report.as_dict()["metrics"]
    by_column = next(metric["result"]["drift_by_columns"] for metric in table if "drift_by_columns" in metric["result"])
    overall = next(metric["result"]["dataset_drift"] for metric in table if "dataset_drift" in metric["result"])
    return [name for name, found in by_column.items() if found["drift_detected"]], overall


def statistics(drifts: list[dict]) -> None:
    """Every statistic of every feature of every run, against Evidently's (scipy's for the test) on the same bins."""
    worst = {"PSI": 0.0, "Jensen-Shannon distance": 0.0, "chi-squared test, p": 0.0}
    compared = 0
    for drift in drifts:
        for feature in drift["features"]:
            counts = [[bin["baseline"] for bin in feature["bins"]], [bin["run"] for bin in feature["bins"]]]
            names = [str(at) for at in range(len(counts[0]))]
            both = [pd.Series(np.repeat(names, side)) for side in counts]
            found = {
                "PSI": (feature["psi"], psi_stat_test.func(*both, ColumnType.Categorical, 0.1)[0]),
                "Jensen-Shannon distance": (
                    feature["jensen_shannon"],
                    jensenshannon_stat_test.func(*both, ColumnType.Categorical, 0.1)[0],
                ),
                "chi-squared test, p": (feature["p_value"], chi2_contingency(counts, correction=False).pvalue),
            }
            compared += 1
            for name, (ours, theirs) in found.items():
                worst[name] = max(worst[name], abs(ours - theirs))
    print("\n| statistic | compared | largest difference |\n|---|---:|---:|")
    for name, difference in worst.items():
        print(f"| {name} | {compared} | {difference:.1e} |")


def false_alarms(rest: pd.DataFrame, folder: Path, program: str) -> None:
    """Two samples of the same reviews, drawn anew for each trial: half of them as a baseline, some of the others as a run."""
    rng = np.random.default_rng(SEED)
    half = len(rest) // 2
    predictions = next((folder / "runs/rest").glob("runs/*/predictions"))
    print(
        "\n| rows | Tamiz: drift | slight | trials | Evidently: a column | its data set | chi-squared of a column | trials |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for rows, number in TRIALS.items():
        drawn = [rng.permutation(len(rest))[: half + rows].astype("<u4") for _ in range(number)]
        (folder / "trials.idx").write_bytes(np.concatenate(drawn).tobytes())
        command = [program, predictions, str(half), str(rows), folder / "trials.idx"]
        out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        ours = [json.loads(line)["shift"] for line in out.splitlines()]
        samples = [(rest.iloc[trial[:half]], rest.iloc[trial[half:]]) for trial in drawn[:PEER_TRIALS]]
        peer = [evidently(*sample) for sample in samples]
        tests = [any(chi_squared(*sample)) for sample in samples]
        shares = [
            sum(shift in ("moderate", "strong") for shift in ours) / number,
            sum(shift == "slight" for shift in ours) / number,
        ]
        theirs = [sum(bool(columns) for columns, _ in peer), sum(overall for _, overall in peer), sum(tests)]
        cells = [f"{share:.1%}" for share in shares] + [str(number)]
        cells += [f"{count / PEER_TRIALS:.0%}" for count in theirs] + [str(PEER_TRIALS)]
        print(f"| {rows:,} | {' | '.join(cells)} |", flush=True)


def chi_squared(reference: pd.DataFrame, current: pd.DataFrame) -> list[bool]:
    """Evidently's chi-squared test at 0.05 of each column of classes."""
    columns = [name for name in CLASSES if reference[name].nunique() > 1]
    return [chi_stat_test.func(reference[name], current[name], ColumnType.Categorical, 0.05)[1] for name in columns]


def planted(reference: pd.DataFrame, folder: Path) -> list[dict]:
    print("\n| upload | rows | Tamiz | features (PSI) | asks for a model | Evidently: data set | columns |")
    print("|---|---:|---|---|---|---|---|")
    drifts = []
    for shift in SHIFTS:
        for rows in ROWS:
            run = folder / "runs" / f"{shift}-{rows}"
            told = summary(run)
            drift = told["drift"]
            drifts.append(drift)
            beyond = [f for f in drift["features"] if f["shift"] in ("moderate", "strong")]
            features = ", ".join(f"{f['feature']} {f['psi']:.2f}" for f in sorted(beyond, key=lambda f: -f["psi"]))
            columns, overall = evidently(reference, predictions(run))
            asks = "yes" if told["retrain_advice"]["in_need"] else "no"
            print(f"| {MEANING[shift]} | {rows:,} | {drift['shift']} | {features or '-'} | {asks} | "
                  f"{'drift' if overall else 'none'} | {', '.join(columns) or '-'} |")  # fmt: skip
    return drifts


def estimates(reference: pd.DataFrame, folder: Path) -> None:
    """Accuracy without labels, against the truth."""

    def columns(rows: pd.DataFrame) -> pd.DataFrame:
        known = rows[rows["label"].notna()]
        return pd.DataFrame(
            {"truth": known["label"] - 1, "predicted": known["predicted"] - 1, "positive": known["positive"]}
        ).reset_index(drop=True)

    print("\n| upload | rows | accuracy by labels | Tamiz, without them | NannyML's CBPE |\n|---|---:|---:|---:|---:|")
    for shift in SHIFTS:
        for rows in ROWS:
            run = folder / "runs" / f"{shift}-{rows}"
            told, current = summary(run), columns(predictions(run))
            estimator = nannyml.CBPE(problem_type="classification_binary", y_pred_proba="positive", y_pred="predicted",
                                     y_true="truth", metrics=["accuracy"], chunk_size=len(current))  # fmt: skip
            estimator.fit(columns(reference))
            theirs = estimator.estimate(current).filter(period="analysis").to_df()[("accuracy", "value")].iloc[0]
            ours, truth = told["estimated"], told["quality"]["metrics"]["accuracy"]
            print(f"| {MEANING[shift]} | {rows:,} | {truth:.1%} | {ours['accuracy']:.1%} "
                  f"({ours['low']:.1%} to {ours['high']:.1%}) | {theirs:.1%} |")  # fmt: skip


def main(folder: Path, trials: str) -> None:
    warnings.filterwarnings("ignore")
    rest = predictions(folder / "runs/rest")
    reference = rest.sample(summary(folder / "runs/rest")["drift"]["baseline_rows"], random_state=SEED)
    drifts = planted(reference, folder)
    words = summary(folder / "runs/category-8000")["drift"]["words"]
    print(
        "\nWords that moved with the category:",
        ", ".join(f"{w['word']} {w['baseline']:.1%}→{w['run']:.1%}" for w in words),
    )
    statistics(drifts)
    estimates(reference, folder)
    false_alarms(rest, folder, trials)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
