/* Names in one spelling, and how alike they are. */
#include "unit/unit.h"

#include "ledger/name.h"

#include <string.h>

static void names_come_to_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"Budi Santoso", "BUDI SANTOSO"},
        {"  santoso,   BUDI ", "BUDI SANTOSO"},
        {"Rosmawati", "ROSMAWATI"},
        {"", ""},
        {"  . , - ", ""},
        /* titles and particles */
        {"H. Ahmad Dahlan", "AHMAD DAHLAN"},
        {"Hj. Siti Aminah", "AMINAH SITI"},
        {"HJ Siti Aminah", "AMINAH SITI"},
        {"Ali bin Abu Talib", "ABU ALI TALIB"},
        {"Fatimah binti Yusuf", "FATIMAH YUSUF"},
        {"Joko alias Jek", "JEK JOKO"},
        {"Hasan", "HASAN"},
        {"Binti", "BINTI"},
        /* Muhammad */
        {"Muhammad Yusuf", "MUHAMAD YUSUF"},
        {"Mohammad Yusuf", "MUHAMAD YUSUF"},
        {"Muhamad Yusuf", "MUHAMAD YUSUF"},
        {"Mohamad Yusuf", "MUHAMAD YUSUF"},
        {"Moehammad Joesoef", "MUHAMAD YUSUF"},
        {"Mhd. Yusuf", "MUHAMAD YUSUF"},
        {"M. Yusuf", "MUHAMAD YUSUF"},
        {"M Yusuf", "MUHAMAD YUSUF"},
        {"Moh. Yusuf", "MUHAMAD YUSUF"},
        {"H.M. Yusuf", "MUHAMAD YUSUF"},
        {"Yusuf M", "M YUSUF"},
        /* old spelling */
        {"Soekarno", "SUKARNO"},
        {"Djoko Susanto", "JOKO SUSANTO"},
        {"Tjahjono", "CAHYONO"},
        {"Soejono", "SUYONO"},
        {"Soedjono", "SUJONO"},
        {"Djojo Hadikoesoemo", "HADIKUSUMO JOYO"},
        {"Sjarifoeddin", "SYARIFUDIN"},
        {"Njoman Widjaja", "NYOMAN WIJAYA"},
        {"Joko Soesilo", "JOKO SUSILO"},  /* the J of another word is not old */
        {"Panji Wijaya", "PANYI WIJAYA"}, /* on both sides alike; NJ makes no J a Y */
        {"Janji", "JANYI"},
        /* double letters */
        {"Anisa Rahmawatti", "ANISA RAHMAWATI"},
        {"Annissa Rahmawati", "ANISA RAHMAWATI"},
        /* other marks */
        {"Nu'man Jum'at", "JUMAT NUMAN"},
        {"Nu\xe2\x80\x99man", "NUMAN"},
        {"Abd-Rahman", "ABD RAHMAN"},
        {"Jos\xc3\xa9", "JOSE"},
        {"Andi (Buyung)", "ANDI BUYUNG"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct name name;
        name_normalise(rows[i].name, &name);
        if (strcmp(name.text, rows[i].want) != 0)
            fail_msg("'%s' is '%s', want '%s'", rows[i].name, name.text, rows[i].want);
    }
    struct name none;
    name_normalise(NULL, &none);
    assert_true(none.word_count == 0 && none.len == 0);
}

static void likeness_is_exact(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned want;
    } rows[] = {
        {"Budi", "Budi", 1000},     {"Martha", "Marhta", 961}, /* the example of Winkler, 0.961 */
        {"Dixon", "Dicksonx", 813}, {"Dwayne", "Duane", 840},  {"Joko", "Djoko Susanto", 866},
        {"Abc", "Xyz", 0},          {"Budi", "", 0},           {"", "", 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct name a, b;
        name_normalise(rows[i].a, &a);
        name_normalise(rows[i].b, &b);
        unsigned there = name_similarity(&a, &b), back = name_similarity(&b, &a);
        if (there != rows[i].want || back != rows[i].want)
            fail_msg("'%s' and '%s': %u and %u, want %u", rows[i].a, rows[i].b, there, back,
                     rows[i].want);
    }
}

