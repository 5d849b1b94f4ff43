/* roster.h - the agencies of the city, their capabilities and the keys of their devices.
 *
 * Read from the configuration, swapped as one on SIGHUP. Whoever authorises asks this table and
 * no other: the ZAP handler, the session, the order of checks.
 */
#ifndef SINERGI_WIRE_ROSTER_H
#define SINERGI_WIRE_ROSTER_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/limits.h"

/* Bit of a Capability of common.proto. */
#define SG_CAP(n) (1U << (unsigned)(n))

struct sg_device {
    char name[SG_DEVICE_MAX + 1];
    uint8_t curve_public[SG_KEY_BYTES];
    uint8_t sign_public[SG_KEY_BYTES];
    int64_t not_before_ms, not_after_ms; /* not_after 0 = without end */
};

struct sg_agency {
    char id[SG_AGENCY_MAX + 1];
    char name_id[128], name_en[128];
    uint32_t capabilities; /* SG_CAP bits */
    bool suspended;
    bool round_the_clock; /* it works on all days and nights: T15 counts hours, not working days */
    size_t device_count;
    struct sg_device *devices;
};

struct sg_roster {
    size_t agency_count;
    struct sg_agency *agencies; /* sorted by id */
};

void sg_roster_free(struct sg_roster **roster);

const struct sg_agency *sg_roster_agency(const struct sg_roster *roster, const char *id);
const struct sg_agency *sg_roster_agency_n(const struct sg_roster *roster, struct sg_bytes id);
const struct sg_device *sg_roster_device(const struct sg_roster *roster, const char *agency,
                                         const char *device);
/* Constant time per key; false when no device has it. */
bool sg_roster_by_curve(const struct sg_roster *roster, const uint8_t curve_public[SG_KEY_BYTES],
                        const struct sg_agency **out_agency, const struct sg_device **out_device);
/* Not suspended and within the dates of the key. */
bool sg_device_valid(const struct sg_agency *agency, const struct sg_device *device,
                     int64_t now_ms);

#endif
