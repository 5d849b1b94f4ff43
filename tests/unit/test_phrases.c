#include "unit/unit.h"
#include "wire/phrases.h"
#include "wire/status.h"

#include <stdio.h>
#include <string.h>

enum { CONVERSION = 16 };

/* The next conversion of a format, "%.100s"; NULL when there is none. */
static const char *next_conversion(const char *format, char out[CONVERSION])
{
    const char *at = strchr(format, '%');
    if (!at)
        return NULL;
    size_t len = 1 + strspn(at + 1, "-+ #0123456789.lhzjt");
    assert_true(at[len] != '\0' && len + 2 <= CONVERSION);
    memcpy(out, at, len + 1);
    out[len + 1] = '\0';
    return at + len + 1;
}

static void the_table_is_sorted(void **state)
{
    (void)state;
    const struct sg_phrase *before = NULL, *phrase;
    for (size_t i = 0; (phrase = sg_phrase_at(i)); before = phrase, i++)
        if (before && strcmp(before->en, phrase->en) >= 0)
            fail_msg("'%s' stands before '%s'", before->en, phrase->en);
    assert_non_null(before);
}

static void every_phrase_is_found(void **state)
{
    (void)state;
    const struct sg_phrase *phrase;
    for (size_t i = 0; (phrase = sg_phrase_at(i)); i++)
        assert_ptr_equal(sg_phrase_id(phrase->en), phrase->id);
    static const char *const none[] = {"",    "%s",    " ",       "PPKS_01, PPKS_02",
                                       "zzz", "today", "today or"};
    for (size_t i = 0; i < SG_ARRAY_LEN(none); i++)
        assert_ptr_equal(sg_phrase_id(none[i]), none[i]);
}

static void a_phrase_has_words_and_fits(void **state)
{
    (void)state;
    const size_t room = sizeof((struct sg_fault *)0)->accepted_id;
    const struct sg_phrase *phrase;
    for (size_t i = 0; (phrase = sg_phrase_at(i)); i++)
        if (!phrase->en[0] || !phrase->id[0] || strcmp(phrase->en, phrase->id) == 0 ||
            strlen(phrase->en) >= room || strlen(phrase->id) >= room)
            fail_msg("'%s': '%s'", phrase->en, phrase->id);
}

/* The Indonesian format prints the arguments of the English one: the same, or the first of them. */
static void the_conversions_agree(void **state)
{
    (void)state;
    const struct sg_phrase *phrase;
    for (size_t i = 0; (phrase = sg_phrase_at(i)); i++) {
        char want[CONVERSION], got[CONVERSION];
        const char *en = phrase->en, *id = phrase->id;
        while ((id = next_conversion(id, got))) {
            en = next_conversion(en, want);
            if (!en || strcmp(want, got) != 0)
                fail_msg("'%s': '%s' in '%s'", phrase->en, got, phrase->id);
        }
    }
}

