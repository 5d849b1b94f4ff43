#include "sheet/value.h"

#include "sheet/text.h"
#include "sinergi/v1/common.pb-c.h"
#include "wire/codec.h"
#include "wire/id.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { NIK_DIGITS = 16, NUMBER_DIGITS_MAX = 18, LATEST_YEAR = 2069 };

/* ---- numbers ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool value_is_shortened(const char *cell)
{
    const char *at = cell;
    size_t digits = strspn(at, "0123456789");
    at += digits;
    if (digits == 0)
        return false;
    if (*at == ',' || *at == '.')
        at += 1 + strspn(at + 1, "0123456789");
    if (*at != 'E' && *at != 'e')
        return false;
    at++;
    at += *at == '+';
    return is_digit(*at) && at[strspn(at, "0123456789")] == '\0';
}

static bool refuse_shortened(struct sheet_fault *fault)
{
    (void)fault_say(fault, "E_SCHEMA",
                    "Excel memendekkan angka ini, sehingga angka-angka belakangnya hilang",
                    "Excel has shortened this number, and its last digits are lost");
    return fault_accept(fault,
                        "format kolom sebagai Teks (Text) di Excel, ketik ulang nomornya lengkap, "
                        "lalu simpan lagi",
                        "format the column as Text in Excel, type the whole number again, save");
}

static bool refuse_number(struct sheet_fault *fault, const char *rule_id, const char *rule_en)
{
    (void)fault_say(fault, "E_SCHEMA", "%s", "%s", rule_id);
    FAULT_PUT(fault->rule_en, rule_en);
    return fault_accept(fault, "bilangan bulat seperti 25, 1.500.000 atau Rp 1.500.000,00",
                        "a whole number such as 25, 1.500.000 or Rp 1.500.000,00");
}

/* Currency in front and "-" behind: "Rp 1.500.000,-", "IDR 25", "85%". */
static void strip_number(const char *cell, char *to, size_t size)
{
    size_t len = 0;
    const char *at = cell;
    if (strncasecmp(at, "rp", 2) == 0)
        at += 2;
    else if (strncasecmp(at, "idr", 3) == 0)
        at += 3;
    while (*at == '.' || *at == ' ')
        at++;
    for (; *at && len + 1 < size; at++)
        if (*at != ' ' && *at != '\'')
            to[len++] = *at;
    to[len] = '\0';
    while (len > 0 && strchr("-=%,.", to[len - 1]))
        to[--len] = '\0';
}

/* Groups of three behind `mark`: "1.500.000". Returns the length, 0 when they are none. */
static size_t groups(const char *text, char mark)
{
    size_t at = strspn(text, "0123456789");
    if (at == 0 || at > 3 || text[at] != mark)
        return 0;
    while (text[at] == mark) {
        if (strspn(text + at + 1, "0123456789") != 3)
            return 0;
        at += 4;
    }
    return at;
}

/* Where the whole part ends; 0: not a number. A single group behind a comma could be a fraction. */
static size_t whole_part(const char *text)
{
    size_t plain = strspn(text, "0123456789");
    size_t dots = groups(text, '.'), commas = groups(text, ',');
    if (dots)
        return dots;
    return commas > plain + 4 ? commas : plain;
}

static bool read_number(const char *cell, int64_t *out, struct sheet_fault *fault)
{
    char text[64], digits[NUMBER_DIGITS_MAX + 1];
    if (value_is_shortened(cell))
        return refuse_shortened(fault);
    strip_number(cell, text, sizeof text);
    bool negative = text[0] == '-';
    const char *number = text + negative;
    size_t end = whole_part(number), len = 0;
    const char *rest = number + end;
    if (end == 0)
        return refuse_number(fault, "bukan bilangan", "not a number");
    size_t zeros = *rest == ',' || *rest == '.' ? strspn(rest + 1, "0") : 0;
    rest += zeros ? zeros + 1 : 0;
    if (zeros == 3) /* a thousand, or one with three decimals: both are written so */
        return refuse_number(fault, "bisa berarti dua bilangan", "this may be two numbers");
    if (*rest)
        return refuse_number(fault, "bukan bilangan bulat", "not a whole number");
    for (size_t i = 0; i < end; i++) {
        if (!is_digit(number[i]))
            continue;
        if (len == NUMBER_DIGITS_MAX)
            return refuse_number(fault, "bilangan terlalu besar", "the number is too large");
        digits[len++] = number[i];
    }
    digits[len] = '\0';
    *out = strtoll(digits, NULL, 10) * (negative ? -1 : 1);
    return true;
}

