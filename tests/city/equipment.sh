# equipment.sh - kits: lent, granted, refused, looked after; and the barbers of May. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154

# A sheet that is written by hand: what must not be given. KIT DASAR ALLOCATION BAST on each line.
kits_by_hand() { # AGENCY WHAT [REFUSED]
    local kit basis allocation bast
    {
        echo "ID Alokasi;No. Aset;Dasar;No. BAST;Tgl BAST;Janji Tidak Dijual;Dijaga Sampai"
        while read -r kit basis allocation bast; do
            echo "$allocation;1.3.2.05/$kit;$basis;$bast;$(in_style "$1" "$today");ya;31/07/2025"
        done
    } >"$work/$1/out.csv"
    drop "$1" serah-kit "$2" "${3:-0}"
}

# A kit per graduate, the first of the numbers on.
grant_all() { # SLOT FIRST-KIT COUNT WHAT
    state dinsos serah-kit "$4" 0 dinsos/serah-kit "slot=$1" "kit=$2" "count=$3"
}

check_kits() { # FINDING WHAT NUMBER…
    local finding=$1 what=$2
    shift 2
    {
        echo "No. Aset;Tgl Cek;Cara;Temuan;Tindakan;Petugas"
        printf "1.3.2.05/%03d;$(in_style dinsos "$today");rumah;$finding;tidak ada;dns-0044\n" "$@"
    } >"$work/dinsos/out.csv"
    drop dinsos cek-kit "$what"
}

# In the first week: a kit for training; and what must not happen.
lend_and_refuse() {
    local first
    first=$(in_state dinsos "$motor" OCCUPIED | head -n 1)
    kits_by_hand dinsos "lends a kit for the course" <<<"001 pinjam $first 001/PINJAM/2024"
    # a barber's kit for a mechanic; before the course is over; an item that is lent already
    kits_by_hand dinsos "kits that must not be given" 3 <<-END
		009 pinjam $first 002/PINJAM/2024
		002 hibah $first 003/PINJAM/2024
		001 pinjam $first 004/PINJAM/2024
	END
    # Its own sheets name own kits only: what Disnaker has heard of, it can only state by a program.
    mail disnaker
    publish_json disnaker "a program of Disnaker hands over a kit of Dinsos" "$(tell disnaker "SELECT json_object('equipmentIssued', json_object(
        'itemId', item_id, 'allocationId', allocation_id, 'basis', 'LOAN_DURING_TRAINING', 'bastNo', '005/PINJAM/2024', 'bastDate', '$today',
        'noSaleStatement', json('true'), 'custodyUntil', '2025-07-31')) FROM equipment_issued")"
}

# A program of an office publishes one event, which is refused.
publish_json() { # AGENCY WHAT JSON
    local out status=0
    out=$(agency_as "$1" --json -w 20 publish - <<<"$3" 2>/dev/null) || status=$?
    [ "$status" -ne 0 ] && [ "$(jq -r .status <<<"$out")" = REJECTED ] || die "$1: $2: exit status $status: $out"
    without_sheet "$1"
    say "$1: $2 (1, of which 1 refused: $(jq -r .code <<<"$out"))"
}

graduates() {
    date_is 2024-04-22T10:00:00+07:00 "Dinsos gives the graduates their kits, and refuses what does not fit"
    local mechanic embroiderer dropped_out
    mechanic=$(in_state dinsos "$motor" COMPLETED | head -n 1)
    embroiderer=$(in_state dinsos "$embroidery" COMPLETED | head -n 1)
    dropped_out=$(in_state dinsos "$embroidery" FORFEITED | head -n 1)
    grant_all "$motor" 1 7 "kits of motorcycle service"
    grant_all "$embroidery" 13 6 "kits of embroidery"
    # another course; has one already; did not complete
    kits_by_hand dinsos "kits that must not be given" 3 <<-END
		008 hibah $embroiderer 090/BAST/DINSOS/2024
		008 hibah $mechanic 091/BAST/DINSOS/2024
		020 hibah $dropped_out 092/BAST/DINSOS/2024
	END
    mail dinsos disnaker dpppa
}

contacts() {
    date_is 2024-04-24T22:00:00+07:00 "Satpol PP meets people on the street; one runs away, one is a graduate of five days ago"
    patrol 2024-04 "contacts"
    decide_link "orang berbeda" "" "she is another woman of that name"
    week_of_care 2024-04-26
    week_of_care 2024-05-03
}

barbers() {
    local friday since
    date_is 2024-05-06T17:00:00+07:00 "Barbering of May begins"
    mail disnaker dinsos
    since=${heard[dinsos]}
    starts disnaker "$barber_later" 2024-05-06 "starts" count=3
    mistyped=$(in_state disnaker "$barber_later" CONFIRMED | tail -n 1)
    date_is 2024-05-07T08:30:00+07:00 "One was forgotten; Disnaker writes the day of today for the day of yesterday, and corrects it"
    mail disnaker
    starts disnaker "$barber_later" 2024-05-07 "start"
    agency_as disnaker --lang en correct --last --reason WRONG_DATE --set startedOn=2024-05-06 --yes >"$work/disnaker/corrected" ||
        die "disnaker cannot correct its own event: $(cat "$work/disnaker/corrected")"
    sed 's/^/   /' "$work/disnaker/corrected"
    without_sheet disnaker
    for friday in 2024-05-10 2024-05-17; do
        date_is ${friday}T16:00:00+07:00 "Attendance"
        week disnaker "$barber_later" "$(date -d "$friday -4 days" +%F)" $friday
        care
    done
    mail dinsos
    [ "$(told dinsos T11 0 "$since")" -eq 1 ] || die "one visit had to be late"
    say "dinsos is told: T11, no contact: a mentor has come to a closed door twice"
    since=${heard[dinsos]}
    date_is 2024-05-21T10:00:00+07:00 "She is found; Dinsos looks after the kits of the graduates, 30 days later"
    care
    mail dinsos
    [ "$(told dinsos T11 1 "$since")" -eq 1 ] || die "the late visit had to be cleared"
    check_kits dipakai "kits are in use" 1 2 3 4 5 13 14 15 16 17
    check_kits dijual "one was sold: no case is closed for it" 6
    for friday in 2024-05-24 2024-05-31 2024-06-07; do
        date_is ${friday}T16:00:00+07:00 "Attendance"
        week disnaker "$barber_later" "$(date -d "$friday -4 days" +%F)" $friday
        care
    done
    date_is 2024-06-14T16:00:00+07:00 "Barbering ends"
    week disnaker "$barber_later" 2024-06-10 2024-06-14
    care
    mail disnaker
    state disnaker selesai "all complete" 0 selesai "slot=$barber_later" "day=$(in_style disnaker 2024-06-14)" first=91
    mail dinsos
    date_is 2024-06-18T10:00:00+07:00 "Kits for the barbers; one waits for his"
    grant_all "$barber_later" 9 3 "kits of barbering"
    kits_by_hand dinsos "under the number of another paper" 1 <<<"012 hibah $(in_state dinsos "$barber_later" COMPLETED | tail -n 1) 009/BAST/DINSOS/2024"
}
