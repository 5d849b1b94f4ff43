/* drop_watch.h - which files lie in the drop folder, and which of them is ready to be taken.
 *
 * inotify says when to look; what counts is what a look finds, because a network share may hide
 * events and a queue may overflow: so the folder is also read every 30 s. A file is ready when it
 * is a plain file with contents, its size and time have stood still for settle_s, and nobody has it
 * open for writing as far as the system can tell (a read lease, or the events since it was opened).
 */
#ifndef SINERGI_AGENT_DROP_WATCH_H
#define SINERGI_AGENT_DROP_WATCH_H

#include "agent/drop_files.h"

struct drop_watch;

/* `folders` is borrowed. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err drop_watch_open(const struct drop_folders *folders, int64_t settle_s,
                                          struct drop_watch **out_watch, struct sg_why *why);
void drop_watch_close(struct drop_watch **watch);

int drop_watch_fd(const struct drop_watch *watch);
/* When a file may become ready, or the folder is read again. */
int64_t drop_watch_due_ns(const struct drop_watch *watch);
/* Take events, look when it is time. */
void drop_watch_step(struct drop_watch *watch, int64_t now_ns);
/* The oldest file that is ready; it is forgotten here. */
bool drop_watch_next(struct drop_watch *watch, int64_t now_ns, char out_name[NAME_MAX + 1]);
/* How many lie there, ready or not. */
size_t drop_watch_count(const struct drop_watch *watch);
/* Look anew from the beginning: the folders are others than before. */
void drop_watch_again(struct drop_watch *watch);
/* Why the folder cannot be read; NULL: it can. */
const char *drop_watch_trouble(const struct drop_watch *watch);

#endif
