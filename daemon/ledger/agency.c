#include "ledger/agency.h"

bool agency_may(const struct sg_agency *agency, uint32_t mask)
{
    return mask == 0 || (agency->capabilities & mask) != 0;
}

bool agency_has(const struct world *world, const char *id, unsigned capability)
{
    const struct sg_agency *agency = sg_roster_agency(world->roster, id);
    return agency && (agency->capabilities & SG_CAP(capability)) != 0;
}
