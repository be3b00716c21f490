#!/usr/bin/env bash
# gpu_check on the CPU, in sizes of almost nothing: stages run, what passed is not run again, an item that hangs is
# killed at its limit, one that fails makes the exit code fail, files are JSON, the report has the rows.
#   gpu_check.sh PROGRAM
set -euo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
complain() { echo "FAIL: $*"; bad=1; }
json() { # file, whether each line is a value
  if command -v python3 >/dev/null; then
    python3 -c 'import json, sys
text = open(sys.argv[1]).read()
[json.loads(t) for t in (text.splitlines() if sys.argv[2] == "lines" else [text])]' "$1" "$2" || complain "$1 is no JSON"
  elif command -v node >/dev/null; then
    node -e 'const t = require("fs").readFileSync(process.argv[1], "utf8");
for (const l of process.argv[2] === "lines" ? t.trim().split("\n") : [t]) JSON.parse(l);' "$1" "$2" || complain "$1 is no JSON"
  fi
}
run() { # expected exit code, arguments; what it prints in $work/log
  local want=$1 rc=0
  shift
  "$program" "$@" --device cpu --tiny --out "$work/out" --results "$work/results" >"$work/log" 2>&1 || rc=$?
  [ $rc = "$want" ] || { complain "gpu_check $* ended with $rc, not $want"; cat "$work/log"; }
}
says() { grep -qE -- "$1" "$work/log" || { complain "\"$1\" is not said"; cat "$work/log"; }; }

# A tool in compute-sanitizer's place that runs its program: it passes where it says that nothing was found.
mkdir "$work/bin"
cat >"$work/bin/compute-sanitizer" <<'TOOL'
#!/bin/sh
tool=$2
shift 4
"$@" || exit 9
[ "$tool" != memcheck ] || echo "========= ERROR SUMMARY: 0 errors"
[ "$tool" != racecheck ] || echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)"
[ "$tool" != initcheck ] || echo "========= ERROR SUMMARY: 10 errors"
TOOL
chmod +x "$work/bin/compute-sanitizer"
# What is found last is the folders of a toolkit: where there is one, there is nothing to see here.
if [ ! -e /usr/local/cuda/bin/compute-sanitizer ] && [ ! -e /usr/local/cuda/compute-sanitizer ] &&
  [ -z "${CUDA_PATH:-}${CUDA_HOME:-}" ] && ! command -v compute-sanitizer >/dev/null; then
  run 0 sanitize
  says 'skip +sanitize/memcheck-bn128-4: compute-sanitizer is not here'
fi
PATH=$work/bin:$PATH run 1 sanitize
says 'pass +sanitize/memcheck-bn128-4 '
says 'pass +sanitize/racecheck-bls12381-4 '
says 'fail +sanitize/initcheck-bn128-4: it did not say "SUMMARY: 0 errors"'
says 'fail +sanitize/synccheck-bn128-4: it did not say'
rm "$work/out/sanitize.jsonl"

run 0 smoke conform soak bench report
says 'pass +smoke/device'
says 'pass +smoke/proof-bls12381'
says 'pass +conform/suite'
says 'pass +soak/ten-keys'
says 'skip +bench/device-bn128-5: device cpu cannot be measured part by part'
says 'skip +bench/memory: device|skip +bench/memory: cpu does not tell'
says 'skip +conform/tiers-bn128: cpu has no memory of its own'
says '3 passed, 0 had passed before, 0 failed, 3 skipped, 0 left over'
for f in "$work"/out/*.jsonl; do json "$f" lines; done
json "$(echo "$work"/results/*.json)" whole
table=$(echo "$work"/results/*.md)
for row in 'bn128 msm: G1, full-width scalars | 2^5' 'bls12381 ntt: forward | 2^5' 'bn128 proof, mixed: warm: proof | 2^5' \
  'warm: 2 at a time' 'bn128 soak: proofs in a row, one key' '- \*\*skip\*\* device-bn128-5'; do
  grep -q -- "$row" "$table" || complain "the table has no \"$row\""
done
[ -z "$(ls -d "$work"/out/tmp 2>/dev/null)" ] || complain "an item's folder is left behind"

# Again: nothing is run, not even behind a line that was cut off; with --again all of it.
printf '{"stage": "smoke", "item": "de' >>"$work/out/smoke.jsonl"
lines=$(wc -l <"$work/out/soak.jsonl")
run 0 smoke soak
says '0 passed, 3 had passed before, 0 failed'
[ "$(wc -l <"$work/out/soak.jsonl")" = "$lines" ] || complain "something was run again"
run 0 smoke --again
says '3 passed, 0 had passed before, 0 failed'
run 0 smoke
says '0 passed, 3 had passed before'

# Each way to end.
run 1 fault
says 'fail +fault/fails: failed on purpose'
says 'fail +fault/crashes: .*ended by signal 6'
says 'skip +fault/is-missing: there is none'
says 'timeout +fault/hangs: killed at its limit of 1 s'
says 'left over +fault/is-too-long: the budget is spent'
says 'left over +fault/is-stopped: stopped after 1 s of its 60'
grep -q '"item": "hangs", "result": "timeout".*"before it hangs"' "$work/out/fault.jsonl" || complain "rows of what hung are lost"
if pgrep -f -- "--child fault/.*$work" >/dev/null; then complain "something still runs"; fi

rc=0
"$program" --device cuda:99 --out "$work/out" >"$work/log" 2>&1 || rc=$?
[ $rc = 4 ] || complain "without a device it ended with $rc"
says '^gpu_check: nothing to check: device "cuda:99"'
rc=0
"$program" --nonsense >"$work/log" 2>&1 || rc=$?
[ $rc = 2 ] || complain "nonsense ended with $rc"
[ $bad = 0 ] && echo "gpu_check: as it should be"
exit $bad
