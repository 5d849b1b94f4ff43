#!/usr/bin/env bash
# cloudevents.sh - what the command prints with --format cloudevents is valid by the rules of the specification
# (tests/interop/cloudevents.schema.json), for stated and derived events of every office, and means what it says.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"
clock_start=2024-01-29T08:00:00+07:00
data=tests/city/data
set_up
start_daemon

check_events() { /usr/bin/python3 tests/interop/cloudevents.py; }
publish() { # AGENCY JSON
    printf '%s' "$2" | agency_as "$1" --json -w 20 publish - >"$base/outcome" || die "$1: $(cat "$base/outcome")"
}

# A story with as many kinds of events as fit into it.
agency_as disnaker -w 30 import $data/slots-disnaker.jsonl >/dev/null
agency_as dinsos -w 30 import $data/kits-dinsos.jsonl >/dev/null
agency_as satpolpp -w 30 import $data/referrals-2024-01.jsonl >/dev/null
referral=018ce6f0-0000-7000-8000-000000000001
base_of='"occurredAt":"2024-01-29T01:00:00Z","actorRef":"dns-0031"'
publish satpolpp '{"occurredAt":"2024-01-29T01:00:00+00:00","actorRef":"sp-1","legalBasis":"PUBLIC_TASK","note":"kata \"orang\" \\ é € 😀","contactRecorded":{"person":{"fullName":"Taufiq Hidayat","nameQuality":"FULL","sex":"MALE","birthQuality":"ESTIMATED","estimatedAge":34,"nikStatus":"NONE"},"foundRegion":"14.71.05","activity":"BEGGING","outcome":"ADVISED"}}'
publish dinsos "{$base_of,\"referralAcknowledged\":{\"referralId\":\"$referral\",\"personPresent\":true,\"admittedToShelter\":true,\"receivedByUnit\":\"uptd-shelter\"}}"
publish dinsos "{$base_of,\"referralDecided\":{\"referralId\":\"$referral\",\"decision\":\"ACCEPTED\"}}"
case_id=$(agency_as dinsos --json case | jq -r --arg r "$referral" 'first(.cases[] | select(.state != "CASE_STATE_NEW")) | .caseId')
publish dinsos "{$base_of,\"caseId\":\"$case_id\",\"assessmentCompleted\":{\"assessedOn\":\"2024-01-29\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_11\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":2,\"trainingSuitable\":true,\"schooling\":\"LOWER_SEC\",\"canRead\":true,\"dependants\":0,\"socialRegistry\":\"NONE\"}}"
publish dinsos "{$base_of,\"caseId\":\"$case_id\",\"consentRecorded\":{\"action\":\"GIVEN\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"THUMBPRINT\",\"givenBy\":\"SELF\",\"textVersion\":\"consent-id-2024-01\",\"evidenceRef\":\"DINSOS/F-001/2024\"}}"
publish dinsos "{$base_of,\"caseId\":\"$case_id\",\"seatRequested\":{\"slotId\":\"018ce6f0-0000-7000-8000-00000000a001\",\"personAccepted\":true,\"waitlistOk\":true,\"waivers\":[\"KTP\"],\"override\":\"NONE\"}}"
allocation=$(jq -r .allocationId "$base/outcome")
publish disnaker "{\"occurredAt\":\"2024-01-29T01:00:00Z\",\"actorRef\":\"dnk-1\",\"seatDecided\":{\"allocationId\":\"$allocation\",\"decision\":\"CONFIRMED\"}}"
confirmed=$(jq -r '"\(.outbox)-\(.number) disnaker seat.decided \(.seq)"' "$base/outcome")
agency_as satpolpp --json -w 20 correct 018ce6f0-0000-7000-8000-000000000002 --set found_place=Pasar --reason TYPO >/dev/null
agency_as diskominfo admin clock advance --to 2024-03-01T08:00:00+07:00 >/dev/null

# Every office, each with its own cut of the same events.
for agency in satpolpp dinsos disnaker dpppa; do
    exits "$agency: subscribe" 0 agency_as "$agency" -w 20 subscribe awan --from beginning --format cloudevents --until-caught-up
    printf '%s\n' "$out" >"$base/$agency.ce"
    exits "$agency: the rules hold" 0 check_events <"$base/$agency.ce"
    agency_as "$agency" --json -w 20 subscribe biasa --from beginning --until-caught-up >"$base/$agency.json"
    check "$agency: data is the Envelope, in the same order" cmp -s <(jq -cS .data "$base/$agency.ce") <(jq -cS . "$base/$agency.json")
    check "$agency: the attributes are those of the Envelope" jq -es \
        'all(.source == .data.publisherAgency and .type == .data.type and .time == .data.occurredAt and .seq == .data.seq and .datacontenttype == "application/json")' \
        "$base/$agency.ce" >"$base/said"
