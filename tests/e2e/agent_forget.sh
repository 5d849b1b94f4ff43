#!/usr/bin/env bash
# agent_forget.sh - consent is taken back, and the copies at the provider forget: database, JSON lines, older files
# and inbox hold the name no longer, in no byte of any file; seqs, ids and states stay, other people's names as well;
# kill -9 while it forgets leaves both halves or none.
. "$(dirname "$0")/agent/lib.sh"
RANDOM=${SEED:-$$}
seed=$RANDOM
RANDOM=$seed
clock_start=2024-01-08T08:00:00+07:00
set_up
start_daemon
rounds=${ROUNDS:-6}
people=$((rounds + 3)) # two are forgotten without a kill, the last one keeps its name

publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
    [ "$(jq -r .status <<<"$out")" = ACCEPTED ] || die "$1: $2: $out"
}
id() { printf '018ce6f0-0000-7000-8000-00000000%02d%02d' "$1" "$2"; }
name() { printf "Rahasia\\$(printf %03o $((64 + $1)))Kata"; }
consent() { # PERSON ACTION
    publish dinsos "{\"actorRef\":\"d-1\",\"legalBasis\":\"CONSENT\",\"caseId\":\"${case_of[$1]}\",\"consentRecorded\":{\"consentId\":\"$(id "$1" "$([ "$2" = GIVEN ] && echo 3 || echo 4)")\",\"action\":\"$2\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"WRITTEN\",\"givenBy\":\"SELF\",\"textVersion\":\"v1\",\"evidenceRef\":\"F-$1\"}}"
}
declare -A case_of
person() { # PERSON: referred, accepted, assessed, with consent and a seat
    publish satpolpp "{\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"$(id "$1" 1)\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"$(name "$1")\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"19$((80 + $1))-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\",\"phone\":\"+62812345678$((10 + $1))\"},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
    publish dinsos "{\"actorRef\":\"d-1\",\"referralDecided\":{\"referralId\":\"$(id "$1" 1)\",\"decision\":\"ACCEPTED\"}}"
    local known=" ${case_of[*]} " c
    for c in $(agency_as dinsos --json case | jq -r '.cases[].caseId'); do
        case $known in *" $c "*) ;; *) case_of[$1]=$c ;; esac
    done
    publish dinsos "{\"actorRef\":\"d-1\",\"caseId\":\"${case_of[$1]}\",\"assessmentCompleted\":{\"assessmentId\":\"$(id "$1" 2)\",\"assessedOn\":\"2024-01-08\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,\"trainingSuitable\":true,\"socialRegistry\":\"DTSEN\"}}"
    consent "$1" GIVEN
    publish dinsos "{\"actorRef\":\"d-1\",\"legalBasis\":\"CONSENT\",\"caseId\":\"${case_of[$1]}\",\"seatRequested\":{\"requestId\":\"$(id "$1" 5)\",\"slotId\":\"$slot\",\"personAccepted\":true,\"waitlistOk\":true,\"override\":\"NONE\"}}"
}
slot=$(id 99 1)
publish disnaker "{\"actorRef\":\"t-1\",\"slotOffered\":{\"slotId\":\"$slot\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"venueRegion\":\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"2024-02-05\",\"endsOn\":\"2024-03-01\",\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":16,\"registrationClosesAt\":\"2024-02-01T03:00:00Z\",\"lateEntryUntil\":\"2024-02-09\",\"holdHours\":72,\"sex\":\"MALE\",\"minAge\":18,\"maxAge\":60,\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"ATTENDANCE\",\"desk\":\"0761\"}}"
for i in $(seq 1 "$people"); do person "$i"; done

# ---- the provider has the names; it never asked for orders to forget
agency_conf() {
    agent_conf disnaker <<'CONF'
subscriptions = ( { name = "kota"; types = ["seat.*"]; handlers = (
    { sqlite = "kota.db"; }, { jsonl = "kota.jsonl"; rotate_mib = 64; keep = 3; } ); } );
CONF
}
agency_conf
exits "the configuration is right" 0 "$agent" -c "$work/disnaker/agent.conf" --check
exits "the provider receives" 0 timeout 60 "$agent" -c "$work/disnaker/agent.conf" --once

folder=$work/disnaker
files_with() { # TEXT: files of the provider's folder that hold it, in whatever byte
    grep -rlaF -- "$1" "$folder" || true
}
places_of() { # PERSON: how often its name stands in the copies
    cat "$folder"/kota.jsonl* | grep -cF "$(name "$1")"
}
orders() { sql disnaker "select count(*) from person_erasure_ordered"; }
last=$people
check "every name is in the database" sql_is disnaker "select count(distinct person_full_name) from seat_allocation_changed" "$people"
check "orders to forget have a table, asked for or not" sql_is disnaker "select count(*) from person_erasure_ordered" 0
check "the inbox never held a name" test -z "$(grep -laF Rahasia "$folder"/data/* 2>/dev/null)"
check "its key is for its owner alone" test "$(stat -c %a "$folder/data/inbox.key")" = 600

# ---- copies in an older file, in free pages of the database, and in large files
mv "$folder/kota.jsonl" "$folder/kota.jsonl.1"
chmod 640 "$folder/kota.jsonl.1"
for i in $(seq 1 3000); do cat "$folder/kota.jsonl.1"; done >"$folder/kota.jsonl.3"
sqlite3 -cmd '.timeout 5000' "$folder/kota.db" "pragma secure_delete = off; create table lama as select * from seat_allocation_changed;
    drop table lama; create table isi (x); insert into isi values (randomblob(20000000))" >"$work/sqlite.log"
