/* What ends with a case that is closed, and how somebody who is found again opens it. */
#include "unit/care_unit.h"

#define STATE(name) PB_CASE_STATE_##name
#define REFERRAL(name) PB_REFERRAL_STATE_##name
#define DECIDES(name) PB_REFERRAL_DECISION_##name

static struct outcome closed(struct ledger_city *city, const struct client *who,
                             PbCloseReason reason)
{
    return unit_want("close", city, care_close(city, &who->case_id, reason), 0);
}

static PbReferralState referral_state(struct ledger_city *city, const struct sg_id *id)
{
    return ((PbReferralRow *)city_row(city, TABLE_REFERRALS, id))->state;
}

/* Everything at once: T11, a waiting, an accepted SERVICE referral of another agency, and its own
 * INTAKE. One that is pending stays. */
static void what_ends_with_it(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id asked, pending;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    (void)story_seat(&city, &slot, ACCEPT);
    struct client budi = unit_client(&city);
    struct sg_id waiting = unit_seat(&city, &budi, &slot, ACCEPT);
    struct sg_id plan =
        care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), story_today(&city));
    (void)unit_want(
        "ask", &city,
        story_hand(&city, "dinsos", &budi.case_id, PB_REFERRAL_KIND_SERVICE, "blk", &asked), 0);
    (void)unit_want("take", &city, unit_decide(&city, &asked, "blk", DECIDES(ACCEPTED), NULL), 0);
    (void)unit_want("found", &city, care_found(&city, &budi, story_today(&city), &pending), 0);
    const PbCaseRow *row = city_row(&city, TABLE_CASES, &budi.case_id);
    uint64_t version = row->version;
    struct outcome o = closed(&city, &budi, REASON(REUNIFIED));
    assert_int_equal(o.aggregate_version, version + 1);
    const char *trail = care_trail(&city, o.seq);
    assert_non_null(strstr(trail, "D5 CLOSED @dinsos; "));
    assert_non_null(strstr(trail, "D5 CLOSED/LOOP_CLOSED @dinsos,satpolpp"));
    assert_non_null(strstr(trail, "D1 RELEASED @dinsos,disnaker"));
    care_text("in all", trail,
              strstr(trail, "satpolpp; D5")
                  ? "D5 CLOSED @dinsos; D5 CLOSED/LOOP_CLOSED @dinsos,satpolpp; "
                    "D5 CLOSED/LOOP_CLOSED @dinsos; D1 RELEASED @dinsos,disnaker"
                  : "D5 CLOSED @dinsos; D5 CLOSED/LOOP_CLOSED @dinsos; "
                    "D5 CLOSED/LOOP_CLOSED @dinsos,satpolpp; D1 RELEASED @dinsos,disnaker");
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_RELEASED);
    assert_int_equal(care_plan_row(&city, &plan)->state, PB_PLAN_STATE_ENDED);
    care_run("case", &city, &budi.case_id, "");
    care_run("plan", &city, &plan, "");
    assert_int_equal(referral_state(&city, &asked), REFERRAL(LOOP_CLOSED));
    assert_int_equal(referral_state(&city, &budi.referral), REFERRAL(LOOP_CLOSED));
    assert_int_equal(referral_state(&city, &pending), REFERRAL(SUBMITTED));
    struct city_record d5 = city_record(&city, o.seq + 1);
    assert_false(d5.event.envelope->case_state_changed->has_reason);
    row = city_row(&city, TABLE_CASES, &budi.case_id);
    assert_true(row->closed_on == story_today(&city) && row->close_reason == REASON(REUNIFIED));
    city_refold(&city);
    city_close(&city);
}

