# lib.sh - what the end-to-end tests of the agent share, beside ../lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
agent=$(realpath "${SINERGI_AGENT:-$(dirname "$cli")/sinergi-agent}")

agent_conf() { # AGENCY: the configuration from standard input
    { echo 'client = "sinergi.conf";' && cat; } >"$work/$1/agent.conf"
}
start_agent() { # AGENCY [PREFIX COMMAND…]: its process id is in $agent_pid
    local agency=$1
    shift
    "$@" "$agent" -c "$work/$agency/agent.conf" 2>>"$work/$agency/agent.log" &
    agent_pid=$!
    pids+=("$agent_pid")
}
end_agent() { # SIGNAL; its exit status is in $agent_status
    local pid kept=()
    agent_status=0
    kill "-$1" "$agent_pid"
    wait "$agent_pid" 2>/dev/null || agent_status=$?
    for pid in "${pids[@]}"; do
        [ "$pid" = "$agent_pid" ] || kept+=("$pid")
    done
    pids=("${kept[@]}")
}
# Look ten times a second until the command succeeds; false after that many looks.
until_true() { # LOOKS COMMAND…
    local looks=$1
    shift
    while [ "$looks" -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then return 0; fi
        read -rt 0.1 <> <(:) || true # what is waited for happens in another process
        looks=$((looks - 1))
    done
    return 1
}
sql() { # AGENCY STATEMENT; makes no file
    sqlite3 -readonly -cmd '.timeout 5000' "$work/$1/kota.db" "$2"
}
sql_is() { # AGENCY STATEMENT WANT
    [ "$(sql "$1" "$2" 2>/dev/null)" = "$3" ]
}
answered() { # AGENCY: nothing waits in its outbox
    [ "$(agency_as "$1" --json outbox | jq .unanswered)" = 0 ]
}
outcomes() { # AGENCY STATUS: how many events of the outbox have it
    agency_as "$1" --json outbox list | jq -r --arg s "$2" 'select(.status == $s).number' | wc -l
}
status_of() { # AGENCY FILTER: of `sinergi status --json`, with or without a broker
    agency_as "$1" --json -w 1 status 2>/dev/null | jq -r "$2"
}
referral() { # N [NAME]: one referral of satpolpp as a JSON line
    printf '{"occurredAt":"2024-01-08T01:00:00Z","actorRef":"sp-1","referralSubmitted":{"referralId":"018ce6f0-0000-7000-9000-%012d","kind":"INTAKE","targetAgency":"dinsos","priority":"NORMAL_14D","person":{"alias":"%s","nameQuality":"ALIAS_ONLY","sex":"MALE","birthQuality":"UNKNOWN","nikStatus":"NONE"},"suspectedPpks":["PPKS_11"],"foundRegion":"14.71.08","activity":"SLEEPING_ROUGH","childrenWith":0}}\n' "$1" "${2:-Orang $1}"
}
referrals() { # FIRST LAST
    local i
    for i in $(seq "$1" "$2"); do referral "$i"; done
}
# What the journal of the stopped daemon holds for a reader: seqs in order.
journal_seqs() { # AGENCY
    "$daemon" -c "$work/sinergid.conf" --demo --journal |
        jq -r --arg a "$1" 'select(.readers | index($a) or index("*")) | .seq'
}
stop_daemon() {
    kill -TERM "$daemon_pid"
    wait "$daemon_pid" || true
    daemon_pid=
}
