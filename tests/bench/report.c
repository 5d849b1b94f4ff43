#include "bench/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct report {
    json_t *root, *group; /* group borrows from root */
};

enum sg_err report_new(struct report **out_report, struct sg_why *why)
{
    struct report *report = calloc(1, sizeof *report);
    if (report)
        report->root = json_object();
    if (!report || !report->root) {
        free(report);
        return sg_fail(why, SG_E_SYS, "out of memory");
    }
    *out_report = report;
    return SG_OK;
}

void report_free(struct report **report)
{
    if (*report)
        json_decref((*report)->root);
    free(*report);
    *report = NULL;
}

void report_group(struct report *report, const char *group)
{
    (void)printf("\n%s\n", group);
    report->group = json_object_get(report->root, group);
    if (report->group)
        return; /* goes on */
    report->group = json_object();
    (void)json_object_set_new(report->root, group, report->group);
}

void report_note(struct report *report, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)printf("  (%s)\n", text);
    json_t *notes = json_object_get(report->group, "notes");
    if (!notes) {
        notes = json_array();
        (void)json_object_set_new(report->group, "notes", notes);
    }
    (void)json_array_append_new(notes, json_string(text));
}

void report_line(struct report *report, const char *name, double value, const char *unit)
{
    int digits = value < 10 ? 3 : value < 1000 ? 1 : 0;
    (void)printf("  %-58s %12.*f %s\n", name, digits, value, unit);
    (void)fflush(stdout);
    json_t *line = json_object();
    (void)json_object_set_new(line, "value", json_real(value));
    (void)json_object_set_new(line, "unit", json_string(unit));
    (void)json_object_set_new(report->group, name, line);
}

enum sg_err report_write(const struct report *report, const char *path, struct sg_why *why)
{
    if (json_dump_file(report->root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))
        return sg_fail(why, SG_E_SYS, "cannot write '%s'", path);
    return SG_OK;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

double report_quantile(int64_t *values, size_t count, unsigned q)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    return (double)values[(count - 1) * q / 1000];
}
