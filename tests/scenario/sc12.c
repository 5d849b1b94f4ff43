/* SC12 Slot cancelled with seats held. */
#include "unit/unit.h"

#include "kit/cast.h"

#include <stdlib.h>

/* clang-format off */

static struct world_outcome cancel(enum world_agency who, unsigned version, const char *more)
{
    return say(who, "slot_cancelled{slot_id:@S1 reason:BUDGET %s} expected_version:%u", more, version);
}

static unsigned version_of_s1(void)
{
    struct world_outcome o = cancel(DISNAKER, 999, "");
    refused(o, SG_ST_VERSION_CONFLICT, NULL);
    return (unsigned)strtoul(o.detail, NULL, 10);
}

/* S1 has A1 CONFIRMED, A2 HELD, A3 WAITLISTED; S3 has one free seat for the same course. */
static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    accepted(offer_motor("S3", 1));
    accepted(register_motor_kit("K1"));
    in_service("C1", BUDI, 3);
    in_service("C2", ANDI, 3);
    in_service("C3", JOKO, 3);
    name_person("budi", "C1");
    name_person("andi", "C2");
    name_person("joko", "C3");
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:true" WITH_KTP));
    seat_is("A2", ask("C2", "S1", "person_accepted:false waitlist_ok:true" WITH_KTP));
    seat_is("A3", ask("C3", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    accepted(decide(DISNAKER, "A1", "CONFIRMED"));
    row_is("A1", "state:CONFIRMED seat_no:1");
    row_is("A2", "state:HELD seat_no:2");
    row_is("A3", "state:WAITLISTED");
    row_is("K1", "state:IN_STOCK");
    heard_before();
}

static void everybody_lost(void)
{
    row_is("S1", "cancelled:true live:0 waiting:0");
    row_is("A1", "state:VOIDED");
    row_is("A2", "state:VOIDED");
    row_is("A3", "state:VOIDED");
    row_is("budi", "lost_without_fault:1");
    row_is("andi", "lost_without_fault:1");
    row_is("joko", "lost_without_fault:1");
    row_is("K1", "state:IN_STOCK");
}

static void with_another_slot(void **state)
{
    (void)state;
    open_city();
    unsigned version = version_of_s1();
    refused(cancel(DPPPA, version, "alternative_slot_id:@S3"), SG_ST_NOT_OWNER, NULL);
    refused(cancel(DISNAKER, version - 1, "alternative_slot_id:@S3"), SG_ST_VERSION_CONFLICT, NULL);
    heard_nothing();
    accepted(cancel(DISNAKER, version, "alternative_slot_id:@S3"));
    everybody_lost();
    row_is("S3", "live:1 waiting:2");
    /* One commit: three VOIDED; at S3 Budi is HELD (lost equal, band equal, his request came
     * first), for the 72 hours in which he is asked again; the two others wait there. */
    heard(.satpolpp =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET alternative_slot_id:@S3}\n",
          .dinsos =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET alternative_slot_id:@S3}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:VOIDED cause:disnaker person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:VOIDED cause:disnaker person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C3\n"
              "seat_allocation_changed{allocation_id:@allocation-1 slot_id:@S3 seat_no:1 change:HELD hold_until:'2026-05-07 08:00' cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@allocation-2 slot_id:@S3 seat_no:0 change:WAITLISTED waitlist_position:1 cause:disnaker person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n"
              "seat_allocation_changed{allocation_id:@allocation-3 slot_id:@S3 seat_no:0 change:WAITLISTED waitlist_position:2 cause:disnaker person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C3\n",
          .disnaker =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET alternative_slot_id:@S3}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:VOIDED cause:disnaker person{person_ref:@person-2-disnaker sex:MALE age_band:A35_44}} -case_id -person.full_name\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:VOIDED cause:disnaker person{person_ref:@person-3-disnaker age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name -person.sex\n"
              "seat_allocation_changed{allocation_id:@allocation-1 slot_id:@S3 seat_no:1 change:HELD hold_until:'2026-05-07 08:00' cause:disnaker person{person_ref:@person-1-disnaker sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id -person.full_name\n"
              "seat_allocation_changed{allocation_id:@allocation-2 slot_id:@S3 seat_no:0 change:WAITLISTED waitlist_position:1 cause:disnaker person{person_ref:@person-2-disnaker age_band:A35_44}} -case_id -person.full_name -person.sex\n"
              "seat_allocation_changed{allocation_id:@allocation-3 slot_id:@S3 seat_no:0 change:WAITLISTED waitlist_position:2 cause:disnaker person{person_ref:@person-3-disnaker age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name -person.sex\n",
          .dpppa =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET alternative_slot_id:@S3}\n",
          .inspektorat =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET alternative_slot_id:@S3}\n");
    refused(ask("C1", "S1", "person_accepted:true waitlist_ok:true" WITH_KTP), SG_ST_SLOT_CANCELLED, NULL);
    refused(cancel(DISNAKER, version_of_s1(), ""), SG_ST_BAD_TRANSITION, "CANCELLED");
    heard_nothing();
    assert_string_equal(seats(DISNAKER, "S3"),
        "{allocation_id:@allocation-1 state:HELD seat_no:1 hold_until_ms:'2026-05-07 08:00' person{person_ref:@person-1-disnaker sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}}\n"
        "{allocation_id:@allocation-2 state:WAITLISTED seat_no:0 waitlist_position:1 person{person_ref:@person-2-disnaker age_band:A35_44}}\n"
        "{allocation_id:@allocation-3 state:WAITLISTED seat_no:0 waitlist_position:2 person{person_ref:@person-3-disnaker age_band:A25_34}}\n");
    /* 10.5: two cancelled seats. */
    assert_string_equal(report("seats", "seats", "2026-06-01", "2026-06-30"),
        "provider | course | slots | offered | allocated | occupied | unclaimed | completed | forfeited | cancelled\n"
        "disnaker | MOTORCYCLE_SERVICE | 2 | 3 | 3 | 0 | 3 | 0 | 0 | 2\n"
        "Jumlah |  | 2 | 3 | 3 | 0 | 3 | 0 | 0 | 2\n");
    at("2026-05-05 09:00");
    /* He is asked again, and says yes. */
    accepted(ask("C1", "S3", "person_accepted:true waitlist_ok:false" WITH_KTP));
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-5 slot_id:@S3 person_accepted:true waitlist_ok:false documents_held:[KTP] override:NONE} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@allocation-1 slot_id:@S3 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@allocation-1 slot_id:@S3 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
    at("2026-06-08 09:00");
    heard_before();
    refused(start(DISNAKER, "A1", "2026-06-08"), SG_ST_BAD_TRANSITION, NULL);
    heard_nothing();
    row_is("K1", "state:IN_STOCK");
    scene_close();
}

