"""Breaks the dispatcher in each way of mutants.toml, one at a time, and tells whether the simulation notices.

Called by scripts/simulate.sh --mutants from the repository's root. Works on a copy below target/, with a build of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
TREE = Path("target/mutants/tree")
BUILD = Path("target/mutants/build")
TEST = "every_upload_ends_in_exactly_one_started_run_whatever_happens"


def main() -> int:
    """Prints a table; answers 1 if a mutant survives or breaks nothing that can be run."""
    seeds = sys.argv[1]
    mutants = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]
    copy_sources()
    print("| what is broken | noticed in world | by |\n|---|---:|---|", flush=True)
    survivors = [mutant["what"] for mutant in mutants if not noticed(mutant, seeds)]
    print(f"\n{len(mutants) - len(survivors)} of {len(mutants)} noticed")
    return 1 if survivors else 0


def copy_sources() -> None:
    """Everything that git knows or does not ignore, as it is now."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if Path(name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, TREE / name)


def noticed(mutant: dict[str, str], seeds: str) -> bool:
    """Tries one mutant, and prints its line."""
    file = TREE / mutant["file"]
    sound = file.read_text()
    assert sound.count(mutant["find"]) == 1, f"{mutant['what']}: {mutant['file']} has it not exactly once"
    file.write_text(sound.replace(mutant["find"], mutant["replace"]))
    try:
        told = test(seeds)
    finally:
        file.write_text(sound)
    found = re.search(r"seed (\d+): (.*)", told)
    if found is None and "test result: ok" not in told:
        raise SystemExit(f"{mutant['what']}: does not build or run\n{told[-3000:]}")
    world, by = found.groups() if found else ("none", "**nothing**")
    print(f"| {mutant['what']} | {world} | {by} |", flush=True)
    return found is not None


def test(seeds: str) -> str:
    """Builds and runs the simulation, and answers what it printed."""
    command = ["cargo", "test", "--release", "--workspace", "--test", "simulation"]
    environment = os.environ | {
        "TAMIZ_SEEDS": seeds,
        "CARGO_TARGET_DIR": str(BUILD.absolute()),
        "RUSTFLAGS": "-Awarnings",
    }
    command += ["--", "--exact", "--nocapture", TEST]
    run = subprocess.run(command, cwd=TREE, env=environment, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


if __name__ == "__main__":
    raise SystemExit(main())
