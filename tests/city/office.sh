# office.sh - what every office of the city does: its clerks read a list that the agent has written, fill in a sheet and
# drop it into a folder; the agent says row by row what became of it. Nobody uses what the agent did not receive.
# shellcheck shell=bash disable=SC2154

declare -A agent_pid # processes of the agents
declare -A heard     # seq up to which an office has read its mail; heard_before: the time before
declare -A heard_before
dropped=0 # sheets, so that each has a name of its own

# The folder that the agency has got, with its key. The agent takes a sheet at once here, not after ten seconds, and keeps
# it until the account at the end, not for thirty days. Two offices have a program of their own, for which it writes JSON.
open_office() { # AGENCY
    cp -rLn "$agencies_at/$1/." "$work/$1/"
    mkdir -p "$work/$1/masuk"
    sed -i 's/settle_s = [0-9]*;/settle_s = 0;/; s/keep_days = [0-9]*;/keep_days = 366;/' "$work/$1/agent.conf"
    case $1 in satpolpp | disnaker) sed -i 's/{ sqlite = "kota.db"; },/& { jsonl = "kota.jsonl"; },/' "$work/$1/agent.conf" ;; esac
    "$agent" -c "$work/$1/agent.conf" --check >/dev/null || die "$1: the configuration of the agent"
    start_agent "$1"
}
# The lists that its handler writes by itself are of the first day, those for the clerks of today.
start_agent() { # AGENCY
    SINERGI=$cli HARI_INI=${clock_start%%T*} "$agent" -c "$work/$1/agent.conf" 2>>"$work/$1/agent.log" &
    agent_pid[$1]=$!
    pids+=("$!")
}
kill_agent() { # AGENCY
    kill -KILL "${agent_pid[$1]}"
    wait "${agent_pid[$1]}" 2>/dev/null || true
}

# What is waited for comes from other processes: looked at again soon. Nobody ever writes into $nothing.
exec {nothing}<> <(:)
look_again() { read -rt 0.02 -u "$nothing" || true; }

# Wait until the agents of the agencies hold the subscription and have handed over all that was sent to them.
mail() { # AGENCY…
    local name tries
    for name in "$@"; do
        for tries in {1..2000}; do
            agency_as "$name" --json -w 10 status 2>/dev/null | jq -e '.subscriptions[]? | select(.name == "kota")
                | .holderDevice and .sentThrough == .ackedThrough' >/dev/null && break
            [ "$tries" -lt 2000 ] || die "the agent of $name does not keep up: $(tail -n 3 "$work/$name/agent.log")"
            look_again
        done
        heard_before[$name]=${heard[$name]:-0}
        heard[$name]=$(tell "$name" "SELECT seq FROM sinergi_cursor WHERE subscription = 'kota'")
    done
}

# A question to the tables that the agent has filled.
tell() { # AGENCY SQL
    sqlite3 -batch -readonly -cmd '.timeout 10000' "$work/$1/kota.db" "$2"
}

# The tables of the agent, one for each type of event; an office may keep some of its own beside them.
tables='(SELECT t.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE c.name IN ('"'seq', 'place'"') GROUP BY t.name HAVING count(*) = 2)'
every() { # AGENCY COLUMN: of every event that the agent has written, of whatever type, as SQL
    tell "$1" "SELECT group_concat('SELECT $2 FROM ' || name, ' UNION ALL ') FROM $tables"
}

# A clerk reads lists of the office, as its own queries make them, each as a table of its name (and `lembar`, the sheet
# that the staff keep), and fills in a sheet: a SELECT in clerks/. @hari is the day in the office's style.
clerk() { # AGENCY PROGRAM [NAME=VALUE…]: into out.csv
    local agency=$1 program=$here/clerks/$2.sql lists=() list load=() values=() value ask=$cli
    shift 2
    read -ra lists < <(sed -n 's/^-- daftar: //p' "$program")
    [ "$agency" != "${cut_off:-}" ] || ask=false # without a line nobody answers questions
    (cd "$work/$agency" && SINERGI=$ask HARI_INI=$today handlers/daftar "${lists[@]/lembar/kursi}") || die "$agency cannot write its lists"
    for list in "${lists[@]}"; do
        if [ "$list" = lembar ]; then load+=(".import '$work/$agency/sheet.csv' lembar")
        else load+=(".import '$work/$agency/daftar/$list.csv' '$list'"); fi
    done
    for value in "hari=$(in_style "$agency" "$today")" count=1000 skip=0 reason= by= second= version= gives_up=0 finds_work=0 "$@"; do
        values+=(".parameter set @${value%%=*} \"'${value#*=}'\"")
    done
    sqlite3 -batch -bail -header -csv -separator ';' :memory: '.parameter init' "${values[@]}" "${load[@]}" ".read '$program'" \
        >"$work/$agency/out.csv" || die "$agency: a clerk could not fill in the sheet with $program"
}
in_style() { # AGENCY DAY: as the office writes dates
    case $1 in
    disnaker) date -d "$2" +%d-%m-%y ;;
    *) date -d "$2" +%d/%m/%Y ;;
    esac
}

