# count.jq - the figures of the reports, counted from the mail of Dinsos (read with -s) by the definitions and by
# nothing else: who began and completed a course, how long that took, seats, basic needs met.
# $corrected: first day of a course by allocation, where it was typed wrong.

def day: sub("\\.[0-9]+"; "") | fromdate + 7 * 3600 | todate[0:10]; # Indonesia's western time
def number_of_day: . + "T00:00:00Z" | fromdate / 86400;
def median: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def distinct: unique | length;

. as $mail
| (map(select(.caseStateChanged | .caseId and .referralId) | .caseStateChanged | {(.referralId): .caseId}) | add) as $case_of
# The first referral of each case.
| (map(select(.referralSubmitted.kind == "REFERRAL_KIND_INTAKE") | {case: $case_of[.referralSubmitted.referralId], on: (.occurredAt | day)}
    | select(.case)) | group_by(.case) | map({(.[0].case): (map(.on) | min)}) | add) as $referred
| (map(select(.slotOffered) | {(.slotOffered.slotId): {owner: .publisherAgency, course: .slotOffered.courseCode,
    offered: .slotOffered.capacityOffered}}) | add) as $slots
| (map(.slotCancelled.slotId // empty)) as $cancelled
| (map(select(.seatAllocationChanged) | .seatAllocationChanged + {case: .caseId}) | group_by(.allocationId)
    | map({key: .[0].allocationId, value: {slot: .[0].slotId, case: .[0].case, seat: (map(.seatNo // 0) | max), last: last.change}})
    | from_entries) as $places
| (map(.placementStarted // empty | {id: .allocationId, on: ($corrected[.allocationId] // .startedOn)})) as $starts
| (map(.placementEnded // empty)) as $ends
| {target: {
    started: ($starts | map($places[.id].case) | distinct),
    trained: ($ends | map(select(.result == "RESULT_COMPLETED") | $places[.allocationId].case) | distinct)}}
+ {time: ($starts | group_by($places[.id].case) | map(min_by(.on) | (.on | number_of_day) - ($referred[$places[.id].case] | number_of_day)) | sort
    | {n: length, median: median, p90: .[(length * 9 / 10 | ceil) - 1], max: last})}
+ {seats: ([$places | to_entries[] | .value + {id: .key}] as $all | $slots | to_entries | group_by([.value.owner, .value.course]) | map(
    (map(.key)) as $ids
    | ($all | map(select(.slot | IN($ids[])))) as $of
    | ($of | map(select(.id | IN($starts[].id)) | [.slot, .seat]) | distinct) as $occupied
    | {provider: .[0].value.owner, course: .[0].value.course, slots: length, offered: (map(.value.offered) | add),
        allocated: ($of | map(select(.seat > 0) | [.slot, .seat]) | distinct), occupied: $occupied,
        unclaimed: ((map(.value.offered) | add) - $occupied),
        completed: ($of | map(select(.last == "SEAT_CHANGE_COMPLETED")) | length),
        forfeited: ($of | map(select(.last == "SEAT_CHANGE_FORFEITED")) | length),
        cancelled: (map(select(.key | IN($cancelled[])) | .value.offered) | add // 0)}))}
# Basic needs outside a home: all that the last assessment asks for, given from a week before it on.
| . + {spm: (($mail | map(select(.caseClosed.reason == "CLOSE_REASON_MOVED_TO_HOME"
        and (.caseClosed.closedOn | number_of_day) <= ($referred[.caseId] | number_of_day) + 7) | .caseId)) as $in_home
    | ($mail | map(select(.serviceDelivered.outcome == "OUTCOME_DELIVERED") | .serviceDelivered + {case: .caseId})) as $given
    | [$mail | map(select(.assessmentCompleted.isMinor == false)) | group_by(.caseId)[]
        | max_by([.assessmentCompleted.assessedOn, (.seq | tonumber)]) | .caseId as $case
        | select(($case | IN($in_home[]) | not) and (.assessmentCompleted.confirmedPpks // [] | any(IN("PPKS_11", "PPKS_12"))))
        | .assessmentCompleted | (.assessedOn | number_of_day - 7) as $from
        | (.needs // []) - [$given[] | select(.case == $case and (.fromOn | number_of_day) >= $from) | .service] | length == 0]
    | {needed: length, met: map(select(.)) | length, indicator: (1000 * (map(select(.)) | length) / length | round / 10)})}
