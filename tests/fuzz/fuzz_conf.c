#include "kit/check.h"
#include "sys/conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a text of a few bytes when a file ends inside it. That costs the daemon
 * these bytes once per reload of such a file. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

static void ignore(void *context, enum conf_change change, const char *kind, const char *name)
{
    (void)change, (void)kind, (void)name;
    SG_CHECK(!context); /* a file does not differ from itself */
}

static void check_agency(const struct sg_roster *roster, size_t i)
{
    const struct sg_agency *agency = &roster->agencies[i];
    SG_CHECK(strlen(agency->id) >= 2 && strlen(agency->id) <= SG_AGENCY_MAX);
    SG_CHECK(i == 0 || strcmp(roster->agencies[i - 1].id, agency->id) < 0);
    SG_CHECK(sg_roster_agency(roster, agency->id) == agency);
    SG_CHECK(agency->device_count <= SG_DEVICES_MAX);
    for (size_t d = 0; d < agency->device_count; d++) {
        const struct sg_device *device = &agency->devices[d];
        const struct sg_agency *found_agency = NULL;
        const struct sg_device *found = NULL;
        SG_CHECK(strlen(device->name) >= 1 && !strchr(device->name, '/'));
        SG_CHECK(sg_roster_device(roster, agency->id, device->name) == device);
        SG_CHECK(sg_roster_by_curve(roster, device->curve_public, &found_agency, &found));
        SG_CHECK(found == device); /* no key stands in two places */
    }
}

/* Any text is refused with a sentence, or gives settings within their own ranges and a roster in
 * which everything is found again. Seeds: tests/fuzz/corpus/conf/. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    SG_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';

    struct conf conf = {0};
    struct sg_why why = {0};
    if (conf_read_text(text, "fuzz", &conf, &why) == SG_OK) {
        SG_CHECK(conf_check_settings(&conf.settings, &why) == SG_OK);
        SG_CHECK(conf.roster->agency_count <= SG_AGENCIES_MAX);
        for (size_t i = 0; i < conf.roster->agency_count; i++)
            check_agency(conf.roster, i);
        conf_compare(&conf, &conf, ignore, &conf);
    } else {
        SG_CHECK(why.text[0] != '\0' && conf.roster == NULL);
    }
    conf_done(&conf);
    free(text);
    return 0;
}
