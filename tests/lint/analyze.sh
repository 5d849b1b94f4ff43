#!/bin/sh
# analyze.sh - gcc -fanalyzer and clang-tidy, one file per run. Usage: analyze.sh JOBS FLAGS FILE…
# clang-tidy does not follow cleanup attributes, nor out-parameters that another file sets on success:
# the checks that only speak of those are off. Arrays of pointers are how protobuf-c repeats.
set -eu
jobs=$1 flags=$2
shift 2
checks='-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-sizeof-expression,-bugprone-implicit-widening-of-multiplication-result,clang-analyzer-*,cert-*,-cert-err33-c,-cert-dcl*,-cert-msc*,-clang-analyzer-unix.Malloc,-clang-analyzer-core.NullDereference,-clang-analyzer-core.UndefinedBinaryOperatorResult,-clang-analyzer-core.uninitialized.Assign,-clang-analyzer-deadcode.DeadStores,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,misc-redundant-expression,readability-function-size'
export flags checks
printf '%s\n' "$@" | xargs -P "$jobs" -I{} sh -c '
    bad=0
    # shellcheck disable=SC2086
    gcc -std=c11 -O1 -fanalyzer -Wno-analyzer-too-complex $flags -DSINERGI_VERSION="\"0\"" -Werror -c "{}" -o /dev/null || bad=1
    # shellcheck disable=SC2086
    clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" \
        --config="{CheckOptions: [{key: readability-function-size.LineThreshold, value: 70}, {key: readability-function-size.StatementThreshold, value: 800}, {key: readability-function-size.BranchThreshold, value: 200}]}" \
        "{}" -- -std=c11 $flags -DSINERGI_VERSION="\"0\"" 2>/dev/null || bad=1
    exit $bad
'
