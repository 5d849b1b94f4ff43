/* jsonl.h - deliveries as JSON lines in a file, each once, with rotation by size.
 *
 * The file itself says how far it is: the last whole line holds the seq of its delivery, and what
 * stands behind it without an end of line was never confirmed and is cut off. So a file and its
 * cursor cannot disagree, whatever ended the process. Mode 0600: it holds personal data.
 */
#ifndef SINERGI_AGENT_JSONL_H
#define SINERGI_AGENT_JSONL_H

#include "kit/err.h"

#include <stdint.h>

struct forget_order;
struct forgotten;
struct jsonl;

/* Open or make the file. rotate_bytes: a line that would make it longer begins a new file; the old
 * one becomes PATH.1, that PATH.2, … `keep` of them stay.
 * Errors: SG_E_SYS; SG_E_FORMAT: its last line is not one of ours. */
SG_MUST_CHECK enum sg_err jsonl_open(const char *path, int64_t rotate_bytes, int64_t keep,
                                     struct jsonl **out_jsonl, struct sg_why *why);
void jsonl_close(struct jsonl **jsonl);

/* Seq of the last line; 0 = none. */
uint64_t jsonl_seq(const struct jsonl *jsonl);

/* Append a line (without its end) durably, unless its delivery is in the file already. When that
 * fails, nothing of it stays. Errors: SG_E_SYS: disk; try again later. */
SG_MUST_CHECK enum sg_err jsonl_add(struct jsonl *jsonl, uint64_t seq, const char *line,
                                    struct sg_why *why);

/* Take what an order names out of the lines that came before it, in the file and in the older ones.
 * A file in which something changes is written anew beside the old one (PATH.new) and takes its
 * place whole, so a crash leaves the one or the other, and doing it again does no harm. What was
 * changed is added to *forgotten, also when a later file fails. A line that is no JSON is not ours
 * and stays. Errors: SG_E_SYS: disk; try again later. */
SG_MUST_CHECK enum sg_err jsonl_forget(struct jsonl *jsonl, const struct forget_order *order,
                                       struct forgotten *forgotten, struct sg_why *why);

#endif
