# office.bash - the folders of agencies on devices of this machine: agents, drop folders, lists. Sourced.
# shellcheck shell=bash disable=SC2154 # of lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
agent=$(realpath "${SINERGI_AGENT:-build/release/sinergi-agent}")
export SINERGI=$cli # handlers ask the broker through it
today=

# The folder of an agency as it is copied to its device: $work/AGENCY/kantor.
move_in() { # AGENCY [FOLDER]
    local to=$work/$1/kantor
    cp -rL "${2:-clients/agencies/$1}" "$to"
    { cat "$work/$1/sinergi.conf"; echo "codes = \"$root/conf/codes\";"; } >"$to/sinergi.conf"
    sed -i 's/settle_s = 10/settle_s = 1/' "$to/agent.conf"
}

start_agent() { # AGENCY
    "$agent" -c "$work/$1/kantor/agent.conf" >"$work/$1/agent.log" 2>&1 &
    pids+=($!)
}

clock_to() { # TIME
    agency_as diskominfo -w 20 admin clock advance --to "$1" >/dev/null || die "the clock does not move to $1"
    today=${1%%T*}
}

soon() { # COMMAND…: the work is that of other processes: look again, up to half a minute
    local tries=150
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        read -rt 0.2 <> <(:) || true
    done
}
try_until() { # WHAT COMMAND…
    local what=$1
    shift
    soon "$@" || { tail -n 3 "$work"/*/agent.log >&2; die "$what"; }
}

make_list() { # AGENCY [LIST…]
    local agency=$1
    shift
    HARI_INI=${today:-${clock_start%%T*}} "$work/$agency/kantor/handlers/daftar" "$@"
}
list_has() { # AGENCY LIST PATTERN
    [ -e "$work/$1/kantor/kota.db" ] && make_list "$1" "${2%%/*}" && grep -qE -- "$3" "$work/$1/kantor/daftar/$2.csv"
}
list_lacks() { # AGENCY LIST PATTERN
    make_list "$1" "$2" && ! grep -qE -- "$3" "$work/$1/kantor/daftar/$2.csv"
}
# list AGENCY LIST PATTERN: a row will come; gone: it will go.
list() { try_until "$1: no '$3' in $2.csv" list_has "$@"; }
gone() { try_until "$1: still '$3' in $2.csv" list_lacks "$@"; }
rows_are() { # AGENCY LIST COUNT
    make_list "$1" "$2" && [ "$(tail -n +2 "$work/$1/kantor/daftar/$2.csv" | wc -l)" -eq "$3" ]
}
rows() { # AGENCY LIST COUNT: so many will come
    try_until "$1: not $3 rows in $2.csv" rows_are "$@"
    ok "$1: $3 rows in $2"
}
says_list() { # NAME AGENCY LIST PATTERN
    if soon list_has "$2" "$3" "$4"; then ok "$1"; else not_ok "$1: no '$4' in: $(cat "$work/$2/kantor/daftar/$3.csv")"; fi
}

# Give a file to the agency's agent and wait until each row of it is answered.
dropped=0
drop() { # AGENCY KIND FILE
    local masuk=$work/$1/kantor/masuk ending=${3##*.} result
    dropped=$((dropped + 1))
    cp "$3" "$masuk/.coming"
    mv "$masuk/.coming" "$masuk/$2-$dropped.$ending"
    try_until "$1: $2: no answer" answered "$masuk" "$2-$dropped"
    result=$(result_of "$masuk" "$2-$dropped")
    case $result in
    */failed/*) not_ok "$1: $2: $(cat "$result")" ;;
    *) ok "$1: $2 was sent" ;;
    esac
}
result_of() { # FOLDER NAME
    find "$1/done" "$1/failed" -name "$2.*result.csv" 2>/dev/null || true
}
answered() { # FOLDER NAME
    local result
    result=$(result_of "$@")
    [ -n "$result" ] && ! grep -qE '^[^;]*;[^;]*;"?(antre|ditunda)' "$result"
}

# fill AGENCY LIST COLUMN=VALUE… [only PATTERN]: a clerk fills in the list (@ is the number of the row) and drops it.
fill() {
    local agency=$1 list=$2 pattern=. file
    file=$(mktemp -p "$work" "XXXXXX.csv")
    shift 2
    : >"$work/fill"
    while [ $# -gt 0 ]; do
        if [ "$1" = only ]; then
            pattern=$2
            break
        fi
        echo "$1" >>"$work/fill"
        shift
    done
    make_list "$agency" "$list"
    awk -v fill="$work/fill" -v pattern="$pattern" 'BEGIN { FS = OFS = ";"
            while ((getline line <fill) > 0) { at = index(line, "="); value[substr(line, 1, at - 1)] = substr(line, at + 1) } }
        { sub(/\r$/, "") }
        NR == 1 { sub(/^\357\273\277/, ""); for (i = 1; i <= NF; i++) heading[i] = $i; print; next }
        $0 ~ pattern { n++; for (i = 1; i <= NF; i++) if (heading[i] in value) { $i = value[heading[i]]; gsub(/@/, n, $i) } }
        { print }' "$work/$agency/kantor/daftar/$list.csv" >"$file"
    drop "$agency" "$list" "$file"
}
