#!/bin/sh
# tidy.sh - sizes and words: lines of at most 100 columns, functions of at most 70 lines, files of at
# most 800 (tests may be longer), no unfinished work. Usage: tidy.sh FILES…
set -eu
awk '
FNR == 1 { if (name != "") closefile(); name = FILENAME; lines = 0; start = 0; table = 0 }
{ lines++ }
/clang-format off/ { table = 1 } # a table aligned by hand may be wide
/clang-format on/ { table = 0 }
{ text = $0; gsub(/[\200-\277]/, "", text) }
length(text) > 100 && !table { printf "%s:%d: %d columns, at most 100\n", FILENAME, FNR, length(text); bad = 1 }
/TODO|FIXME|(^|[^X])XXX([^X]|$)/ { printf "%s:%d: unfinished work\n", FILENAME, FNR; bad = 1 }
/^{/ { start = FNR }
/^}/ && start { if (FNR - start - 1 > 70 && name ~ /\.c$/) { printf "%s:%d: function of %d lines, at most 70\n", FILENAME, start, FNR - start - 1; bad = 1 } start = 0 }
function closefile() { if (lines > 800 && name !~ /^tests\//) { printf "%s: %d lines, at most 800\n", name, lines; bad = 1 } }
END { closefile(); exit bad }
' "$@"
