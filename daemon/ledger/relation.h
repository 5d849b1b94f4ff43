/* relation.h - what an agency is to a record: the columns of the visibility table.
 *
 * Decided when the record is accepted, kept as bits in Reader.relations.
 */
#ifndef SINERGI_LEDGER_RELATION_H
#define SINERGI_LEDGER_RELATION_H

enum relation {
    RELATION_PUBLIC = 1 << 0,    /* everybody: agency "*" */
    RELATION_PUBLISHER = 1 << 1, /* reads what it wrote, except a NIK */
    RELATION_REFERRER = 1 << 2,
    RELATION_CASE_OWNER = 1 << 3,
    RELATION_PROVIDER = 1 << 4, /* owner of the slot, with an allocation */
    RELATION_TRANSFER_TARGET = 1 << 5,
    RELATION_SERVICE_TARGET = 1 << 6, /* of a SERVICE referral without CIVIL_DOCUMENTS */
    RELATION_CIVIL_REGISTRY = 1 << 7, /* of a SERVICE referral with CIVIL_DOCUMENTS */
    RELATION_EQUIPMENT = 1 << 8,
    RELATION_STEWARD = 1 << 9,
    RELATION_AUDITOR = 1 << 10,
    RELATION_REFERRER_ACTS = 1 << 11,    /* referrer that can act on the reason of a decision */
    RELATION_PROVIDER_WAITING = 1 << 12, /* provider of a waiting person: position and age band */
    RELATION_RESPONSIBLE = 1 << 13,      /* agency that a deadline binds */
    RELATION_NO_EQUIPMENT = 1 << 14,     /* equipment provider: the placement was not completed */
    RELATION_PROVIDER_HELD = 1 << 15, /* provider of a seat that is held: nobody has accepted it */
    RELATION_FAREWELL = 1 << 16,      /* the case left its owner: the last that it reads of it */
    RELATIONS = (1 << 17) - 1,
};

/* What else decides at delivery, in the same bit set: the state of now, not that of the record. */
enum term {
    TERM_SHARED = 1 << 24,        /* the person lets the provider know name and phone */
    TERM_SHARED_HEALTH = 1 << 25, /* and what limits its health */
    TERM_GUARDED = 1 << 26,       /* place, domicile and phone are for the owner of the case only */
    TERM_RESTRICTED = 1 << 27,    /* personal fields are for publisher and owner of the case only */
};

#endif