done
kinds=$(jq -r .type "$base"/*.ce | sort -u)
check "$(wc -l <<<"$kinds") kinds of events: $(paste -sd' ' <<<"$kinds")" test "$(wc -l <<<"$kinds")" -ge 14
check "derived ones among them" grep -q '"derived":true' "$base/dinsos.ce"
check "and what was cut" grep -q redactedPaths "$base/disnaker.ce"
check "id is the place of the event in its outbox" grep -qx "$confirmed" <(jq -r '"\(.id) \(.source) \(.type) \(.seq)"' "$base/disnaker.ce")
check "the same for every reader" cmp -s <(jq -r '"\(.seq) \(.id)"' "$base/dinsos.ce" | sort | join -o 0,1.2 - <(jq -r .seq "$base/disnaker.ce" | sort)) \
    <(jq -r '"\(.seq) \(.id)"' "$base/disnaker.ce" | sort | join -o 0,1.2 - <(jq -r .seq "$base/dinsos.ce" | sort))
check "no attribute tells of a person" jq -es 'all(keys - ["specversion","id","source","type","time","datacontenttype","seq","data"] == [])' "$base/dinsos.ce" >"$base/said"
exits "tail" 0 agency_as dinsos -w 20 -n 5 tail --from beginning --format cloudevents
check "the same lines" cmp -s <(printf '%s\n' "$out") <(head -n 5 "$base/dinsos.ce")
exits "into a file" 0 agency_as dinsos -w 20 subscribe berkas --from beginning --format cloudevents --until-caught-up --output "$base/file.ce"
check "the same file" cmp -s "$base/file.ce" "$base/dinsos.ce"

# What is wrong on purpose is found, so that the check is one.
head -n 1 "$base/dinsos.ce" >"$base/one"
exits "one event by itself" 0 check_events <"$base/one"
right() { # NAME JQ-PROGRAM
    jq -c "$2" "$base/one" >"$base/changed"
    exits "right: $1" 0 check_events <"$base/changed"
}
wrong() { # NAME JQ-PROGRAM
    jq -c "$2" "$base/one" >"$base/changed"
    exits "wrong: $1" 1 check_events <"$base/changed"
}
right "a URI as source" '.source = "https://sinergi.example/satpolpp?a=b#c"'
right "an absolute path as source" '.source = "/dinas/satpolpp"'
right "a URN as source" '.source = "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"'
right "a schema" '.dataschema = "https://sinergi.example/v1"'
right "a time with an offset" '.time = "2024-01-29T08:00:00.125+07:00"'
right "bytes" 'del(.data) | .data_base64 = "aGFsbw=="'
right "a text that is no JSON" '.datacontenttype = "text/plain; charset=utf-8" | .data = "halo"'
right "an extension that is not set" '.subject = null | .urutan = null'
right "a small number as extension" '.urutan = 2147483647'
for name in id source specversion type; do
    wrong "no $name" "del(.$name)"
    wrong "an empty $name" ".$name = \"\""
    wrong "$name is null" ".$name = null"
    wrong "$name is a number" ".$name = 1"
done
wrong "another version" '.specversion = "0.3"'
wrong "a control character in the id" '.id = "a\u0007"'
wrong "a blank in the source" '.source = "dinas sosial"'
wrong "a colon that is no scheme" '.source = "1:2"'
wrong "half an escape in the source" '.source = "a%2"'
wrong "two fragments" '.source = "a#b#c"'
wrong "a time without a zone" '.time = "2024-01-29T08:00:00"'
wrong "a time as a number" '.time = 1706490000'
wrong "a date alone" '.time = "2024-01-29"'
wrong "month 13" '.time = "2024-13-29T08:00:00Z"'
wrong "an empty time" '.time = ""'
wrong "an extension with capitals" '.acceptedAt = "x"'
wrong "an extension with a line" '.accepted_at = "x"'
wrong "a name of 21 characters" '.aaaaaaaaaaaaaaaaaaaaa = "x"'
wrong "an object as extension" '.urutan = {}'
wrong "a list as extension" '.urutan = []'
wrong "a fraction as extension" '.urutan = 1.5'
wrong "a number of 64 bits as extension" '.urutan = 2147483648'
wrong "no media type" '.datacontenttype = "json"'
wrong "an object that is no JSON" '.datacontenttype = "text/plain"'
wrong "a relative schema" '.dataschema = "v1"'
wrong "an empty schema" '.dataschema = ""'
wrong "an empty subject" '.subject = ""'
wrong "data twice" '.data_base64 = "aGFsbw=="'
wrong "data that is not base64" 'del(.data) | .data_base64 = "halo!"'
wrong "a list" '[.]'
cat "$base/one" "$base/one" >"$base/changed"
exits "wrong: the same event twice" 1 check_events <"$base/changed"
sed 's/^{/{"id":"a",/' "$base/one" >"$base/changed"
exits "wrong: an attribute twice" 1 check_events <"$base/changed"
exits "wrong: nothing" 1 check_events </dev/null
done_testing