static bool check_range(const struct field_path *path, int64_t value, struct sheet_fault *fault)
{
    const struct sg_field_rules *rules = path->rules;
    bool bounded = rules->bounded && path->field->label != PROTOBUF_C_LABEL_REPEATED;
    int64_t least = bounded ? rules->min : 0, most = bounded ? rules->max : INT64_C(4294967295);
    if ((value >= least && value <= most) ||
        (!bounded && path->field->type == PROTOBUF_C_TYPE_INT64))
        return true;
    (void)fault_say(fault, "E_SCHEMA", "bilangan di luar batas", "the number is out of range");
    return fault_accept(fault, "%lld sampai %lld", "%lld to %lld", (long long)least,
                        (long long)most);
}

static json_t *number_value(const struct field_path *path, int64_t value)
{
    char text[24];
    bool wide =
        path->field->type == PROTOBUF_C_TYPE_INT64 || path->field->type == PROTOBUF_C_TYPE_UINT64;
    if (!wide)
        return json_integer(value);
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    return json_string(text);
}

/* ---- words -------------------------------------------------------------------------------- */

static bool read_truth(const char *cell, bool *out, struct sheet_fault *fault)
{
    static const struct {
        const char *word;
        bool truth;
    } words[] = {
        {"ya", true},     {"y", true},      {"yes", true},   {"true", true},   {"benar", true},
        {"1", true},      {"ada", true},    {"sudah", true}, {"v", true},      {"✓", true},
        {"√", true},      {"tidak", false}, {"t", false},    {"no", false},    {"n", false},
        {"false", false}, {"salah", false}, {"0", false},    {"belum", false}, {"tidak ada", false},
        {"bukan", false}, {"tdk", false},   {"blm", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(words); i++) {
        if (!text_same(words[i].word, cell))
            continue;
        *out = words[i].truth;
        return true;
    }
    (void)fault_say(fault, "E_SCHEMA", "bukan jawaban ya atau tidak", "neither yes nor no");
    return fault_accept(fault, "ya atau tidak", "ya or tidak");
}

/* Letters, digits and '_' only, all of them large: as enum names are. */
static void code_form(const char *text, char *to, size_t size)
{
    size_t len = 0;
    for (; *text && len + 1 < size; text++) {
        char c = *text;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - ('a' - 'A'));
        if (c == ' ' || c == '-')
            c = '_';
        to[len++] = c;
    }
    to[len] = '\0';
}

/* What all value names of an enum begin with: "PRIORITY_". */
static size_t enum_prefix(const ProtobufCEnumDescriptor *descriptor)
{
    const char *first = descriptor->n_values ? descriptor->values[0].name : "";
    const char *end = strstr(first, "UNSPECIFIED");
    return end ? (size_t)(end - first) : 0;
}

/* The name of a value for people: without the prefix, unless a number would be left of "PPKS_12".
 */
static const char *enum_name(const ProtobufCEnumValue *value, size_t prefix)
{
    return value->name + (is_digit(value->name[prefix]) ? 0 : prefix);
}

static const char *usual_word(const ProtobufCEnumDescriptor *descriptor, const char *cell)
{
    static const struct {
        const char *word, *name;
    } sexes[] = {
        {"l", "MALE"},    {"lk", "MALE"},       {"laki-laki", "MALE"},   {"laki laki", "MALE"},
        {"laki", "MALE"}, {"pria", "MALE"},     {"m", "MALE"},           {"p", "FEMALE"},
        {"pr", "FEMALE"}, {"wanita", "FEMALE"}, {"perempuan", "FEMALE"}, {"f", "FEMALE"},
    };
    if (descriptor != &pb_sex__descriptor)
        return cell;
    for (size_t i = 0; i < SG_ARRAY_LEN(sexes); i++)
        if (text_same(sexes[i].word, cell))
            return sexes[i].name;
    return cell;
}

static json_t *label_code(const struct value_context *context, enum sg_list list, int least_levels,
                          const char *cell)
{
    const char *code = context->lists
                           ? sg_lists_code(context->lists, list, cell, context->day, least_levels)
                           : NULL;
    return code ? json_string(code) : NULL;
}

