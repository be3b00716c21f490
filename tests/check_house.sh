#!/usr/bin/env bash
# House rules that a script can hold: file length, an opening comment, shell scripts, no registry addresses in lock files.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
complain() { echo "$1"; bad=1; }

while IFS= read -r f; do
  lines=$(wc -l <"$f")
  [ "$lines" -le 600 ] || complain "$f: $lines lines; a file past 600 lines is two files"
  case "$f" in
    *.c | *.h | *.sol | *.mjs) head -n 3 "$f" | grep -qE '^(/\*|//|#!)' || complain "$f: opens without saying what it is" ;;
  esac
done < <(git ls-files '*.c' '*.h' '*.cu' '*.sol' '*.mjs' '*.sh' mill)

if grep -q '"resolved"' tests/package-lock.json; then complain "tests/package-lock.json: holds download addresses"; fi
if command -v shellcheck >/dev/null; then
  git ls-files '*.sh' mill .ci/run | xargs shellcheck || bad=1
fi
[ $bad = 0 ] && echo "house: in order"
exit $bad
