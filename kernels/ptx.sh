#!/usr/bin/env bash
# The PTX of kernels/cuda_UNIT.cu as FOLDER/UNIT.ARCH.ptx: made where it is missing or older than a source, so that what
# interprets it and what reads its resources compile it once. Does not run ptxas.
#   kernels/ptx.sh NVCC ARCH FOLDER UNIT...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
nvcc=$1 arch=$2 folder=$3
shift 3
mkdir -p "$folder"
for unit in "$@"; do
  target=$folder/$unit.$arch.ptx
  if [ -e "$target" ] && [ -z "$(find "$root"/kernels/*.h "$root"/kernels/*.def "$root/kernels/cuda_$unit.cu" \
    "$root"/host/math/params_*.h "$(command -v "$nvcc")" -newer "$target" -print -quit)" ]; then continue; fi
  "$nvcc" -std=c++17 -O3 -I"$root" -I"$root/host" -arch="compute_$arch" -ptx -o "$target.$$" "$root/kernels/cuda_$unit.cu"
  mv "$target.$$" "$target"
done
