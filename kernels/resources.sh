#!/usr/bin/env bash
# Registers, spills, stack and shared memory of every kernel of ours (not CUB's), as ptxas reports them, against kernels/resources.txt.
#   kernels/resources.sh [--nvcc NVCC] [--ptx FOLDER] [--check] [ARCH...]     default: 75 80 86 90 100 120
# PTX that lies in the folder and is up to date (ptx.sh) is not made again.
# Without --check the table is written anew. With it the listed architectures are compiled and compared: a kernel that
# takes more of anything than the table says, or that is not in it, fails. Exit 77: no nvcc, or not the table's version,
# with which the numbers mean nothing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
table=$root/kernels/resources.txt
nvcc=nvcc ptx='' check=0 archs=()
while [ $# -gt 0 ]; do
  case "$1" in
    --nvcc) nvcc=$2; shift ;;
    --ptx) ptx=$2; shift ;;
    --check) check=1 ;;
    *) archs+=("$1") ;;
  esac
  shift
done
[ ${#archs[@]} -gt 0 ] || archs=(75 80 86 90 100 120)
if ! version=$("$nvcc" --version 2>/dev/null | sed -n 's/.*, V//p'); then
  echo "resources: skipped, there is no nvcc here"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line for each kernel of ptxas' report: name, architecture, registers, spill stores, spill loads, stack, shared.
# Functions that a kernel calls are listed after it and add their spills to its.
report() {
  awk '
    function flush() { if (name ~ /^k_/) print name, arch, registers, stores, loads, stack, shared }
    /Compiling entry function/ { flush(); split($0, q, "\x27"); name = q[2]; arch = substr(q[4], 4)
                                 registers = stores = loads = stack = shared = 0; next }
    /bytes stack frame/ { if ($1 > stack) stack = $1; stores += $5; loads += $9 }
    /Used [0-9]+ registers/ { for (i = 1; i < NF; i++) { if ($i == "Used") registers = $(i + 1)
                                if ($(i + 1) == "bytes" && $(i + 2) == "smem,") shared = $i
                                if ($(i + 1) == "bytes" && $(i + 2) == "smem") shared = $i
                                if ($(i + 1) == "bytes" && $(i + 2) == "cumulative") stack = $i } }
    END { flush() }'
}

# Units without kernels of ours are left out.
units=()
for source in "$root"/kernels/cuda_*.cu; do
  unit=${source##*/cuda_}
  case "${unit%.cu}" in backend | curves | ops | sort) ;; *) units+=("${unit%.cu}") ;; esac
done
for arch in "${archs[@]}"; do
  for unit in "${units[@]}"; do
    "$root/kernels/ptx.sh" "$nvcc" "$arch" "${ptx:-$work}" "$unit"
    "$nvcc" -arch="sm_$arch" -Xptxas -v -cubin -o "$work/cubin" "${ptx:-$work}/$unit.$arch.ptx" 2>"$work/log" ||
      { cat "$work/log" >&2; exit 1; }
    report <"$work/log"
  done
done | sort -k2,2n -k1,1 >"$work/now"

if [ $check = 0 ]; then
  { echo "# What ptxas gives each kernel; made by kernels/resources.sh, held by its --check."
    echo "# nvcc $version"
    echo "# kernel architecture registers spill_stores spill_loads stack_bytes shared_bytes"
    cat "$work/now"; } >"$table"
  exit 0
fi
if [ "$(sed -n 's/^# nvcc //p' "$table")" != "$version" ]; then
  echo "resources: skipped, the table is of nvcc $(sed -n 's/^# nvcc //p' "$table"), this is $version"
  exit 77
fi
awk '
  BEGIN { split("x x registers spill_stores spill_loads stack_bytes shared_bytes", field, " ") }
  /^#/ { next }
  FNR == NR { for (i = 3; i <= 7; i++) old[$1, $2, i] = $i; next }
  { if (!(($1, $2, 3) in old)) { print $1 " for sm_" $2 " is not in kernels/resources.txt"; bad = 1; next }
    for (i = 3; i <= 7; i++) {
      if ($i > old[$1, $2, i]) { print $1 " for sm_" $2 ": " field[i] " " old[$1, $2, i] " -> " $i; bad = 1 }
      if ($i < old[$1, $2, i]) print "better: " $1 " for sm_" $2 ": " field[i] " " old[$1, $2, i] " -> " $i } }
  END { exit bad }' "$table" "$work/now"