/* The limits of a case, in each state from which it is closed; those that were told are cleared. */
static void its_limits_end(void **state)
{
    (void)state;
    enum { OF_ASSESSING, OF_SERVICE, OF_AFTERCARE, CASES };
    static const char *const runs[CASES] = {"T03", "T12", "T11-PLAN"};
    static const char *const told[CASES] = {
        "D2 T03/1 cleared @dinsos; ", "D2 T12/1 cleared @dinsos; ", "D2 T11/1 cleared @dinsos; "};
    for (int i = OF_ASSESSING; i < CASES; i++) {
        struct ledger_city city;
        struct client budi;
        char want[256];
        city_open(&city);
        if (i == OF_ASSESSING) {
            budi = unit_new_case(&city);
            (void)unit_want("accept", &city,
                            unit_decide(&city, &budi.referral, "dinsos", DECIDES(ACCEPTED), NULL),
                            0);
        } else {
            budi = unit_client(&city);
        }
        if (i == OF_AFTERCARE) {
            struct sg_id slot = story_slot(&city, 1);
            struct sg_id seat = story_occupied(&city, &budi, &slot);
            story_complete(&city, &seat);
        }
        care_run("before", &city, &budi.case_id, runs[i]);
        const char *rule = care_rules(&city, &budi.case_id);
        limit_pass_to(&city, story_deadline(&city, rule, &budi.case_id)->levels_ms[0]);
        struct outcome o = closed(&city, &budi, REASON(REFUSED_SERVICE));
        const char *trail = care_trail(&city, o.seq);
        (void)snprintf(want, sizeof want,
                       "D5 CLOSED @dinsos; %sD5 CLOSED/LOOP_CLOSED @dinsos,satpolpp", told[i]);
        char other[256];
        (void)snprintf(other, sizeof other,
                       "%sD5 CLOSED @dinsos; "
                       "D5 CLOSED/LOOP_CLOSED @dinsos,satpolpp",
                       told[i]);
        if (strcmp(trail, other) != 0)
            care_text("cleared", trail, want);
        care_run("after", &city, &budi.case_id, "");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- opened again ---- */

static void within_a_year(void **state)
{
    (void)state;
    for (int32_t days = 364; days <= 366; days++)
        for (int dated_back = 0; dated_back < 2; dated_back++) {
            struct ledger_city city;
            struct sg_id again;
            city_open(&city);
            struct client budi = unit_client(&city);
            city_pass(&city, 10 * SG_DAY_MS);
            PbEnvelope *e = care_close(&city, &budi.case_id, REASON(MOVED_TO_HOME));
            int32_t closed_on = story_today(&city) - (dated_back ? 10 : 0);
            e->case_closed->closed_on = unit_day(&city, closed_on);
            (void)unit_want("close", &city, e, 0);
            story_until(&city, closed_on + days, 9);
            struct outcome o =
                unit_want("found", &city, care_found(&city, &budi, story_today(&city), &again), 0);
            bool same = days <= 365;
            struct sg_id case_id =
                id_of(((PbReferralRow *)city_row(&city, TABLE_REFERRALS, &again))->case_id);
            if (sg_id_equal(&case_id, &budi.case_id) != same)
                fail_msg("%d days: the case", (int)days);
            assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(CLOSED));
            if (!same) {
                const PbCaseRow *row = city_row(&city, TABLE_CASES, &case_id);
                struct sg_id before = id_of(row->previous_case_id);
                assert_true(sg_id_equal(&before, &budi.case_id));
                assert_int_equal(row->state, STATE(NEW));
            }
            (void)unit_want("ack", &city, story_ack(&city, &again, "dinsos", false), 0);
            assert_int_equal(unit_case_state(&city, &case_id),
                             same ? STATE(CLOSED) : STATE(INTAKE));
            o = unit_want("accept", &city,
                          unit_decide(&city, &again, "dinsos", DECIDES(ACCEPTED), NULL), 0);
            care_follows("accept", &city, o.seq,
                         same ? "D5 IN_SERVICE/ACCEPTED @dinsos,satpolpp"
                              : "D5 ASSESSING/ACCEPTED @dinsos,satpolpp");
            const PbCaseRow *row = city_row(&city, TABLE_CASES, &case_id);
            assert_int_equal(row->reopened, same);
            assert_false(row->has_closed_on);
            care_run("case", &city, &case_id, same ? "T12" : "T03");
            city_refold(&city);
            city_close(&city);
        }
}

/* Declined or redirected, and all that only an open case takes. */
static void a_closed_case_stays_closed(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id again, third;
    city_open(&city);
    struct client budi = unit_client(&city);
    (void)closed(&city, &budi, REASON(REUNIFIED));
    city_pass(&city, SG_DAY_MS);
    (void)unit_want("found", &city, care_found(&city, &budi, story_today(&city), &again), 0);
    struct outcome o = unit_want("decline", &city,
                                 unit_decide(&city, &again, "dinsos", DECIDES(DECLINED), NULL), 0);
    care_follows("decline", &city, o.seq, "D5 CLOSED/DECLINED @dinsos,satpolpp");
    assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(CLOSED));
    (void)unit_want("found", &city, care_found(&city, &budi, story_today(&city), &third), 0);
    o = unit_want("redirect", &city,
                  unit_decide(&city, &third, "dinsos", DECIDES(REDIRECTED), "dpppa"), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(CLOSED));
    struct sg_id slot = story_slot(&city, 1), unused;
    o = unit_want("a seat", &city, unit_request(&city, &budi, &slot, ACCEPT), SG_ST_BAD_TRANSITION);
    unit_detail("a seat", &o, "case_id", "CASE_STATE");
    o = unit_want("assess", &city, unit_assess(&city, &budi.case_id), SG_ST_BAD_TRANSITION);
    o = unit_want(
        "hand", &city,
        story_hand(&city, "dinsos", &budi.case_id, PB_REFERRAL_KIND_TRANSFER, "dpppa", &unused),
        SG_ST_NOT_OWNER);
    unit_detail("hand", &o, "case_id", "NOT_OPEN");
    city_refold(&city);
    city_close(&city);
}

/* A TRANSFER that was pending when the case was closed comes to nothing. */
static void a_transfer_of_a_closed_case(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    struct client budi = unit_client(&city);
    (void)unit_want(
        "hand", &city,
        story_hand(&city, "dinsos", &budi.case_id, PB_REFERRAL_KIND_TRANSFER, "dpppa", &id), 0);
    (void)closed(&city, &budi, REASON(REUNIFIED));
    assert_int_equal(referral_state(&city, &id), REFERRAL(SUBMITTED));
    struct outcome o =
        unit_want("take", &city, unit_decide(&city, &id, "dpppa", DECIDES(ACCEPTED), NULL),
                  SG_ST_BAD_TRANSITION);
    unit_detail("take", &o, "referral_decided.referral_id", "CASE_OVER");
    (void)unit_want("decline", &city, unit_decide(&city, &id, "dpppa", DECIDES(DECLINED), NULL), 0);
    care_run("referral", &city, &id, "");
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(what_ends_with_it), cmocka_unit_test(its_limits_end),
          cmocka_unit_test(within_a_year), cmocka_unit_test(a_closed_case_stays_closed),
          cmocka_unit_test(a_transfer_of_a_closed_case))
