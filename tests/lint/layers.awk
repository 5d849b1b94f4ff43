# layers.awk - who may include whom. Usage: awk -f layers.awk FILES…
# Every quoted include of one of our folders must be an edge of this table; all others are errors.
BEGIN {
    allow("proto/kit",     "kit")
    allow("proto/wire",    "kit wire sinergi")
    allow("daemon/store",  "kit wire sinergi store")
    allow("daemon/ledger", "kit wire sinergi store ledger")
    allow("daemon/report", "kit wire sinergi store ledger/relation.h report")
    allow("daemon/broker", "kit wire sinergi store ledger report/report.h broker")
    allow("daemon/net",    "kit wire net")
    allow("daemon/sys",    "kit wire sys")
    allow("daemon",        "kit wire sinergi store ledger broker net sys report/report.h loop.h job.h skeleton.h")
    allow("clients/lib",   "kit wire sinergi lib")
    allow("clients/sheet", "kit wire sinergi lib sheet")
    allow("clients/cli",   "kit wire sinergi lib sheet cli")
    allow("clients/agent", "kit wire sinergi lib sheet agent")
}
function allow(folder, list,   n, i, words) {
    n = split(list, words, " ")
    for (i = 1; i <= n; i++)
        edge[folder, words[i]] = 1
    known[folder] = 1
}
FNR == 1 {
    folder = FILENAME
    sub(/\/[^\/]*$/, "", folder)
}
/^#include "/ && (folder in known) {
    split($0, part, "\"")
    target = part[2]
    whole = target # a single header may be allowed where its folder is not
    sub(/\/.*$/, "", target)
    if (!((folder, target) in edge) && !((folder, whole) in edge)) {
        printf "%s:%d: %s may not include \"%s\"\n", FILENAME, FNR, folder, part[2]
        bad = 1
    }
}
END { exit bad }