# What the staff have written into the sheets of a kind since the last time: KIND-MONTH.csv, column "Tgl Catat".
declare -A written_through
staff_sheet() { # AGENCY KIND: into sheet.csv; fails when there is nothing new
    local from=${written_through[$2]:-0000}
    written_through[$2]=$today
    awk -F ';' -v OFS=';' -v from="${from//-/}" -v to="${today//-/}" '{ sub(/\r$/, "") }
        FNR == 1 { sub(/^\xef\xbb\xbf/, ""); for (i = 1; i <= NF; i++) if ($i == "Tgl Catat") at = i; if (NR == 1) print; next }
        { day = substr($at, 7, 4) substr($at, 4, 2) substr($at, 1, 2); if (day > from && day <= to) { print; n++ } }
        END { exit !n }' "$agencies_at/$1/sample/2024/$2"-????-??.csv >"$work/$1/sheet.csv"
}

# The line of an agency runs over a relay, so that it can be cut.
lay_line() { # AGENCY
    relayed=$1
    line_port=$(free_port)
    sed -i "s#\(endpoint = \"tcp://127.0.0.1:\)[0-9]*#\1$line_port#" "$work/$1/sinergi.conf"
    mend_line
}
mend_line() {
    setsid socat "TCP-LISTEN:$line_port,bind=127.0.0.1,reuseaddr,fork" "TCP:127.0.0.1:$port" 2>/dev/null &
    line_pid=$!
    pids+=("-$line_pid") # with its connections
    cut_off=
}
cut_line() {
    cut_off=$relayed
    kill -- "-$line_pid"
    wait "$line_pid" 2>/dev/null || true
}

# Into the drop folder, in one piece.
put_sheet() { # AGENCY KIND FILE: the name of the sheet is in $sheet
    dropped=$((dropped + 1))
    sheet=$2-$today-$dropped
    cp "$3" "$work/$1/.$sheet"
    mv "$work/$1/.$sheet" "$work/$1/masuk/$sheet.${3##*.}"
    echo "$sheet" >>"$work/$1/sheets"
}

# What the agent says of the rows of a sheet, as soon as none of them waits for an answer: a copy in $result, for the
# agent writes it anew, and moves it to failed/ with a sheet that has a refused row.
await_result() { # AGENCY SHEET [UNTIL]: pattern that may not stand there any more
    local tries file
    result=$work/$1/result.csv
    for tries in {1..5000}; do # without a line for a while, an agent tries again once a minute
        for file in "$work/$1"/masuk/{done,failed}/"$2".*.result.csv; do
            cp "$file" "$result" 2>/dev/null || continue
            grep -qE "${3:-;\"antre\";}" "$result" || return 0
        done
        look_again
    done
    die "$1: no answer for the sheet $2: $(head -n 4 "$result"; tail -n 3 "$work/$1/agent.log")"
}
result_says() { # RESULT SQL: over `row`, the rows of a result
    sqlite3 -batch -bail -csv -separator ';' :memory: ".import '$1' row" '.mode list' "$2"
}
rows() { # RESULT STATUS: how many
    result_says "$1" "SELECT count(*) FROM row WHERE status = '$2'"
}

# Drop a sheet; refusals are allowed up to the number that the story expects, and counted.
drop() { # AGENCY KIND WHAT [REFUSED] [FILE]
    local agency=$1 refused=${4:-0} file=${5:-$work/$1/out.csv} before all got other codes
    [ "${file##*.}" = xlsx ] || [ "$(wc -l <"$file")" -gt 1 ] || die "$agency: nothing to state: $3"
    before=$(date +%s%N)
    put_sheet "$agency" "$2" "$file"
    await_result "$agency" "$sheet"
    before=$((($(date +%s%N) - before) / 1000000))
    IFS='|' read -r all got other codes < <(result_says "$result" "SELECT count(*), sum(status = 'ditolak'),
        sum(status NOT IN ('ditolak', 'diterima', 'ditunda', 'sudah ada')), group_concat(DISTINCT nullif(kode, '')) FROM (SELECT * FROM row ORDER BY kode)")
    echo "$all $before" >>"$work/took"
    [ "$got" -eq "$refused" ] && [ "$other" -eq 0 ] ||
        die "$agency: $3: $refused refused expected: $(grep -vE ';"(diterima|sudah ada|ditunda)";' "$result" | head -n 4)"
    if [ "$refused" -eq 0 ]; then
        say "$agency: $3 ($all)"
    else
        say "$agency: $3 ($all, of which $got refused: ${codes//,/, })"
    fi
}

# A clerk fills in a sheet and drops it.
state() { # AGENCY KIND WHAT REFUSED PROGRAM [NAME=VALUE…]
    local agency=$1 kind=$2 what=$3 refused=$4
    shift 4
    clerk "$agency" "$@"
    drop "$agency" "$kind" "$what" "$refused"
}

# What the command or a program has published stands on no sheet.
without_sheet() { # AGENCY: its last event
    agency_as "$1" --json outbox list | jq -r '.outbox + "-" + (.number | tostring)' | tail -n 1 >>"$work/$1/by_command"
}

date_is() { # TIME TITLE: the demo clock moves there
    local text
    agency_as diskominfo -w 20 admin clock advance --to "$1" >/dev/null || die "the clock does not move to $1"
    today=${1%%T*}
    text=$(LC_ALL=C date -d "$today" '+%a %-d %b %Y')
    step "$text ${1:11:5}: $2"
}

# The seats of dinsos' cases by course, as the broker answers.
show_seats() { # SLOT
    agency_as dinsos --lang en seats "$1" | cut -c 1-86 | sed 's/^/   /'
}
