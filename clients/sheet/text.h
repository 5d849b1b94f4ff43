/* text.h - texts as people type them: blanks of every kind, case, slips of the pen. UTF-8. */
#ifndef SINERGI_SHEET_TEXT_H
#define SINERGI_SHEET_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_FOLDED_MAX = 256 };

/* Trim in place, and make one blank of each run of blanks (also of no-break spaces, tabs and,
 * unless keep_lines, line breaks); marks of no width go. Returns the text. */
char *text_clean(char *text, bool keep_lines);
/* Nothing but blanks and dashes: "-" is how people write an empty cell. */
bool text_is_empty(const char *cleaned);
bool text_is_utf8(const char *text);

/* For comparing: cleaned, small letters (A-Z and the Latin-1 letters), and for headings without the
 * marks that people put behind them (`*`, `:`, `.`). Cut to TEXT_FOLDED_MAX - 1 bytes. */
void text_fold(const char *text, char to[TEXT_FOLDED_MAX]);
void text_fold_heading(const char *text, char to[TEXT_FOLDED_MAX]);
bool text_same(const char *a, const char *b);

/* How many slips of the pen lie between two names; texts of up to 63 bytes, else 64. */
unsigned text_distance(const char *a, const char *b);

/* Add ", NAME" to a list for people while there is room; ends with "…" when it is full. */
void text_list(char *list, size_t size, const char *name);

#endif