static bool read_enum(const struct value_context *context, const struct field_path *path,
                      const char *cell, json_t **out, struct sheet_fault *fault)
{
    const ProtobufCEnumDescriptor *descriptor = path->field->descriptor;
    size_t prefix = enum_prefix(descriptor);
    char code[96];
    code_form(usual_word(descriptor, cell), code, sizeof code);
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const ProtobufCEnumValue *value = &descriptor->values[i];
        if (value->value == 0 ||
            (strcmp(value->name, code) != 0 && strcmp(value->name + prefix, code) != 0))
            continue;
        *out = json_string(enum_name(value, prefix));
        return *out != NULL;
    }
    if (descriptor == &pb_ppks__descriptor)
        *out = label_code(context, SG_LIST_PPKS, 0, cell);
    else if (descriptor == &pb_spm_service__descriptor)
        *out = label_code(context, SG_LIST_SERVICES, 0, cell);
    if (*out)
        return true;
    (void)fault_say(fault, "E_BAD_CODE", "tidak ada dalam daftar yang diterima",
                    "not in the list of what is accepted");
    return value_accepts(path, fault);
}

/* ---- texts with a form -------------------------------------------------------------------- */

/* Digits and a leading '+'; marks between them are left out. False: something else is in it. */
static bool only_digits(const char *cell, const char *marks, char *to, size_t size)
{
    size_t len = 0;
    for (const char *at = cell + (*cell == '\''); *at; at++) {
        if (strchr(marks, *at))
            continue;
        bool plus = *at == '+' && len == 0;
        if ((!is_digit(*at) && !plus) || len + 1 == size)
            return false;
        to[len++] = *at;
    }
    to[len] = '\0';
    return len > 0;
}

/* A number of Excel that has a fraction was kept with 15 digits: the others are zeros now. */
static bool was_rounded(const char *cell)
{
    size_t digits = strspn(cell, "0123456789");
    return digits > 15 && (cell[digits] == '.' || cell[digits] == ',');
}

static bool read_nik(const char *cell, char *to, size_t size, struct sheet_fault *fault)
{
    if (value_is_shortened(cell) || was_rounded(cell))
        return refuse_shortened(fault);
    bool digits = only_digits(cell, " .-", to, size) && to[0] != '+';
    size_t len = digits ? strlen(to) : 0;
    if (digits && len == NIK_DIGITS && sg_nik_valid(sg_bytes_of(to)))
        return true;
    if (!digits)
        (void)fault_say(fault, "E_SCHEMA", "NIK hanya berisi angka", "a NIK has digits only");
    else if (len != NIK_DIGITS)
        (void)fault_say(fault, "E_SCHEMA", "NIK harus 16 angka, di sini %zu",
                        "a NIK has 16 digits, here are %zu", len);
    else if (strcmp(to + NIK_DIGITS - 4, "0000") == 0)
        (void)fault_say(fault, "E_SCHEMA", "NIK berakhir 0000: mungkin Excel telah membulatkannya",
                        "a NIK that ends with 0000: Excel may have rounded it");
    else
        (void)fault_say(fault, "E_SCHEMA", "tanggal lahir di dalam NIK tidak mungkin",
                        "the birth date inside the NIK is not possible");
    return fault_accept(fault,
                        "16 angka seperti di KTP, dalam kolom berformat Teks; kosongkan bila tidak "
                        "ada",
                        "16 digits as on the identity card, in a column of the format Text; empty "
                        "if there is none");
}

static bool read_phone(const char *cell, char *to, size_t size, struct sheet_fault *fault)
{
    char digits[32];
    if (value_is_shortened(cell))
        return refuse_shortened(fault);
    if (only_digits(cell, " .-()", digits, sizeof digits)) {
        const char *at = digits;
        /* Excel takes the first 0 away. */
        const char *country = *at == '+' ? "" : *at == '0' || *at == '8' ? "+62" : "+";
        at += *at == '0';
        (void)snprintf(to, size, "%s%s", country, at);
        if (sg_phone_valid(sg_bytes_of(to)))
            return true;
    }
    (void)fault_say(fault, "E_SCHEMA", "bukan satu nomor telepon", "not one telephone number");
    return fault_accept(fault, "satu nomor seperti 0812 3456 7890 atau +6281234567890",
                        "one number such as 0812 3456 7890 or +6281234567890");
}

