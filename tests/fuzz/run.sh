#!/bin/sh
# run.sh - run one fuzz target on its corpus for some seconds. Usage: run.sh TARGET SECONDS
set -eu
target=$1 seconds=$2
here=$(dirname "$0")
found=build/fuzz/found/$target
mkdir -p "$found"
exec build/fuzz/fuzz_"$target" -max_total_time="$seconds" -max_len=70000 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$found/" "$found" "$here/corpus/$target"