/* Words that are English and neither Indonesian nor the name of a field. */
static bool is_english(const char *word)
{
    static const char *const words[] = {
        "a",     "after", "an",    "and",   "are",   "at",    "be",   "before", "by",    "case",
        "check", "each",  "every", "first", "for",   "from",  "has",  "have",   "if",    "in",
        "is",    "it",    "its",   "last",  "later", "least", "less", "more",   "most",  "must",
        "no",    "not",   "of",    "on",    "one",   "only",  "or",   "other",  "own",   "seat",
        "such",  "than",  "that",  "the",   "their", "this",  "to",   "until",  "value", "was",
        "what",  "when",  "which", "who",   "whole", "with",  "year", "yet",    "your",
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(words); i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void no_english_in(const char *text)
{
    static const char between[] = " ,;:()[]{}\"'`";
    char word[64];
    for (const char *at = text + strspn(text, between); *at; at += strspn(at, between)) {
        size_t len = strcspn(at, between);
        (void)snprintf(word, sizeof word, "%.*s", (int)len, at);
        if (is_english(word))
            fail_msg("'%s' in '%s'", word, text);
        at += len;
    }
}

static void the_indonesian_is_indonesian(void **state)
{
    (void)state;
    const struct sg_phrase *phrase;
    for (size_t i = 0; (phrase = sg_phrase_at(i)); i++)
        no_english_in(phrase->id);
    for (uint32_t code = 1; code < 200; code++)
        no_english_in(sg_status_text_id(code));
}

static void check_sentence(const struct sg_fault *fault, const char *want_id, const char *want_en)
{
    char text[512];
    sg_fault_text_id(fault, text, sizeof text);
    no_english_in(text);
    assert_string_equal(text, want_id);
    sg_fault_text_en(fault, text, sizeof text);
    assert_string_equal(text, want_en);
}

static void a_refusal_is_said_in_both_languages(void **state)
{
    (void)state;
    struct sg_fault fault;
    (void)sg_refuse(&fault, SG_ST_FUTURE_TIME, "service_delivered.from_on", NULL,
                    "today or a day before");
    check_sentence(&fault,
                   "E_FUTURE_TIME: waktu kejadian ada di masa depan (service_delivered.from_on); "
                   "yang diterima: tanggal hari ini atau sebelumnya",
                   "E_FUTURE_TIME: the time of the event lies in the future "
                   "(service_delivered.from_on); accepted: today or a day before");

    const char *text = "an open case of your own"; /* a phrase that comes as an argument */
    (void)sg_refuse(&fault, SG_ST_NOT_OWNER, "case_id", NULL, "%s", text);
    check_sentence(&fault,
                   "E_NOT_OWNER: objek ini milik instansi lain (case_id); yang diterima: kasus "
                   "milik instansi sendiri yang masih terbuka",
                   "E_NOT_OWNER: the object belongs to another agency (case_id); accepted: an open "
                   "case of your own");

    (void)sg_refuse(&fault, SG_ST_SCHEMA, "slot", "RANGE", "%lld to %lld", 18LL, 40LL);
    check_sentence(&fault,
                   "E_SCHEMA: bentuk isian salah (slot: RANGE); yang diterima: 18 sampai 40",
                   "E_SCHEMA: the value does not have the right form (slot: RANGE); accepted: 18 "
                   "to 40");

    (void)sg_refuse(&fault, SG_ST_SCHEMA, "JSON", "SYNTAX", "JSON; line %d, column %d: %.100s", 3,
                    7, "'}' expected near end of file");
    check_sentence(&fault,
                   "E_SCHEMA: bentuk isian salah (JSON: SYNTAX); yang diterima: teks JSON yang "
                   "benar; periksa baris 3, kolom 7",
                   "E_SCHEMA: the value does not have the right form (JSON: SYNTAX); accepted: "
                   "JSON; line 3, column 7: '}' expected near end of file");
}

/* Codes and values have no words: they are the same for every reader. */
static void what_has_no_words_stands_in_both(void **state)
{
    (void)state;
    struct sg_fault fault;
    (void)sg_refuse(&fault, SG_ST_BAD_CODE, "topic", NULL, "%s", "KIT-MOTOR-A, KIT-MOTOR-B");
    assert_string_equal(fault.accepted, "KIT-MOTOR-A, KIT-MOTOR-B");
    assert_string_equal(fault.accepted_id, fault.accepted);
    (void)sg_refuse(&fault, SG_ST_BAD_CODE, "topic", NULL, "%s", "at most %u bytes");
    assert_string_equal(fault.accepted_id, "paling banyak %u byte"); /* never a format */
    (void)sg_refuse(&fault, SG_ST_BUSY, NULL, NULL, NULL);
    assert_true(!fault.accepted[0] && !fault.accepted_id[0]);
}

UNIT_MAIN(cmocka_unit_test(the_table_is_sorted), cmocka_unit_test(every_phrase_is_found),
          cmocka_unit_test(a_phrase_has_words_and_fits), cmocka_unit_test(the_conversions_agree),
          cmocka_unit_test(the_indonesian_is_indonesian),
          cmocka_unit_test(a_refusal_is_said_in_both_languages),
          cmocka_unit_test(what_has_no_words_stands_in_both))
