/* view_table.h - who may see which personal field: table 9.4 of the domain as data. */
#ifndef SINERGI_BROKER_VIEW_TABLE_H
#define SINERGI_BROKER_VIEW_TABLE_H

#include "ledger/relation.h"
#include "wire/contract.h"

enum view_column {
    COLUMN_CASE_OWNER,
    COLUMN_PROVIDER,
    COLUMN_HELD,    /* provider of a seat that is held */
    COLUMN_WAITING, /* provider of a person who waits */
    COLUMN_TRANSFER,
    COLUMN_SERVICE,
    COLUMN_CIVIL,
    COLUMN_EQUIPMENT,
    COLUMN_ACTS, /* referrer that can act on a reason */
    COLUMNS
};

enum view_cell {
    CELL_NO = 0,
    CELL_YES,
    CELL_SHARED,       /* with the person's consent SHARE_WITH_PROVIDER */
    CELL_SHARED_HEALTH /* with SHARE_HEALTH_LIMITS */
};

enum view_cell view_cell_of(unsigned seen, enum view_column column);
/* Relation of a column. */
uint32_t view_column_relation(enum view_column column);

#endif
