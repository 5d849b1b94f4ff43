#include "agent/import.h"

#include "agent/log.h"
#include "sheet/result.h"
#include "sheet/sheet.h"

#include <inttypes.h>
#include <stdio.h>

struct importing {
    struct sheet_result *result;
    uint64_t waiting, refused;
};

static void client_done(sinergi **client)
{
    sinergi_close(*client);
}

static void map_done(struct sheet_map **map)
{
    sheet_map_free(map);
}

/* A row that is known already may have been answered long ago. */
static void on_row(void *context, const struct sheet_row *row)
{
    struct importing *importing = context;
    bool open = row->place.number != 0 &&
                (row->outcome == SINERGI_PENDING || row->outcome == SINERGI_PARKED);
    importing->waiting += open && (row->status == SHEET_NEW || row->status == SHEET_KNOWN);
    importing->refused += row->status == SHEET_KNOWN && row->outcome == SINERGI_REJECTED;
    sheet_result_add(importing->result, row);
}

static int later(const char *text)
{
    log_warn("import-put-off", "why=\"%s\"", text);
    return IMPORT_LATER;
}

static int print_import(const struct sheet_counts *counts, const struct importing *importing)
{
    (void)printf("{\"rows\":%" PRIu64 ",\"published\":%" PRIu64 ",\"known\":%" PRIu64
                 ",\"changed\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"skipped\":%" PRIu64
                 ",\"waiting\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n",
                 counts->rows, counts->published, counts->known, counts->changed, counts->bad,
                 counts->skipped, importing->waiting, importing->refused);
    return fflush(stdout) == 0 ? IMPORT_DONE : IMPORT_LATER;
}

int import_main(const struct agent_conf *conf, const char *map_path, const char *file,
                const char *result)
{
    struct sg_why why = {0};
    SG_AUTO(map_done) struct sheet_map *map = NULL;
    SG_AUTO(client_done) sinergi *client = NULL;
    struct importing importing = {0};
    if (sheet_map_read(map_path, &map, &why) != SG_OK)
        return later(why.text);
    if (sinergi_open(conf->client, &client) != SINERGI_OK)
        return later(sinergi_error(client, "en"));
    if (sheet_result_open(result, &importing.result, &why) != SG_OK)
        return later(why.text);
    struct sheet_run run = {
        .path = file, .conf = conf->client, .on_row = on_row, .context = &importing};
    struct sheet_counts counts = {0};
    sinergi_status status = sheet_import(client, map, &run, &counts);
    if (status != SINERGI_OK && status != SINERGI_INVALID) {
        sheet_result_drop(&importing.result);
        return later(sinergi_error(client, "en"));
    }
    if (status == SINERGI_INVALID)
        sheet_result_add_error(importing.result, sinergi_error(client, "id"),
                               sinergi_error(client, "en"));
    if (sheet_result_close(&importing.result, &why) != SG_OK)
        return later(why.text);
    int printed = print_import(&counts, &importing);
    return status == SINERGI_INVALID ? IMPORT_UNREADABLE : printed;
}

int refresh_main(const struct agent_conf *conf, const char *result)
{
    struct sg_why why = {0};
    SG_AUTO(client_done) sinergi *client = NULL;
    if (sinergi_open(conf->client, &client) != SINERGI_OK)
        return later(sinergi_error(client, "en"));
    struct sheet_result_counts counts = {0};
    enum sg_err err = sheet_result_refresh(client, result, &counts, &why);
    if (err == SG_E_FORMAT || err == SG_E_NOT_FOUND)
        return IMPORT_UNREADABLE; /* somebody has edited or removed it: it is theirs now */
    if (err)
        return later(why.text);
    (void)printf("{\"rows\":%" PRIu64 ",\"bad\":%" PRIu64 ",\"waiting\":%" PRIu64
                 ",\"refused\":%" PRIu64 "}\n",
                 counts.rows, counts.bad, counts.waiting + counts.parked, counts.refused);
    return fflush(stdout) == 0 ? IMPORT_DONE : IMPORT_LATER;
}
