#include "broker/view_table.h"

#include "sinergi/v1/options.pb-c.h"

enum { ROWS = PB_SEEN_FOUND_PLACE + 1 };

/* A row that a column is missing from says NO. Publisher: reads what it wrote, except a NIK. */
static const unsigned char cells[ROWS][COLUMNS] = {
    /* clang-format off */
    [PB_SEEN_OWNER_ONLY]        = {[COLUMN_CASE_OWNER] = CELL_YES},
    [PB_SEEN_FULL_NAME]         = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_SHARED,
                                   [COLUMN_TRANSFER] = CELL_YES, [COLUMN_SERVICE] = CELL_YES,
                                   [COLUMN_CIVIL] = CELL_YES, [COLUMN_EQUIPMENT] = CELL_YES},
    [PB_SEEN_ALIAS]             = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_SEX]               = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_YES,
                                   [COLUMN_HELD] = CELL_YES,
                                   [COLUMN_TRANSFER] = CELL_YES, [COLUMN_SERVICE] = CELL_YES,
                                   [COLUMN_CIVIL] = CELL_YES},
    [PB_SEEN_BIRTH]             = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES,
                                   [COLUMN_SERVICE] = CELL_YES, [COLUMN_CIVIL] = CELL_YES},
    [PB_SEEN_NIK]               = {[COLUMN_CIVIL] = CELL_YES},
    [PB_SEEN_FAMILY]            = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES,
                                   [COLUMN_SERVICE] = CELL_YES, [COLUMN_CIVIL] = CELL_YES},
    [PB_SEEN_PHONE]             = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_SHARED,
                                   [COLUMN_HELD] = CELL_SHARED,
                                   [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_DOMICILE]          = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES,
                                   [COLUMN_SERVICE] = CELL_YES, [COLUMN_CIVIL] = CELL_YES},
    [PB_SEEN_RAID]              = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_PPKS]              = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_HEALTH]            = {[COLUMN_CASE_OWNER] = CELL_YES,
                                   [COLUMN_PROVIDER] = CELL_SHARED_HEALTH,
                                   [COLUMN_HELD] = CELL_SHARED_HEALTH,
                                   [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_ASSESSMENT]        = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_EQUIPMENT_FINDING] = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_EQUIPMENT] = CELL_YES},
    [PB_SEEN_MENTORING]         = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_AGE_BAND]          = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_YES,
                                   [COLUMN_HELD] = CELL_YES, [COLUMN_WAITING] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES},
    [PB_SEEN_DISTRICT]          = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_YES,
                                   [COLUMN_HELD] = CELL_YES,
                                   [COLUMN_TRANSFER] = CELL_YES, [COLUMN_EQUIPMENT] = CELL_YES},
    [PB_SEEN_CASE_MATTER]       = {[COLUMN_CASE_OWNER] = CELL_YES},
    [PB_SEEN_DECLINE_REASON]    = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_ACTS] = CELL_YES},
    [PB_SEEN_RESULT]            = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_YES},
    [PB_SEEN_COMPLETED]         = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_PROVIDER] = CELL_YES,
                                   [COLUMN_EQUIPMENT] = CELL_YES},
    [PB_SEEN_FOUND_PLACE]       = {[COLUMN_CASE_OWNER] = CELL_YES, [COLUMN_TRANSFER] = CELL_YES,
                                   [COLUMN_SERVICE] = CELL_YES, [COLUMN_CIVIL] = CELL_YES},
}; /* clang-format on */

enum view_cell view_cell_of(unsigned seen, enum view_column column)
{
    return seen < ROWS ? (enum view_cell)cells[seen][column] : CELL_NO;
}

uint32_t view_column_relation(enum view_column column)
{
    static const uint32_t relations[COLUMNS] = {
        [COLUMN_CASE_OWNER] = RELATION_CASE_OWNER,    [COLUMN_PROVIDER] = RELATION_PROVIDER,
        [COLUMN_HELD] = RELATION_PROVIDER_HELD,       [COLUMN_WAITING] = RELATION_PROVIDER_WAITING,
        [COLUMN_TRANSFER] = RELATION_TRANSFER_TARGET, [COLUMN_SERVICE] = RELATION_SERVICE_TARGET,
        [COLUMN_CIVIL] = RELATION_CIVIL_REGISTRY,     [COLUMN_EQUIPMENT] = RELATION_EQUIPMENT,
        [COLUMN_ACTS] = RELATION_REFERRER_ACTS,
    };
    return relations[column];
}
