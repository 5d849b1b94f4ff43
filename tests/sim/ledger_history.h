/* ledger_history.h - random histories of the ledger: one seed fixes what agencies state and when.
 *
 * acts.h makes the events, model.h knows what must become of them. After every event the records
 * and the rows that it moved must be those of the model; a refusal must have written nothing, a
 * parked event nothing but itself; now and then, and at the end, every row is compared, and the
 * journal, folded again, must give the same bytes. A broken promise prints SEED and STEP and ends
 * the process.
 */
#ifndef SINERGI_SIM_LEDGER_HISTORY_H
#define SINERGI_SIM_LEDGER_HISTORY_H

#include "sim/model.h"

enum { HISTORY_CODES = 64 };

struct ledger_history_result {
    uint64_t steps, turns, records, duplicates;
    uint64_t refused[MODEL_TYPES];
    uint64_t codes[MODEL_TYPES][HISTORY_CODES]; /* why refused */
    struct model_counts counts;
    uint8_t head_hash[32]; /* of the last block: the same seed gives the same */
};

/* Run `steps` steps (an event or a move of the clock each), and add to the result. */
void ledger_history_run(uint64_t seed, uint64_t steps, struct ledger_history_result *result);

#endif