static void pairs_are_alike_or_not(void **state)
{
    (void)state;
    enum { NO, ALIKE, SAME };
    static const struct {
        const char *a, *b;
        int want;
    } rows[] = {
        {"Budi Santoso", "Budi Santoso", SAME},
        {"Budi Santoso", "Santoso, Budi", SAME},
        {"BUDI SANTOSO", "budi santoso", SAME},
        {"H. Budi Santoso", "Budi Santoso", SAME},
        {"Hj. Siti Aminah", "Siti Aminah", SAME},
        {"Siti Aminah binti Yusuf", "Siti Aminah Yusuf", SAME},
        {"Muhammad Rizki", "Mhd Rizki", SAME},
        {"M. Rizki", "Mohamad Rizki", SAME},
        {"Djoko Susanto", "Joko Soesanto", SAME},
        {"Soekarno", "Sukarno", SAME},
        {"Tjahjono", "Cahyono", SAME},
        {"Sjafruddin Zulkarnain", "Syafrudin Zulkarnain", SAME},
        {"Yusuf Widjaja", "Joesoef Wijaya", SAME},
        {"Rosmawati", "Rosmawaty", SAME},
        {"Achmad Fauzi", "Ahmad Fauzi", SAME},
        {"Budi Santoso", "Budi Santosa", SAME},
        {"Budi Santoso", "Buid Santoso", SAME}, /* two letters changed places */
        {"Joko", "Djoko Susanto", ALIKE},
        {"Joko", "Anwar Joko", ALIKE},         /* the word is not the first of the alphabet */
        {"Rosmawati", "Siti Rosmawati", SAME}, /* much of it, from the start */
        {"Andi", "Rian", NO},
        {"Joko", "Budi", NO},
        {"Siti Aminah", "Rosmawati", NO},
        {"Muhammad", "Muhammad Rizki Pratama Hidayat", NO},
        {"Muhammad Rizki", "Muhammad Yusuf Anwar", NO},
        {"Agus Salim", "Bambang Irawan", NO},
        {"Sri Wahyuni", "Tri Handayani", NO},
        {"Joko Susanto", "Rudi Hartono", NO},
        {"Yanti", "Hendra", NO},
        {"Nurhayati", "Nur Hayati", NO}, /* words are compared in order: a known gap */
        {"", "Budi", NO},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct name a, b;
        name_normalise(rows[i].a, &a);
        name_normalise(rows[i].b, &b);
        unsigned score = name_similarity(&a, &b);
        int is = score >= NAME_SAME ? SAME : score >= NAME_ALIKE ? ALIKE : NO;
        if (is != rows[i].want || name_similarity(&b, &a) != score)
            fail_msg("'%s' and '%s' (%s / %s): %u", rows[i].a, rows[i].b, a.text, b.text, score);
    }
}

static void equal_names_are_equal(void **state)
{
    (void)state;
    struct name a, b, none;
    name_normalise("Djoko H.", &a);
    name_normalise("joko", &b);
    name_normalise("", &none);
    assert_true(name_equal(&a, &b));
    assert_false(name_equal(&none, &none));
    name_normalise("Joko S", &b);
    assert_false(name_equal(&a, &b));
}

/* Any bytes: nothing is written beyond the room, and the words are where they should be. */
static void any_text_is_bounded(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "M. ",          "a ",  "NJ", "Djoe", "\xc3\xa9", "\xc3",
        "\xe2\x80\x99", "H. ", "zz", ".",    "'",        "\xf0\x9f\x98\x80"};
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[260];
        size_t len = 0;
        while (len < 240) {
            seed = seed * 1664525U + 1013904223U;
            const char *piece = pieces[(seed >> 16) % SG_ARRAY_LEN(pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        text[len] = '\0';
        struct name name, again;
        name_normalise(text, &name);
        assert_true(name.len < NAME_ROOM && name.text[name.len] == '\0');
        assert_true(name.word_count <= NAME_WORDS_MAX);
        size_t letters = 0;
        for (size_t i = 0; i < name.word_count; i++)
            letters += name.words[i].len;
        assert_int_equal(letters + (name.word_count ? name.word_count - 1 : 0), name.len);
        text[NAME_BYTES_MAX] = '\0'; /* what stands behind is not read */
        name_normalise(text, &again);
        assert_string_equal(name.text, again.text);
        assert_int_equal(name_similarity(&name, &again), name.len ? 1000 : 0);
    }
}

UNIT_MAIN(cmocka_unit_test(names_come_to_one_spelling), cmocka_unit_test(likeness_is_exact),
          cmocka_unit_test(pairs_are_alike_or_not), cmocka_unit_test(equal_names_are_equal),
          cmocka_unit_test(any_text_is_bounded))