struct text_form {
    size_t max;
    int list; /* code list + 1 */
    int levels;
    const char *id, *en;
};

static const struct text_form text_forms[SG_FORM_BYTES + 1] = {
    /* clang-format off */
    [SG_FORM_AGENCY] = {SG_AGENCY_MAX, 0, 0, "nama instansi seperti dinsos", "an agency such as dinsos"},
    [SG_FORM_REGION] = {13, SG_LIST_REGIONS + 1, 1, "kode wilayah seperti 14.71.08, atau namanya", "a region code such as 14.71.08, or its name"},
    [SG_FORM_REGION_CITY] = {13, SG_LIST_REGIONS + 1, 2, "kode kabupaten/kota seperti 13.71, atau namanya", "the code of a city such as 13.71, or its name"},
    [SG_FORM_REGION_DISTRICT] = {13, SG_LIST_REGIONS + 1, 3, "kode kecamatan seperti 14.71.08, atau namanya", "the code of a kecamatan such as 14.71.08, or its name"},
    [SG_FORM_COURSE] = {40, SG_LIST_COURSES + 1, 0, "kode pelatihan seperti MOTORCYCLE_SERVICE, atau namanya", "a course code such as MOTORCYCLE_SERVICE, or its name"},
    [SG_FORM_KIT] = {40, SG_LIST_KITS + 1, 0, "kode paket seperti KIT-MOTOR-A", "a kit code such as KIT-MOTOR-A"},
    [SG_FORM_SHORT] = {SG_TEXT_SHORT_MAX, 0, 0, "teks paling banyak 120 huruf", "a text of at most 120 letters"},
    [SG_FORM_NOTE] = {SG_TEXT_NOTE_MAX, 0, 0, "teks paling banyak 500 huruf", "a text of at most 500 letters"},
    [SG_FORM_DETAIL] = {SG_TEXT_DETAIL_MAX, 0, 0, "teks paling banyak 250 huruf", "a text of at most 250 letters"},
    [SG_FORM_NIK] = {NIK_DIGITS, 0, 0, "NIK 16 angka", "a NIK of 16 digits"},
    [SG_FORM_PHONE] = {16, 0, 0, "nomor telepon seperti 0812 3456 7890", "a telephone number such as 0812 3456 7890"},
    [SG_FORM_TOPIC] = {64, 0, 0, "jenis peristiwa", "a topic"},
}; /* clang-format on */

/* A code that is known, or the label of one. */
static bool read_code(const struct value_context *context, const struct text_form *form,
                      const char *cell, json_t **out, struct sheet_fault *fault)
{
    enum sg_list list = (enum sg_list)(form->list - 1);
    char code[TEXT_FOLDED_MAX];
    (void)snprintf(code, sizeof code, "%.*s", (int)sizeof code - 1, cell);
    if (list == SG_LIST_COURSES)
        code_form(cell, code, sizeof code);
    bool shaped = list == SG_LIST_REGIONS ? sg_region_valid(sg_bytes_of(code), form->levels)
                                          : strlen(code) <= form->max;
    bool known =
        shaped && (!context->lists || sg_lists_find(context->lists, list, sg_bytes_of(code),
                                                    context->day) != SG_CODE_UNKNOWN);
    *out = known ? json_string(code) : label_code(context, list, form->levels, cell);
    if (*out)
        return true;
    (void)fault_say(fault, "E_BAD_CODE", "tidak ada dalam daftar yang diterima",
                    "not in the list of what is accepted");
    FAULT_PUT(fault->accepted_id, form->id);
    FAULT_PUT(fault->accepted_en, form->en);
    return false;
}

