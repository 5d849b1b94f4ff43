#!/usr/bin/env bash
# mutants.sh - every deliberate error of the ledger (daemon/ledger/mutant.h) must be found by the
# random histories, and the ledger without one must pass them. Usage: mutants.sh BUILD NUMBER…
# Two at a time; histories of 20,000 steps with the seeds from MUTANT_SEED on, MUTANT_STEPS in all
# at most. The first one finds nearly all of them.
set -u
build=$1
shift
steps=${MUTANT_STEPS:-60000} seed=${MUTANT_SEED:-8}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# One mutant: it is found when the history ends with an error, and says which promise is broken.
try() {
    local n=$1 program=$build/mutant$1/run_ledger_history status
    rm -rf "$build/mutant$n"
    if ! ${MAKE:-make} --no-print-directory B="$build" MUTANT="$n" "$program" >"$logs/$n" 2>&1; then
        echo "not ok mutant $n is not built: $(tail -n 1 "$logs/$n")"
        return 1
    fi
    { "$program" --seed "$seed" --steps "$steps"; } >"$logs/$n" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "not ok mutant $n lives after $steps steps"
        return 1
    fi
    echo "ok mutant $n: $(grep -E 'STEP=|: broken: ' "$logs/$n" | tail -n 1)"
    rm -rf "$build/mutant$n"
}

[ $# -ge 12 ] || { echo "not ok fewer than 12 mutants"; exit 1; }
"$build/tests/sim/run_ledger_history" --seed "$seed" --steps 20000 >"$logs/0" 2>&1 ||
    { echo "not ok the ledger itself: $(tail -n 1 "$logs/0")"; exit 1; }
echo "ok no mutant"
bad=0 running=0
for n in "$@"; do
    try "$n" &
    running=$((running + 1))
    if [ "$running" -eq 2 ]; then
        wait -n || bad=1
        running=1
    fi
done
while [ "$running" -gt 0 ]; do
    wait -n || bad=1
    running=$((running - 1))
done
exit "$bad"