check "a name is in free pages now" test "$(grep -caF "$(name 1)" "$folder/kota.db")" -gt 0
cp "$folder/data/inbox.key" "$work/old.key"
before=$(sql disnaker "select group_concat(seq || change || allocation_id || slot_id) from (select * from seat_allocation_changed order by seq)")
old_places=$(places_of "$last")

# ---- consent is taken back
consent 1 WITHDRAWN
exits "the agent forgets" 0 timeout 120 "$agent" -c "$folder/agent.conf" --once
check "the order has come" test "$(orders)" -eq 1
check "no file holds the name" test -z "$(files_with "$(name 1)")"
check "nor the phone" test -z "$(files_with +6281234567811)"
check "the database has nothing due" sql_is disnaker "select count(*) from sqlite_master where name = 'sinergi_forgetting'" 0
check "the rows are there, with ids and states" sql_is disnaker "select group_concat(seq || change || allocation_id || slot_id) from (select * from seat_allocation_changed where change = 'RESERVED' order by seq)" "$before"
check "what was removed is named" sql_is disnaker "select redacted_paths from seat_allocation_changed order by seq limit 1" '["case_id","seat_allocation_changed.person.full_name","seat_allocation_changed.person.phone"]'
check "in the line as well" test "$(head -n 1 "$folder/kota.jsonl.1" | jq -c '[.redactedPaths, .seatAllocationChanged.person.fullName, .seatAllocationChanged.change]')" = '[["case_id","seat_allocation_changed.person.full_name","seat_allocation_changed.person.phone"],null,"SEAT_CHANGE_RESERVED"]'
check "what the order does not name stays" sql_is disnaker "select person_sex from seat_allocation_changed order by seq limit 1" MALE
check "the mode of a file is kept" test "$(stat -c %a "$folder/kota.jsonl.1")" = 640
check "the key of the inbox is another one" sh -c "! cmp -s '$work/old.key' '$folder/data/inbox.key' && [ ! -e '$folder/data/inbox.key.new' ]"
check "other names are where they were" test "$(places_of "$last")" -eq "$old_places"

# ---- killed while it forgets: the order's row and the names that are gone come and go together
halves() { # names that an order in the database has reached, still there; and those gone before their order came
    sqlite3 -cmd '.timeout 5000' "$folder/kota.db" "
        select (select count(*) from seat_allocation_changed s join person_erasure_ordered o
                on s.person_person_ref = o.payload_person_ref and s.seq < o.seq where s.person_full_name is not null)
             + (select count(*) from seat_allocation_changed s where s.change = 'RESERVED' and s.person_full_name is null
                and not exists (select 1 from person_erasure_ordered o where o.payload_person_ref = s.person_person_ref))"
}
whole=1
for round in $(seq 1 "$rounds"); do
    consent $((round + 1)) WITHDRAWN
    start_agent disnaker
    read -rt "0.$(printf '%03d' $((RANDOM % 900)))" <> <(:) || true
    end_agent KILL
    [ "$(halves)" = 0 ] || whole=0
done
check "no half is left by a kill (seed $seed)" test "$whole" -eq 1
exits "it goes on where it was" 0 timeout 240 "$agent" -c "$folder/agent.conf" --once
check "each order is one row" test "$(orders)" -eq $((rounds + 1))
left=
for round in $(seq 1 "$rounds"); do
    left+=$(files_with "$(name $((round + 1)))")
done
check "no file holds one of the names (seed $seed)" test -z "$left"
check "the name of somebody else is where it was" test "$(places_of "$last")" -eq "$old_places"
check "and in the database" sql_is disnaker "select count(*) from seat_allocation_changed where person_full_name = '$(name "$last")'" 1
check "lines are whole and in order, each once" sh -c "cat '$folder/kota.jsonl.1' '$folder/kota.jsonl' | jq -r .seq | sort -nuc"
check "as the rows" test "$(cat "$folder/kota.jsonl.1" "$folder/kota.jsonl" | wc -l)" -eq "$(sql disnaker "select (select count(*) from seat_allocation_changed) + (select count(*) from seat_requested) + (select count(*) from seat_decided) + (select count(*) from person_erasure_ordered)")"
check "nothing half lies about" test -z "$(find "$folder" -name '*.new')"
check "the database is whole" sql_is disnaker "pragma integrity_check" ok

# ---- a query that stays open holds up the order, not the forgetting
coproc query { sqlite3 "$folder/kota.db"; }
echo "begin; select count(*) from seat_requested;" >&"${query[1]}"
read -r _ <&"${query[0]}"
start_agent disnaker
person=$((rounds + 2))
consent "$person" WITHDRAWN
check "the agent says that it waits" until_true 100 grep -q 'handler-failed.*kind=sqlite.*locked' "$folder/agent.log"
check "the row has forgotten" sql_is disnaker "select count(*) from seat_allocation_changed where person_full_name = '$(name "$person")'" 0
echo ".quit" >&"${query[1]}"
wait "$query_PID" || true
gone() { [ -z "$(files_with "$(name "$person")")" ]; }
check "then no file holds the name" until_true 200 gone
done_all() { grep -q "ERASURE_ORDERED\|erasure_ordered" "$folder/kota.jsonl" && [ "$(orders)" -eq $((rounds + 2)) ]; }
check "and the order is done" until_true 100 done_all
end_agent TERM
check "the log says how much" grep -qE 'forgotten subscription=kota handler=1 kind=sqlite rows=[0-9]+ files=1' "$folder/agent.log"
check "of the files too" grep -qE 'forgotten subscription=kota handler=2 kind=jsonl rows=[0-9]+ files=[12]' "$folder/agent.log"
refs=$(sql disnaker "select distinct person_person_ref from seat_allocation_changed")
check "but nobody's name or reference" test -z "$(grep -F -e Rahasia -e "$refs" "$folder/agent.log")"
done_testing
