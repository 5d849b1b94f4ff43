/* device.h - what can be told of this device without a broker: its agent, outbox, inbox and disk.
 */
#ifndef SINERGI_CLI_DEVICE_H
#define SINERGI_CLI_DEVICE_H

#include "cli/cli.h"

#include <jansson.h>

/* All of it as JSON, a new reference: outbox, inbox, agent, disk. */
json_t *device_json(struct cli *cli);

/* For people, line by line; `device` as above. */
void print_device(const struct cli *cli, const json_t *device);

/* Members of `outbox`: lastNumber, unanswered, rejected and, when some wait, oldest (ms) and
 * oldestAgeMs. NULL: the outbox cannot be read. A new reference. */
json_t *device_outbox(struct cli *cli);
/* "2 h 5 min" in the language of tables. */
const char *device_age(const struct cli *cli, int64_t ms, char to[64]);
/* The agent of this device: running, and what it says of itself. A new reference. */
json_t *device_agent(struct cli *cli);
/* One line each, nothing when there is nothing to say: the agent does not run, has trouble; the
 * disk is nearly full. */
void print_agent(const struct cli *cli, const json_t *agent);
void print_disk(const struct cli *cli, const json_t *disk);
json_t *device_disk(struct cli *cli);

#endif
