/* fault.h - why a cell, a row, a map or a file is not taken, for a clerk, in both languages. */
#ifndef SINERGI_SHEET_FAULT_H
#define SINERGI_SHEET_FAULT_H

#include "kit/err.h"

#include <stdbool.h>

struct sheet_fault {
    const char *code; /* "E_SCHEMA", …; a constant */
    char column[160]; /* heading, or field path */
    char value[240];  /* of the cell, cut */
    char rule_id[320], rule_en[320];
    char accepted_id[320], accepted_en[320];
};

/* Say the rule, and back false. The formats take the same arguments. */
__attribute__((format(printf, 3, 5), format(printf, 4, 5))) bool
fault_say(struct sheet_fault *fault, const char *code, const char *rule_id, const char *rule_en,
          ...);
/* What would be accepted, and back false. */
__attribute__((format(printf, 2, 4), format(printf, 3, 4))) bool
fault_accept(struct sheet_fault *fault, const char *id, const char *en, ...);
/* Copies that end with a whole character, and with "…" when they were cut. */
void fault_put(char *to, size_t size, const char *text);
#define FAULT_PUT(array, text) fault_put((array), sizeof(array), (text))

#endif
