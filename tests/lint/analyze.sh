#!/bin/sh
# analyze.sh - gcc -fanalyzer and clang-tidy, one file per run. Usage: analyze.sh JOBS FLAGS FILE…
set -eu
jobs=$1 flags=$2
shift 2
checks='-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,clang-analyzer-*,cert-*,-cert-err33-c,-cert-dcl*,-cert-msc*,-clang-analyzer-unix.Malloc,-clang-analyzer-deadcode.DeadStores,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,misc-redundant-expression,readability-function-size'
export flags checks
printf '%s\n' "$@" | xargs -P "$jobs" -I{} sh -c '
    # shellcheck disable=SC2086
    gcc -std=c11 -O1 -fanalyzer -Wno-analyzer-too-complex $flags -Werror -c "{}" -o /dev/null || exit 255
    # shellcheck disable=SC2086
    clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" \
        --config="{CheckOptions: [{key: readability-function-size.LineThreshold, value: 70}, {key: readability-function-size.StatementThreshold, value: 800}, {key: readability-function-size.BranchThreshold, value: 200}]}" \
        "{}" -- -std=c11 $flags 2>/dev/null || exit 255
'
