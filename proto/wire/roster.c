#include "wire/roster.h"

#include <sodium.h>
#include <stdlib.h>

void sg_roster_free(struct sg_roster **roster)
{
    struct sg_roster *taken = SG_TAKE(*roster);
    if (!taken)
        return;
    for (size_t i = 0; i < taken->agency_count; i++)
        free(taken->agencies[i].devices);
    free(taken->agencies);
    free(taken);
}

const struct sg_agency *sg_roster_agency_n(const struct sg_roster *roster, struct sg_bytes id)
{
    size_t low = 0, high = roster->agency_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct sg_agency *agency = &roster->agencies[middle];
        size_t len = strlen(agency->id);
        int order = memcmp(id.ptr, agency->id, id.len < len ? id.len : len);
        if (order == 0)
            order = (id.len > len) - (id.len < len);
        if (order == 0)
            return agency;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct sg_agency *sg_roster_agency(const struct sg_roster *roster, const char *id)
{
    return sg_roster_agency_n(roster, sg_bytes_of(id));
}

const struct sg_device *sg_roster_device(const struct sg_roster *roster, const char *agency_id,
                                         const char *device)
{
    const struct sg_agency *agency = sg_roster_agency(roster, agency_id);
    for (size_t i = 0; agency && i < agency->device_count; i++)
        if (strcmp(agency->devices[i].name, device) == 0)
            return &agency->devices[i];
    return NULL;
}

bool sg_roster_by_curve(const struct sg_roster *roster, const uint8_t curve_public[SG_KEY_BYTES],
                        const struct sg_agency **out_agency, const struct sg_device **out_device)
{
    bool found = false;
    for (size_t i = 0; i < roster->agency_count; i++) {
        const struct sg_agency *agency = &roster->agencies[i];
        for (size_t j = 0; j < agency->device_count; j++) {
            if (sodium_memcmp(agency->devices[j].curve_public, curve_public, SG_KEY_BYTES) != 0)
                continue;
            *out_agency = agency;
            *out_device = &agency->devices[j];
            found = true;
        }
    }
    return found;
}

bool sg_device_valid(const struct sg_agency *agency, const struct sg_device *device, int64_t now_ms)
{
    return !agency->suspended && now_ms >= device->not_before_ms &&
           (device->not_after_ms == 0 || now_ms < device->not_after_ms);
}