/* Without an alternative; who lost without fault goes first in the list of another slot. */
static void without(void **state)
{
    (void)state;
    open_city();
    accepted(cancel(DISNAKER, version_of_s1(), ""));
    everybody_lost();
    row_is("S3", "live:0 waiting:0");
    heard(.satpolpp =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n",
          .dinsos =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:VOIDED cause:disnaker person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:VOIDED cause:disnaker person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C3\n",
          .disnaker =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:VOIDED cause:disnaker person{person_ref:@person-2-disnaker sex:MALE age_band:A35_44}} -case_id -person.full_name\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:VOIDED cause:disnaker person{person_ref:@person-3-disnaker age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name -person.sex\n",
          .dpppa =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n",
          .inspektorat =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n");
    in_service("C4", AMIR, 1);
    seat_is("A4", ask("C2", "S3", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A5", ask("C4", "S3", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    seat_is("A6", ask("C3", "S3", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    assert_string_equal(seats(DISNAKER, "S3"),
        "{allocation_id:@A4 state:RESERVED seat_no:1 person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}}\n"
        "{allocation_id:@A6 state:WAITLISTED seat_no:0 waitlist_position:1 person{person_ref:@person-3-disnaker age_band:A25_34}}\n"
        "{allocation_id:@A5 state:WAITLISTED seat_no:0 waitlist_position:2 person{person_ref:@person-4-disnaker age_band:A35_44}}\n");
    scene_close();
}

/* Variant: A1 OCCUPIED, cancelled in the middle of the course. He is back in service, and what was
 * lent to him is to come back within 7 days. */
static void in_the_middle(void **state)
{
    (void)state;
    open_city();
    at("2026-06-08 09:00");
    accepted(start(DISNAKER, "A1", "2026-06-08"));
    accepted(issue("K1", "LOAN_DURING_TRAINING", "A1", "001/BAST/DINSOS/VI/2026", "2026-06-08", "2026-07-20"));
    row_is("K1", "state:ON_LOAN");
    at("2026-06-10 09:00");
    heard_before();
    accepted(cancel(DISNAKER, version_of_s1(), ""));
    row_is("A1", "state:VOIDED");
    row_is("C1", "state:IN_SERVICE");
    row_is("K1", "state:ON_LOAN");
    row_is("budi", "lost_without_fault:1");
    heard(.satpolpp =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n",
          .dinsos =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:IN_TRAINING to:IN_SERVICE cause:disnaker} case_id:@C1\n"
              "deadline_missed{rule_id:T10 aggregate_type:ITEM aggregate_id:@K1 due_at:'2026-06-17 09:00' level:0 cleared:false} case_id:@C1\n",
          .disnaker =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:VOIDED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n",
          .dpppa =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n",
          .inspektorat =
              "disnaker slot_cancelled{slot_id:@S1 reason:BUDGET}\n");
    at("2026-06-16 09:00");
    heard_before();
    accepted(say(DINSOS, "equipment_checked{check_id:@CK1 item_id:@K1 checked_on:2026-06-16 method:OFFICE finding:RETURNED action:NONE}"));
    row_is("K1", "state:IN_STOCK");
    heard(.dinsos =
              "dinsos equipment_checked{check_id:@CK1 item_id:@K1 checked_on:2026-06-16 method:OFFICE finding:RETURNED action:NONE}\n"
              "deadline_missed{rule_id:T10 aggregate_type:ITEM aggregate_id:@K1 due_at:'2026-06-17 09:00' level:0 cleared:true} case_id:@C1\n");
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(with_another_slot), cmocka_unit_test(without),
          cmocka_unit_test(in_the_middle))
