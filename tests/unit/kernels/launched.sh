#!/usr/bin/env bash
# Whether every kernel that kernels/resources.txt names was launched by the tests that gpu_check runs under
# compute-sanitizer: they write the names into one file when they run on the emulated device.
#   launched.sh FILE RESOURCES
set -euo pipefail
[ -s "$1" ] || { echo "no test has written $1: run them first"; exit 1; }
missing=$(comm -13 <(sort -u "$1") <(grep -v '^#' "$2" | cut -d' ' -f1 | sort -u))
[ -z "$missing" ] || { echo "launched by no test that compute-sanitizer watches:"; echo "$missing"; exit 1; }
echo "all $(grep -v '^#' "$2" | cut -d' ' -f1 | sort -u | wc -l) kernels are launched"
