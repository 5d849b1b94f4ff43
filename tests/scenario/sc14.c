/* SC14 Region rename. Codes travel, not names: which name belongs to a code is asked for the day of
 * the event. */
#include "unit/unit.h"

#include "kit/cast.h"
#include "wire/day.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

/* clang-format off */

enum { IMPORT = 9 };

static struct world_outcome found(const char *referral, const char *region, const char *occurred)
{
    return say(SATPOLPP, "occurred_at:'%s' referral_submitted{referral_id:@%s kind:INTAKE target_agency:dinsos priority:URGENT_72H person{" JOKO "} suspected_ppks:[PPKS_12] found_region:%s activity:BEGGING children_with:0}", occurred, referral, region);
}

static uint32_t open_import(enum world_agency who, const char *agency, unsigned outbox)
{
    PbAdmin admin = PB_ADMIN__INIT;
    struct sg_id id = scene_city.clients[SATPOLPP].outbox;
    char name[32];
    (void)snprintf(name, sizeof name, "%s", agency);
    id.b[SG_ID_BYTES - 1] = (uint8_t)outbox;
    admin.has_import_outbox_id = admin.has_import_open = admin.import_open = true;
    admin.import_outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
    admin.import_agency = name;
    return world_admin(&scene_city, who, &admin);
}

static const char *name_in(const char *code, int32_t year)
{
    return sg_lists_label(scene_city.lists, SG_LIST_REGIONS, sg_bytes_of(code), sg_day_of(year, 6, 1), false);
}

#define OLD_DAY "2019-06-01T02:00:00Z"

/* A referral of 2019 comes through an outbox that an operator has opened; 14.71.06 was Rumbai then,
 * and is Rumbai Barat now. */
static void one_code_two_names(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISDUKCAPIL);
    refused(found("R0", "14.71.06", OLD_DAY), SG_ST_TOO_OLD, NULL);
    assert_int_equal(open_import(SATPOLPP, "satpolpp", IMPORT), SG_ST_FORBIDDEN);
    assert_int_equal(open_import(DISKOMINFO, "dinsas", IMPORT), SG_ST_BAD_CODE);
    assert_int_equal(open_import(DISKOMINFO, "satpolpp", IMPORT), SG_ST_OK);
    world_use_outbox(&scene_city, SATPOLPP, IMPORT);
    accepted_with("W_LATE", found("R1", "14.71.06", OLD_DAY));
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R1 kind:INTAKE target_agency:dinsos priority:URGENT_72H person{full_name:Joko name_quality:PARTIAL sex:MALE birth_quality:ESTIMATED estimated_age:30 nik_status:NONE} suspected_ppks:[PPKS_12] found_region:14.71.06 activity:BEGGING children_with:0}\n"
              "case_state_changed{case_id:@case-1 to:NEW cause:outbox-1 referral_id:@R1 referral_state:SUBMITTED} case_id:@case-1\n");
    /* Old events set no limit: nobody is asked why R1 waits. */
    at("2026-05-20 08:00");
    heard_nothing();
    accepted_with("W_OLD_REGION W_LATE", found("R2", "14.71.13", OLD_DAY)); /* Tuahmadani: since 2021 */
    refused(found("R3", "14.71.16", OLD_DAY), SG_ST_BAD_CODE, NULL);
    world_use_outbox(&scene_city, SATPOLPP, IMPORT + 1);
    heard_before();
    accepted_with("", found("R4", "14.71.06", "2026-05-20T00:30:00Z"));
    refused(found("R5", "14.71.16", "2026-05-20T00:30:00Z"), SG_ST_BAD_CODE, NULL);
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R4 kind:INTAKE target_agency:dinsos priority:URGENT_72H person{full_name:Joko name_quality:PARTIAL sex:MALE birth_quality:ESTIMATED estimated_age:30 nik_status:NONE} suspected_ppks:[PPKS_12] found_region:14.71.06 activity:BEGGING children_with:0}\n"
              "case_state_changed{case_id:@case-3 to:NEW cause:outbox-2 referral_id:@R4 referral_state:SUBMITTED} case_id:@case-3\n");
    row_is("R1", "found_region:14.71.06");
    row_is("R4", "found_region:14.71.06");
    assert_string_equal(name_in("14.71.06", 2019), "Rumbai");
    assert_string_equal(name_in("14.71.06", 2026), "Rumbai Barat");
    assert_string_equal(name_in("14.71.12", 2019), "Rumbai Pesisir");
    assert_string_equal(name_in("14.71.12", 2026), "Rumbai");
    assert_null(name_in("14.71.16", 2026));
    scene_close();
}

/* clang-format on */

/* The code lists without the lines that begin so. */
static void copy_lists(const char *to, const char *without)
{
    DIR *folder = opendir("conf/codes");
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder));) {
        char path[2][400], line[1024];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path[0], sizeof path[0], "conf/codes/%s", e->d_name);
        (void)snprintf(path[1], sizeof path[1], "%s/%s", to, e->d_name);
        FILE *in = fopen(path[0], "r"), *out = fopen(path[1], "w");
        assert_true(in && out);
        while (fgets(line, sizeof line, in))
            if (strncmp(line, without, strlen(without)) != 0)
                (void)fputs(line, out);
        (void)fclose(in);
        assert_int_equal(fclose(out), 0);
    }
    (void)closedir(folder);
}

/* Other lists from now on, as after SIGHUP. */
static void lose_code(const char *code)
{
    struct sg_why why = {""};
    struct sg_lists *lists = NULL;
    char folder[96];
    (void)snprintf(folder, sizeof folder, "%s/codes", scene_city.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    copy_lists(folder, code);
    UNIT_OK(sg_lists_load(folder, &lists, &why));
    broker_set_world(scene_city.broker, &scene_city.roster, lists, NULL);
    sg_lists_free(&scene_city.lists);
    scene_city.lists = lists;
}

/* clang-format off */

/* 14.71.06 is taken out of the list: it is refused from now on, and all that was said with it
 * before is decided, delivered and folded as ever. */
static void a_code_that_is_gone(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(found("R1", "14.71.06", "2026-05-04T00:30:00Z"));
    heard_before();
    lose_code("14.71.06");
    fold_again();
    refused(found("R2", "14.71.06", "2026-05-04T00:30:00Z"), SG_ST_BAD_CODE, NULL);
    heard_nothing();
    scene_restart("2026-05-04 08:00");
    accepted(take_in("R1"));
    row_is("R1", "state:ACCEPTED found_region:14.71.06");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R1 referral_state:ACCEPTED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R1 decision:ACCEPTED}\n"
              "case_state_changed{case_id:@case-1 from:NEW to:ASSESSING cause:dinsos referral_id:@R1 referral_state:ACCEPTED} case_id:@case-1\n");
    /* A reader that begins with the first event. */
    assert_int_equal(world_count(&scene_city, DINSOS, "referral.submitted", "\"foundRegion\":\"14.71.06\""), 1);
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(one_code_two_names), cmocka_unit_test(a_code_that_is_gone))
