#!/usr/bin/env bash
# bad_input.sh - a refusal names field, rule and what would be accepted, in both languages; good lines go
# on; nothing is lost.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon

head -n 3 tests/city/data/referrals-2024-01.jsonl >"$work/mixed.jsonl"
{
    echo '{"referralSubmitted": {"kind": "INTAKE", '
    sed -n 4p tests/city/data/referrals-2024-01.jsonl | jq -c '.referralSubmitted.foundRegion = "14.71.16"'
    sed -n 5p tests/city/data/referrals-2024-01.jsonl | jq -c '.referralSubmitted.person.nik = "1471994003950001"'
    sed -n 6p tests/city/data/referrals-2024-01.jsonl | jq -c '.referralSubmitted.colour = "red"'
    sed -n 7p tests/city/data/referrals-2024-01.jsonl | jq -c 'del(.referralSubmitted.priority)'
    sed -n 8p tests/city/data/referrals-2024-01.jsonl | jq -c '.referralSubmitted.suspectedPpks = ["PPKS_16"]'
    sed -n 9p tests/city/data/referrals-2024-01.jsonl
} >>"$work/mixed.jsonl"
exits "a file with bad lines" 1 agency_as satpolpp import "$work/mixed.jsonl"
says "names the line of the broken JSON" 'mixed.jsonl.*4'
says "names the field of the unknown region" 'found_?region|foundRegion'
says "names the rule" 'E_BAD_CODE'
says "says what would be accepted in Indonesian" 'yang diterima: kode wilayah paling tidak sampai kecamatan, misalnya 14.71.08'
says "does not repeat the NIK's digits as reason" 'nik'
check "the refused NIK is not printed" test "$(grep -c 1471994003950001 <<<"$out")" -eq 0
says "names the unknown field" 'colour'
says "names the missing field" 'priority'
says "names the code that a referrer may not use" 'suspected_?ppks|suspectedPpks'
exits "the good lines stand in the outbox as accepted" 0 agency_as satpolpp --json outbox list
check "four were accepted" test "$(grep -c '"ACCEPTED"' <<<"$out")" -eq 4

echo '{"occurredAt":"2024-01-08T01:00:00Z","seatRequested":{"slotId":"018ce6f0-0000-7000-8000-00000000a001","personAccepted":true,"waitlistOk":true,"override":"NONE"},"caseId":"018ce6f0-0000-7000-8000-00000000c001"}' >"$work/seat.json"
exits "Satpol PP may not ask for a seat" 1 agency_as satpolpp publish "$work/seat.json"
says "in English" 'E_FORBIDDEN.*accepted: an agency with the capability for this type'
says "in Indonesian" 'E_FORBIDDEN.*yang diterima: instansi yang berwenang untuk jenis peristiwa ini'
exits "and for programs" 1 agency_as satpolpp --json publish "$work/seat.json"
says "what would be accepted in English" '"accepted": *"an agency with the capability for this type"'
says "what would be accepted in Indonesian" '"acceptedId": *"instansi yang berwenang untuk jenis peristiwa ini"'
echo '{"occurredAt":"2024-01-08T01:00:00Z","referralDecided":{"referralId":"018ce6f0-0000-7000-8000-000000000001","decision":"DECLINED"}}' >"$work/decided.json"
exits "a decision without its reason" 1 agency_as dinsos publish "$work/decided.json"
says "names what is missing" 'reason|declined_by'
exits "not JSON" 1 agency_as dinsos publish /dev/null
exits "no such file" 4 agency_as dinsos publish "$work/none.json"
exits "no such command" 2 agency_as dinsos fly
exits "no such option" 2 agency_as dinsos --fly
exits "the same file again changes nothing" 1 agency_as satpolpp import "$work/mixed.jsonl"
says "and says that it is known" 'DUPLICATE|sudah'
done_testing
