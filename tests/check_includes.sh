#!/usr/bin/env bash
# Who may include whom: every room includes only what its row below allows; public headers of other libraries are free.
# Rows: room, then the rooms whose headers it may use. Prints each include that breaks the table and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

allowed() {
  case "$1" in
    base)        echo "base" ;;
    math)        echo "base math" ;;
    file)        echo "base math file" ;;
    prove)       echo "base math file prove" ;;
    json)        echo "base math file prove json" ;;
    measure)     echo "base math file prove measure" ;;
    compat)      echo "base file prove json compat" ;;
    witness)     echo "base math file witness" ;;
    wire)        echo "base wire" ;;
    worker)      echo "base wire witness prove file json worker" ;;
    cli)         echo "base math file prove measure json witness wire worker cli" ;;
    kernels)     echo "base math/params_ prove/backend.h kernels" ;;
    coordinator) echo "base wire file json prove/verify.h coordinator project source ledger chain http" ;;
    bindings)    echo "" ;;
  esac
}

bad=0
check() { # room, folder
  local room=$1 folder=$2 line file include ok word
  while IFS= read -r line; do
    file=${line%%:*}
    include=$(sed -E 's/^[^"]*"([^"]+)".*/\1/' <<<"${line#*:}")
    [ "$include" = proofmill.h ] && continue
    ok=0
    for word in $(allowed "$room"); do
      case "$include" in "$word" | "$word"/* | "$word"*.h) ok=1 ;; esac
    done
    # A header of the same folder, without a path, is allowed for generated and .def files only.
    case "$include" in */*) ;; *) [ -e "$(dirname "$file")/$include" ] && ok=1 ;; esac
    if [ $ok = 0 ]; then
      echo "$file: \"$include\" is not for room $room (allowed: $(allowed "$room"))"
      bad=1
    fi
  done < <(grep -rHE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' "$folder" --include='*.[ch]' --include='*.cu' --include='*.def' || true)
}

for room in base math file prove measure json compat witness wire worker cli; do
  if [ -d "host/$room" ]; then check "$room" "host/$room"; fi
done
check kernels kernels
check coordinator coordinator
if [ -d bindings ]; then check bindings bindings; fi
if [ $bad = 0 ]; then echo "includes: every room keeps to its table"; fi
exit $bad
