/* SC03 Declined, both sides. */
#include "unit/unit.h"

#include "kit/cast.h"

/* clang-format off */

/* (a) Siti refuses the course: RELEASED, lost_without_fault stays 0, asked for again at once. */
static void the_person_declines(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_sulam("S2"));
    in_service("C-siti", SITI, 3);
    name_person("siti", "C-siti");
    seat_is("A1", ask("C-siti", "S2", "person_accepted:true waitlist_ok:false"));
    heard_before();
    accepted(decide(DINSOS, "A1", "WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON"));
    row_is("A1", "state:RELEASED");
    row_is("siti", "-lost_without_fault -live_allocation_id");
    heard(.dinsos =
              "dinsos seat_decided{allocation_id:@A1 decision:WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S2 seat_no:1 change:RELEASED cause:dinsos person{person_ref:@person-1-dinsos full_name:Siti sex:FEMALE age_band:A35_44}} case_id:@C-siti\n",
          .dpppa =
              "dinsos seat_decided{allocation_id:@A1 decision:WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S2 seat_no:1 change:RELEASED cause:dinsos person{person_ref:@person-1-dpppa full_name:Siti sex:FEMALE age_band:A35_44}} -case_id\n");
    seat_is("A2", ask("C-siti", "S2", "person_accepted:true waitlist_ok:false"));
    row_is("A2", "state:RESERVED seat_no:1");
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-2 slot_id:@S2 person_accepted:true waitlist_ok:false override:NONE} case_id:@C-siti\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S2 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos full_name:Siti sex:FEMALE age_band:A35_44}} case_id:@C-siti\n",
          .dpppa =
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S2 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dpppa full_name:Siti sex:FEMALE age_band:A35_44}} -case_id\n");
    scene_close();
}

/* (b) disnaker declines for a missing document: RELEASED, the next in line is promoted.
 * (c) Without a reason: E_MISSING_FIELD. (d) After CONFIRMED: E_BAD_TRANSITION. */
static void the_provider_declines(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 1));
    in_service("C-budi", BUDI, 3);
    in_service("C-joko", JOKO, 3);
    in_service("C-andi", ANDI, 3);
    name_person("budi", "C-budi");
    seat_is("A1", ask("C-budi", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A2", ask("C-joko", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    seat_is("A3", ask("C-andi", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    heard_before();
    refused(decide(DISNAKER, "A1", "DECLINED_BY_PROVIDER"), SG_ST_MISSING_FIELD, NULL);
    refused(decide(DISNAKER, "A1", "DECLINED_BY_PROVIDER reason:MISSING_DOCUMENT"), SG_ST_MISSING_FIELD, NULL);
    heard_nothing();
    row_is("A1", "state:RESERVED");
    accepted(decide(DISNAKER, "A1", "DECLINED_BY_PROVIDER reason:MISSING_DOCUMENT declined_by:RECEIVER"));
    row_is("A1", "state:RELEASED");
    row_is("budi", "lost_without_fault:1");
    row_is("A2", "state:HELD seat_no:1");
    row_is("A3", "state:WAITLISTED");
    heard(.dinsos =
              "disnaker seat_decided{allocation_id:@A1 decision:DECLINED_BY_PROVIDER reason:MISSING_DOCUMENT declined_by:RECEIVER}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RELEASED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C-budi\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:1 change:PROMOTED hold_until:'2026-05-06 08:00' cause:disnaker person{person_ref:@person-2-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n",
          .disnaker =
              "disnaker seat_decided{allocation_id:@A1 decision:DECLINED_BY_PROVIDER reason:MISSING_DOCUMENT declined_by:RECEIVER}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RELEASED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:1 change:PROMOTED hold_until:'2026-05-06 08:00' cause:disnaker person{person_ref:@person-2-disnaker sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name\n");
    /* He lost it without fault: he waits before Andi from now on. */
    seat_is("A4", ask("C-budi", "S1", "person_accepted:true waitlist_ok:true" WITH_KTP));
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-4 slot_id:@S1 person_accepted:true waitlist_ok:true documents_held:[KTP] override:NONE} case_id:@C-budi\n"
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C-budi\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-1-disnaker age_band:A25_34}} -case_id -person.full_name -person.sex -person.domicile_kecamatan\n");
    accepted(decide(DINSOS, "A2", "PERSON_ACCEPTED"));
    accepted(decide(DISNAKER, "A2", "CONFIRMED"));
    heard_before();
    refused(decide(DISNAKER, "A2", "DECLINED_BY_PROVIDER reason:AGE declined_by:RECEIVER"), SG_ST_BAD_TRANSITION, NULL);
    row_is("A2", "state:CONFIRMED");
    heard_nothing();
    scene_close();
}

/* (e) The referrer sees that R2 was declined, not why: nothing that it could act on. R3 went to the
 * wrong agency: that it sees. */
static void what_the_referrer_is_told(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(refer("R2", AMIR));
    name_case("C2", "R2");
    heard_before();
    accepted(say(DINSOS, "referral_decided{referral_id:@R2 decision:DECLINED declined_by:RECEIVER reason:OUT_OF_TOWN}"));
    row_is("R2", "state:DECLINED");
    row_is("C2", "state:DECLINED");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R2 referral_state:DECLINED} -case_id -case_id -from -to -version -cause -reason -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R2 decision:DECLINED declined_by:RECEIVER reason:OUT_OF_TOWN}\n"
              "case_state_changed{case_id:@C2 from:NEW to:DECLINED cause:dinsos referral_id:@R2 referral_state:DECLINED reason:OUT_OF_TOWN} case_id:@C2\n");
    accepted(refer("R3", JOKO));
    name_case("C3", "R3");
    heard_before();
    accepted(say(DINSOS, "referral_decided{referral_id:@R3 decision:DECLINED declined_by:RECEIVER reason:WRONG_AGENCY}"));
    heard(.satpolpp =
              "case_state_changed{referral_id:@R3 referral_state:DECLINED reason:WRONG_AGENCY} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R3 decision:DECLINED declined_by:RECEIVER reason:WRONG_AGENCY}\n"
              "case_state_changed{case_id:@C3 from:NEW to:DECLINED cause:dinsos referral_id:@R3 referral_state:DECLINED reason:WRONG_AGENCY} case_id:@C3\n");
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(the_person_declines), cmocka_unit_test(the_provider_declines),
          cmocka_unit_test(what_the_referrer_is_told))
