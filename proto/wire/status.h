/* status.h - outcome codes on the wire, and their texts in Indonesian and English.
 *
 * Numbers are the protocol: they are never given a second meaning. A refusal names the field or
 * object, the rule and what would be accepted; operators are not developers.
 */
#ifndef SINERGI_WIRE_STATUS_H
#define SINERGI_WIRE_STATUS_H

#include "kit/bytes.h"
#include "kit/err.h"

enum sg_status {
    SG_ST_OK = 0,
    /* frame and envelope */
    SG_ST_AUTH_MISMATCH = 1,
    SG_ST_FORBIDDEN = 2,
    SG_ST_NOT_OWNER = 3,
    SG_ST_DERIVED_TYPE = 4,
    SG_ST_SCHEMA = 5,
    SG_ST_MISSING_FIELD = 6,
    SG_ST_BAD_CODE = 7,
    SG_ST_FUTURE_TIME = 8,
    SG_ST_TOO_OLD = 9,
    SG_ST_DUPLICATE_CONFLICT = 10,
    SG_ST_SEQ_GAP = 11,
    SG_ST_VERSION_CONFLICT = 12,
    SG_ST_UNKNOWN_OBJECT = 13,
    SG_ST_PARK_TIMEOUT = 14,
    SG_ST_BAD_TRANSITION = 15,
    /* domain */
    SG_ST_DUPLICATE_REFERRAL = 20,
    SG_ST_TOO_MANY_HOPS = 21,
    SG_ST_SLOT_FULL = 22,
    SG_ST_SLOT_CLOSED = 23,
    SG_ST_SLOT_CANCELLED = 24,
    SG_ST_CAPACITY_BELOW_ALLOCATED = 25,
    SG_ST_INELIGIBLE = 26,
    SG_ST_ACTIVE_PLACEMENT = 27,
    SG_ST_NO_CONSENT = 28,
    SG_ST_MINOR = 29,
    SG_ST_RESTRICTED = 30,
    SG_ST_ERASED = 31,
    SG_ST_NOT_ENTITLED = 32,
    SG_ST_COURSE_MISMATCH = 33,
    SG_ST_ALREADY_ISSUED = 34,
    SG_ST_ITEM_NOT_AVAILABLE = 35,
    SG_ST_BAST_REUSED = 36,
    SG_ST_OPEN_SEAT = 37,
    SG_ST_OPEN_LOAN = 38,
    SG_ST_CLOSE_CRITERIA = 39,
    SG_ST_FOUR_EYES = 40,
    SG_ST_CORRECTION_DEPENDS = 41,
    SG_ST_LINK_CONFLICT = 42,
    SG_ST_IDENTITY_NOT_CHECKED = 43,
    /* transport */
    SG_ST_STORAGE = 60,
    SG_ST_PROTOCOL = 61,
    SG_ST_HELLO_FIRST = 62,
    SG_ST_IN_USE = 63,
    SG_ST_TAKEN_OVER = 64,
    SG_ST_BUSY = 65,
    SG_ST_QUOTA = 66,
    SG_ST_HISTORY = 67,
    SG_ST_SUSPENDED = 68, /* the key was revoked or is out of its dates */
    SG_ST_SILENT = 69,    /* nothing came for 30 s */
    SG_ST_STOPPING = 70,  /* the broker stops; come again */
    /* warnings */
    SG_ST_W_SPM_7_DAYS = 100,
    SG_ST_W_WAIVER = 101,
    SG_ST_W_LOW_ATTENDANCE = 102,
    SG_ST_W_NIK_MISMATCH = 103,
    SG_ST_W_OLD_REGION = 104,
    SG_ST_W_LATE = 105,
};

/* "E_BAD_CODE", "W_LATE"; "E_UNKNOWN" for a number that this version does not know. */
const char *sg_status_name(uint32_t code);
/* Back from the name; 0 when there is none. */
uint32_t sg_status_of(const char *name);

/* One sentence that says the rule, without field and value: "kode tidak ada dalam daftar". */
const char *sg_status_text_id(uint32_t code);
const char *sg_status_text_en(uint32_t code);

/* Why an event or a frame is refused. Texts are kept by value: a refusal outlives its arena. */
struct sg_fault {
    uint32_t code;      /* enum sg_status, 0 = none */
    char object[96];    /* path of the field, or kind and id of the object; never personal data */
    char detail[64];    /* stable token, "AGE", or a version */
    char accepted[160]; /* what would be accepted, in English */
    char accepted_id[160]; /* the same in Indonesian; codes, names and values as they are */
};

/* Fill in and return false, so that a check reads `return sg_refuse(fault, …)`. The three texts may
 * be NULL; `accepted` is a format in English. Its Indonesian is found by the text of the format,
 * else by what it prints (wire/phrases.h); what has none stands in both languages as it is. */
SG_PRINTF(5, 6)
bool sg_refuse(struct sg_fault *fault, uint32_t code, const char *object, const char *detail,
               const char *accepted, ...);
SG_PRINTF(5, 0)
bool sg_refuse_v(struct sg_fault *fault, uint32_t code, const char *object, const char *detail,
                 const char *accepted, va_list args);

/* The whole sentence: "<code>: <rule> (<object>: <detail>); diterima: <accepted>". Cut to size. */
void sg_fault_text_id(const struct sg_fault *fault, char *to, size_t size);
void sg_fault_text_en(const struct sg_fault *fault, char *to, size_t size);

#endif
