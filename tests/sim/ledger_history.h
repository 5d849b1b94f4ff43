/* ledger_history.h - random histories of the ledger: one seed fixes what agencies state and when.
 *
 * Most events make sense, some are wrong on purpose: of the wrong owner, in the wrong state, about
 * ids that nobody has, stated again. After each turn the rows must keep the promises of the domain
 * (8.2: I1, I2, I3, I5, I8, I9), a refusal must have written nothing, and at the end the journal,
 * folded again, must give the same bytes. A broken promise prints SEED and STEP and ends the
 * process.
 */
#ifndef SINERGI_SIM_LEDGER_HISTORY_H
#define SINERGI_SIM_LEDGER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum { HISTORY_CODES = 64 };
enum { HISTORY_EVENT_TYPES = 6 }; /* E01 E03 E05 E08 E11 E12 */

struct ledger_history_result {
    uint64_t steps, turns, records, derived;
    uint64_t accepted[HISTORY_EVENT_TYPES], refused[HISTORY_EVENT_TYPES];
    uint64_t codes[HISTORY_EVENT_TYPES][HISTORY_CODES]; /* why refused */
    uint64_t duplicates, promoted, expired;
    uint64_t puts[HISTORY_EVENT_TYPES]; /* rows written by accepted events, with all that follows */
    uint8_t head_hash[32];              /* of the last block: the same seed gives the same */
};

/* Run `steps` steps (an event or a move of the clock each). */
void ledger_history_run(uint64_t seed, uint64_t steps, struct ledger_history_result *out_result);

#endif
