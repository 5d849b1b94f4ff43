#include "kit/cast.h"

#include "kit/notation.h"

#include <stdio.h>

struct world_outcome offer_motor(const char *slot, unsigned seats)
{
    return say(DISNAKER,
               "slot_offered{slot_id:@%s course_code:MOTORCYCLE_SERVICE variant:'injeksi dasar' "
               "kbji:'7231' skkni:'147/2019' venue_region:14.71.10 venue_name:'BLK Pekanbaru' "
               "starts_on:2026-06-08 ends_on:2026-07-17 lesson_hours:240 class_size:16 "
               "capacity_offered:%u registration_closes_at:'2026-06-05T03:00:00Z' "
               "late_entry_until:2026-06-12 hold_hours:72 sex:MALE min_age:18 max_age:40 "
               "required_documents:[KTP] documents_waivable:true exclude_same_course:true "
               "cooldown_months:0 allowance_idr_day:'15000' certificate:ATTENDANCE "
               "kit_code:KIT-MOTOR-A funding:APBD desk:0761-000000}",
               slot, seats);
}

struct world_outcome offer_sulam(const char *slot)
{
    return say(DPPPA,
               "slot_offered{slot_id:@%s course_code:EMBROIDERY venue_region:14.71.10 "
               "venue_name:'Rumah Sulam' starts_on:2026-06-08 ends_on:2026-07-17 "
               "lesson_hours:240 class_size:16 capacity_offered:3 "
               "registration_closes_at:'2026-06-05T03:00:00Z' late_entry_until:2026-06-12 "
               "hold_hours:72 sex:FEMALE min_age:18 max_age:50 documents_waivable:true "
               "exclude_same_course:true cooldown_months:0 certificate:ATTENDANCE "
               "kit_code:KIT-SULAM-A funding:APBD desk:0761-000001}",
               slot);
}

struct world_outcome register_motor_kit(const char *item)
{
    return say(DINSOS,
               "equipment_registered{item_id:@%s kit_code:KIT-MOTOR-A "
               "course_code:MOTORCYCLE_SERVICE description:'Set kunci motor + kotak' "
               "serial_no:TK-8841 asset_no:1.3.2.05.01.04-0012 value_idr:'2350000' funding:APBD "
               "acquired_on:2026-03-02 condition:NEW}",
               item);
}

struct world_outcome refer(const char *referral, const char *person)
{
    return say(SATPOLPP,
               "referral_submitted{referral_id:@%s kind:INTAKE target_agency:dinsos "
               "priority:URGENT_72H person{%s} suspected_ppks:[PPKS_12] found_region:14.71.08 "
               "activity:BEGGING children_with:0}",
               referral, person);
}

struct world_outcome take_in(const char *referral)
{
    return say(DINSOS, "referral_decided{referral_id:@%s decision:ACCEPTED}", referral);
}

struct world_outcome assess(const char *assessment, const char *case_name, unsigned band,
                            const char *more)
{
    return say(DINSOS,
               "case_id:@%s assessment_completed{assessment_id:@%s assessed_on:2026-05-05 "
               "assessor_role:PEKSOS confirmed_ppks:[PPKS_12] is_minor:false "
               "residence:PEKANBARU needs:[FOOD] priority_band:%u training_suitable:true "
               "social_registry:NONE %s}",
               case_name, assessment, band, more);
}

struct world_outcome consent(const char *consent_name, const char *case_name, const char *action)
{
    return say(DINSOS,
               "case_id:@%s consent_recorded{consent_id:@%s action:%s "
               "scopes:[SHARE_WITH_PROVIDER] method:THUMBPRINT given_by:SELF "
               "text_version:consent-id-2026-01 evidence_ref:DINSOS/F-221/2026}",
               case_name, consent_name, action);
}

void in_service(const char *case_name, const char *person, unsigned band)
{
    char referral[40], assessment[40], consent_name[40];
    (void)snprintf(referral, sizeof referral, "R-%s", case_name);
    (void)snprintf(assessment, sizeof assessment, "AS-%s", case_name);
    (void)snprintf(consent_name, sizeof consent_name, "CN-%s", case_name);
    accepted(refer(referral, person));
    accepted(take_in(referral));
    name_case(case_name, referral);
    accepted(assess(assessment, case_name, band, ""));
    accepted(consent(consent_name, case_name, "GIVEN"));
}

struct world_outcome ask(const char *case_name, const char *slot, const char *how)
{
    char request[16] = "Q-1";
    struct sg_id used;
    for (unsigned n = 2; name_find(request, &used); n++)
        (void)snprintf(request, sizeof request, "Q-%u", n);
    return say(DINSOS,
               "case_id:@%s seat_requested{request_id:@%s slot_id:@%s override:NONE %s} "
               "legal_basis:CONSENT",
               case_name, request, slot, how);
}

struct world_outcome decide(enum world_agency who, const char *seat, const char *decision)
{
    return say(who, "seat_decided{allocation_id:@%s decision:%s}", seat, decision);
}

struct world_outcome start(enum world_agency who, const char *seat, const char *day)
{
    return say(who, "placement_started{allocation_id:@%s started_on:%s}", seat, day);
}

struct world_outcome end(enum world_agency who, const char *seat, const char *day,
                         const char *result)
{
    return say(who,
               "placement_ended{allocation_id:@%s ended_on:%s competency:NOT_TESTED result:%s}",
               seat, day, result);
}

struct world_outcome issue(const char *item, const char *basis, const char *seat,
                           const char *bast_no, const char *day, const char *until)
{
    bool grant = basis[0] == 'G';
    return say(DINSOS,
               "equipment_issued{item_id:@%s basis:%s allocation_id:@%s bast_no:'%s' "
               "bast_date:%s no_sale_statement:%s custody_until:%s}",
               item, basis, seat, bast_no, day, grant ? "true" : "false", until);
}
