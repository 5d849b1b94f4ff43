/* Every personal field of every event type against table 9.4, for every relation; default nothing.
 */
#include "unit/unit.h"

#include "broker/view.h"
#include "broker/view_table.h"
#include "sinergi/v1/options.pb-c.h"

#include <stdio.h>

static const uint32_t relations[] = {
    RELATION_PUBLIC,         RELATION_REFERRER,        RELATION_CASE_OWNER,
    RELATION_PROVIDER,       RELATION_TRANSFER_TARGET, RELATION_EQUIPMENT,
    RELATION_STEWARD,        RELATION_AUDITOR,         RELATION_SERVICE_TARGET,
    RELATION_CIVIL_REGISTRY, RELATION_RESPONSIBLE,     RELATION_PROVIDER_WAITING,
    RELATION_REFERRER_ACTS};

/* Who may read a personal field, written down once more from the document, by its row. */
static const struct row {
    PbSeen seen;
    uint32_t readers;
} rows[] = {
    /* clang-format off */
    {PB_SEEN_OWNER_ONLY, RELATION_CASE_OWNER},
    {PB_SEEN_FULL_NAME, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_EQUIPMENT | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_ALIAS, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_SEX, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_BIRTH, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_NIK, RELATION_CIVIL_REGISTRY},
    {PB_SEEN_FAMILY, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_PHONE, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_DOMICILE, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_RAID, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_PPKS, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_HEALTH, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_ASSESSMENT, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_EQUIPMENT_FINDING, RELATION_CASE_OWNER | RELATION_EQUIPMENT},
    {PB_SEEN_MENTORING, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_AGE_BAND, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_PROVIDER_WAITING | RELATION_TRANSFER_TARGET},
    {PB_SEEN_DISTRICT, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_TRANSFER_TARGET | RELATION_EQUIPMENT},
    {PB_SEEN_CASE_MATTER, RELATION_CASE_OWNER},
    {PB_SEEN_DECLINE_REASON, RELATION_CASE_OWNER | RELATION_REFERRER_ACTS},
}; /* clang-format on */

static uint32_t readers_of(unsigned seen)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if ((unsigned)rows[i].seen == seen)
            return rows[i].readers;
    fail_msg("row %u is in no table of this test", seen);
    return 0;
}

static size_t checked;

static void check_field(const char *message, const ProtobufCFieldDescriptor *field,
                        const struct sg_field_rules *rules)
{
    bool personal = rules->pd == SG_PD_GENERAL || rules->pd == SG_PD_SPECIFIC;
    if (!personal && !rules->seen)
        return;
    for (size_t r = 0; r < SG_ARRAY_LEN(relations); r++) {
        bool want = (readers_of(rules->seen) & relations[r]) != 0;
        if (view_grants(relations[r], rules) != want)
            fail_msg("%s.%s: relation %x must%s read it", message, field->name, relations[r],
                     want ? "" : " not");
    }
    if (view_grants(RELATION_PUBLISHER, rules) != (rules->seen != PB_SEEN_NIK))
        fail_msg("%s.%s: the publisher", message, field->name);
    assert_false(view_grants(0, rules));
    checked++;
}

static void check_message(const struct sg_message_rules *rules, int depth)
{
    const ProtobufCMessageDescriptor *d = rules->descriptor;
    assert_true(depth < 8);
    for (unsigned i = 0; i < d->n_fields; i++) {
        check_field(d->short_name, &d->fields[i], &rules->fields[i]);
        if (rules->fields[i].sub && rules->fields[i].pd == SG_PD_UNSPECIFIED)
            check_message(rules->fields[i].sub, depth + 1);
    }
}

static void every_field_follows_the_table(void **state)
{
    (void)state;
    checked = 0;
    check_message(&sg_envelope_rules, 0);
    assert_true(checked > 60); /* the walk reached the events */
}

static void ids_reach_whom_they_may(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t form;
        uint32_t relation;
        bool want;
    } cases[] = {
        {"case id, owner", SG_FORM_CASE_ID, RELATION_CASE_OWNER, true},
        {"case id, provider", SG_FORM_CASE_ID, RELATION_PROVIDER, false},
        {"case id, referrer", SG_FORM_CASE_ID, RELATION_REFERRER, false},
        {"referral id, referrer", SG_FORM_REFERRAL_ID, RELATION_REFERRER, true},
        {"referral id, provider", SG_FORM_REFERRAL_ID, RELATION_PROVIDER, false},
        {"another id, public", SG_FORM_ID, RELATION_PUBLIC, true},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        struct sg_field_rules rules = {.pd = SG_PD_PSEUDONYMOUS, .form = cases[i].form};
        if (view_grants(cases[i].relation, &rules) != cases[i].want)
            fail_msg("%s", cases[i].name);
    }
}

UNIT_MAIN(cmocka_unit_test(every_field_follows_the_table),
          cmocka_unit_test(ids_reach_whom_they_may))
