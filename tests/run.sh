#!/usr/bin/env bash
# run.sh - run test programs one after the other and count. Usage: tests/run.sh [PROGRAM [ARGS]]…
# Arguments are command lines, one each. A program reports in the words of cmocka or with lines
# "ok …" and "not ok …"; a program that says neither counts as one test by its exit status.
# The last line is "N passed, N failed".
set -u
passed=0 failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

for command in "$@"; do
    name=${command%% *}
    name=${name#build/*/tests/}
    log=$logs/log
    start=$(date +%s%N)
    # shellcheck disable=SC2086 # a command line is words
    $command >"$log" 2>&1
    status=$?
    ms=$((($(date +%s%N) - start) / 1000000))
    good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1)
    bad=$(sed -n 's/^ *\([0-9]*\) FAILED TEST(S).*/\1/p' "$log" | tail -n 1)
    if [ -z "$good" ]; then
        good=$(grep -c '^ok ' "$log")
        bad=$(grep -c '^not ok ' "$log")
    fi
    good=${good:-0} bad=${bad:-0}
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    if [ "$status" -eq 0 ] && [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
        good=1
    fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        printf 'ok    %-42s %5d tests %7d ms\n' "$name" "$good" "$ms"
    else
        printf 'FAIL  %-42s %5d of %d failed, exit status %d\n' "$name" "$bad" $((good + bad)) "$status"
        grep -v '^\[\(       OK\| RUN      \) \]\|^ok ' "$log" | tail -n "${TEST_LOG_LINES:-60}" | sed 's/^/      /'
    fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
