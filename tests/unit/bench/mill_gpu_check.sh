#!/usr/bin/env bash
# How ./mill gpu-check finds nvcc and the GPU, what it has built, and what it runs: with stand-ins for cmake, nvcc and
# nvidia-smi, which write down what they were asked.
#   mill_gpu_check.sh MILL
set -euo pipefail
mill=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
complain() { echo "FAIL: $*"; bad=1; }

mkdir -p "$work/root" "$work/bin" "$work/cuda/bin" "$work/gpu" "$work/brought/bin"
cp "$mill" "$work/root/mill"
for tool in bash dirname mkdir tail cut tr nproc date cat; do ln -s "$(command -v "$tool")" "$work/bin/$tool"; done
ln -s "$(command -v env)" "$work/bin/env"
cat >"$work/bin/cmake" <<TOOL
#!/bin/bash
echo "cmake \$*" >>"$work/log"
[ ! -e "$work/broken" ] || { echo "no compiler"; exit 1; }
while [ \$# -gt 0 ]; do [ "\$1" != -B ] || { mkdir -p "\$2/bin"; cp "$work/gpu_check" "\$2/bin/gpu_check"; }; shift; done
TOOL
ln -s "$(command -v cp)" "$work/bin/cp"
cat >"$work/gpu_check" <<TOOL
#!/bin/bash
printf 'run'; printf ' [%s]' "\$0" "\$@"; echo
exit 75
TOOL
cat >"$work/gpu/nvidia-smi" <<'TOOL'
#!/bin/bash
[ "$1" != -L ] || exit 0
echo "9.0"
TOOL
printf '#!/bin/bash\n' >"$work/cuda/bin/nvcc"
cp "$work/gpu_check" "$work/brought/bin/gpu_check"
chmod +x "$work/bin/cmake" "$work/gpu_check" "$work/gpu/nvidia-smi" "$work/cuda/bin/nvcc" "$work/brought/bin/gpu_check"

call() { # expected exit code, folders before the tools, arguments; what it says in $work/said, what it calls in $work/log
  local want=$1 path=$2 rc=0
  shift 2
  : >"$work/log"
  env -i HOME="$work" PATH="$path$work/bin" CUDA_PATH="${cuda_path:-}" "$work/root/mill" gpu-check "$@" >"$work/said" 2>&1 || rc=$?
  [ $rc = "$want" ] || { complain "gpu-check $* ended with $rc, not $want"; cat "$work/said"; }
}
says() { grep -qF -- "$1" "$work/said" "$work/log" || { complain "\"$1\" is missing"; cat "$work/said" "$work/log"; }; }
never() { ! grep -qF -- "$1" "$work/said" "$work/log" || { complain "\"$1\" should not be there"; cat "$work/said" "$work/log"; }; }

gpu=$work/gpu:
nvcc=$work/cuda/bin:

if [ ! -e /proc/driver/nvidia/version ]; then
  call 4 "$nvcc" smoke
  says 'needs an NVIDIA GPU with its driver'
  never 'cmake'
fi

# Built for the GPU that is there; stages and options go on to the program, whose exit code is mill's.
call 75 "$gpu$nvcc" smoke conform --budget 30
says '-DPROOFMILL_CUDA=ON -DPROOFMILL_CUDA_ARCHS=90'
says "-DPROOFMILL_NVCC=$work/cuda/bin/nvcc"
says '-DPROOFMILL_SERVICE=OFF'
says '--target gpu_check'
says "run [$work/root/build/gpu/bin/gpu_check] [smoke] [conform] [--budget] [30] [--device] [cuda:0]"
says '[--command] [./mill gpu-check smoke conform --budget 30]'
says "[--cuda-root] [$work/cuda]"

cuda_path=$work/cuda
call 75 "$gpu" --arch 120 --device cuda:1
says '-DPROOFMILL_CUDA_ARCHS=120'
says "-DPROOFMILL_NVCC=$work/cuda/bin/nvcc"
says '[--device] [cuda:1]'

# Building alone needs no GPU, but then nobody says which it will be.
call 0 '' --build-only --arch 90
says '--prebuilt'
never 'run ['
rm "$work/gpu/nvidia-smi"
call 2 '' --build-only
says 'say --arch 90'
cuda_path=

call 75 '' --device cpu --tiny
says '-DPROOFMILL_CUDA=OFF'
says "run [$work/root/build/gpu-cpu/bin/gpu_check] [--tiny] [--device] [cpu]"

call 75 '' --device cpu --prebuilt "$work/brought"
never 'cmake'
says "run [$work/brought/bin/gpu_check]"
call 2 '' --device cpu --prebuilt "$work/nowhere"
says "there is no bin/gpu_check in $work/nowhere"
call 2 '' --arch
says '--arch wants a value'

touch "$work/broken"
call 1 '' --device cpu
says 'no compiler'
never 'run ['
[ $bad = 0 ] && echo "mill gpu-check: as it should be"
exit $bad