static bool read_text(const struct value_context *context, const struct field_path *path,
                      const char *cell, json_t **out, struct sheet_fault *fault)
{
    const struct text_form *form = &text_forms[path->rules->form];
    char text[64];
    if (path->rules->form == SG_FORM_NIK || path->rules->form == SG_FORM_PHONE) {
        bool good = path->rules->form == SG_FORM_NIK ? read_nik(cell, text, sizeof text, fault)
                                                     : read_phone(cell, text, sizeof text, fault);
        *out = good ? json_string(text) : NULL;
        return *out != NULL;
    }
    if (form->list)
        return read_code(context, form, cell, out, fault);
    if (value_is_shortened(cell))
        return refuse_shortened(fault);
    const char *from = cell + (*cell == '\'' && is_digit(cell[1])); /* Excel's mark of a text */
    size_t max = form->max ? form->max : SG_TEXT_NOTE_MAX;
    char clean[SG_TEXT_NOTE_MAX + 1];
    if (strlen(from) > max) {
        (void)fault_say(fault, "E_SCHEMA", "teks terlalu panjang: %zu byte",
                        "the text is too long: %zu bytes", strlen(from));
        return value_accepts(path, fault);
    }
    (void)snprintf(clean, sizeof clean, "%s", from);
    if (path->rules->form != SG_FORM_NOTE && path->rules->form != SG_FORM_DETAIL)
        (void)text_clean(clean, false); /* these are lines of a list */
    *out = json_string(clean);
    return *out || fault_say(fault, "E_SCHEMA", "bukan teks UTF-8", "not a text of UTF-8");
}

static bool read_id(const char *cell, json_t **out, struct sheet_fault *fault)
{
    struct sg_id id;
    char text[SG_ID_TEXT];
    if (sg_id_parse(cell, &id) == SG_OK && !sg_id_is_zero(&id)) {
        *out = json_string(sg_id_print(&id, text));
        return *out != NULL;
    }
    (void)fault_say(fault, "E_SCHEMA", "bukan id", "not an id");
    return fault_accept(fault, "id seperti 018d5f2e-0000-7000-8000-000000000001",
                        "an id such as 018d5f2e-0000-7000-8000-000000000001");
}

static bool read_moment(const struct value_context *context, const struct field_path *path,
                        const char *cell, json_t **out, struct sheet_fault *fault)
{
    bool partial = path->rules->form == SG_FORM_PARTIAL_DATE;
    struct moment moment;
    char text[40], day[16];
    if (!date_read(cell, partial ? context->birth_year : LATEST_YEAR, partial, &moment, fault))
        return false;
    bool time = path->field->descriptor == &google__protobuf__timestamp__descriptor;
    *out = json_string(time ? moment_print(&moment, context->zone_min, text)
                            : date_print(&moment, day));
    return *out != NULL;
}

/* ---- all of them -------------------------------------------------------------------------- */

bool value_read(const struct value_context *context, const struct field_path *path,
                const char *cell, json_t **out, struct sheet_fault *fault)
{
    int64_t number = 0;
    bool truth = false;
    *out = NULL;
    switch (path->field->type) {
    case PROTOBUF_C_TYPE_STRING: return read_text(context, path, cell, out, fault);
    case PROTOBUF_C_TYPE_ENUM: return read_enum(context, path, cell, out, fault);
    case PROTOBUF_C_TYPE_MESSAGE: return read_moment(context, path, cell, out, fault);
    case PROTOBUF_C_TYPE_BYTES: return read_id(cell, out, fault);
    case PROTOBUF_C_TYPE_BOOL:
        if (!read_truth(cell, &truth, fault))
            return false;
        *out = json_boolean(truth);
        return true;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (!read_number(cell, &number, fault) || !check_range(path, number, fault))
            return false;
        *out = number_value(path, number);
        return *out != NULL;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: break; /* no field of ours */
    }
    return fault_say(fault, "E_SCHEMA", "isian ini tidak dapat diisi dari tabel",
                     "this field cannot be filled from a table");
}

bool value_accepts(const struct field_path *path, struct sheet_fault *fault)
{
    if (path->field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumDescriptor *descriptor = path->field->descriptor;
        size_t prefix = enum_prefix(descriptor);
        fault->accepted_id[0] = '\0';
        for (unsigned i = 0; i < descriptor->n_values; i++)
            if (descriptor->values[i].value != 0)
                text_list(fault->accepted_id, sizeof fault->accepted_id,
                          enum_name(&descriptor->values[i], prefix));
        FAULT_PUT(fault->accepted_en, fault->accepted_id);
        return false;
    }
    const struct text_form *form = &text_forms[path->rules->form];
    if (path->field->type == PROTOBUF_C_TYPE_STRING && form->id) {
        FAULT_PUT(fault->accepted_id, form->id);
        FAULT_PUT(fault->accepted_en, form->en);
        return false;
    }
    return fault_accept(fault, "isi sel ini", "something in this cell");
}
