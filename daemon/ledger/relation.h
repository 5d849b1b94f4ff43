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
};

#endif
