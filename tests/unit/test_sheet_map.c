/* Map files: every error names the file, the line, the key and what would be accepted. */
#include "unit/sheet_unit.h"

#define COLUMNS "columns=({column=\"A\"; field=\"found_place\";});"
#define HEAD "event=\"referral.submitted\";\nkey=(\"No\");\ndate=\"Tgl\";\n"

static const struct {
    const char *name, *text, *says, *accepted;
} wrong[] = {
    {"not a map", "event = ", "test.map:1", "syntax error"},
    {"another file", "\n  @include \"/etc/hostname\"\n", "test.map:2: '@include'", "one file"},
    {"no event", "key=(\"No\");" COLUMNS, "event = \"\"", "referral.submitted"},
    {"an unknown event", "\nevent=\"referral.submited\";",
     "test.map:2: event = \"referral.submited\"", "slot.offered"},
    {"an event of the broker", "event=\"deadline.missed\";", "deadline.missed", "want one of"},
    {"an unknown key", HEAD COLUMNS "\nfoo=1;", "test.map:5: there is no key 'foo'", "defaults"},
    {"an unknown field", HEAD "columns=(\n{column=\"A\"; field=\"found_plaze\";});",
     "test.map:5: field 'found_plaze'", "near it: found_place"},
    {"an unknown field inside", HEAD "columns=({column=\"A\"; field=\"person.fullname\";});",
     "there is no field 'fullname'", "full_name"},
    {"an unknown field far from all", HEAD "columns=({column=\"A\"; field=\"xyzzyplugh\";});",
     "xyzzyplugh", "want one of referral_id, kind"},
    {"an unknown field of the envelope", HEAD "columns=({column=\"A\"; field=\"envelope.nota\";});",
     "'nota'", "note"},
    {"an object is no field", HEAD "columns=({column=\"A\"; field=\"person\";});",
     "holds several fields", "full_name"},
    {"no field inside a text", HEAD "columns=({column=\"A\"; field=\"found_place.x\";});",
     "found_place has no fields inside", ""},
    {"which element", HEAD "columns=({column=\"A\"; field=\"person.other_docs.number\";});",
     "say which element", "other_docs[0]"},
    {"an element of one value", HEAD "columns=({column=\"A\"; field=\"found_place[0]\";});",
     "no elements", ""},
    {"no column", HEAD "columns=({field=\"found_place\";});", "test.map:4", "column = \"HEADING\""},
    {"no field", HEAD "columns=({column=\"A\";});", "test.map:4", "field = \"PATH\""},
    {"an unknown key of a column", HEAD "columns=({colum=\"A\"; field=\"found_place\";});",
     "there is no key 'colum'", "column, field, values"},
    {"no columns", HEAD, "columns = (", "HEADING"},
    {"no key", "event=\"referral.submitted\"; date=\"T\";" COLUMNS, "key = (", "name a row"},
    {"no date", "event=\"referral.submitted\"; key=(\"No\");" COLUMNS, "date = \"HEADING\"",
     "referral_id"},
    {"a value that the field does not take",
     HEAD "columns=({column=\"A\"; field=\"person.sex\"; values=((\"L\",\"MAN\"));});", "'MAN'",
     "FEMALE, MALE, UNKNOWN"},
    {"half a pair", HEAD "columns=({column=\"A\"; field=\"person.sex\"; values=((\"L\"));});",
     "a pair", ""},
    {"a default that the field does not take",
     HEAD COLUMNS "defaults=({field=\"kind\"; value=\"INTAKES\";});", "'INTAKES'", "INTAKE"},
    {"a number for a text", HEAD COLUMNS "defaults=({field=\"kind\"; value=1;});", "wants a text",
     "quotation marks"},
    {"a separator for one value",
     HEAD "columns=({column=\"A\"; field=\"found_place\"; separator=\",\";});", "one value", ""},
    {"a lookup of a text", HEAD "columns=({field=\"found_place\"; lookup=\"x\"; key=(\"A\");});",
     "gives an id", ""},
    {"a lookup without a key", HEAD "columns=({field=\"group_ref\"; lookup=\"x\";});", "key = (",
     ""},
    {"two columns for one field",
     HEAD
     "columns=({column=\"A\"; field=\"found_place\";},{column=\"B\"; field=\"found_place\";});",
     "two columns for the field found_place", ""},
    {"an unknown delimiter", HEAD COLUMNS "sheet:{delimiter=\"#\";};", "delimiter", "tab"},
    {"an unknown encoding", HEAD COLUMNS "sheet:{encoding=\"koi8\";};", "encoding", "windows-1252"},
    {"a zone that is none", HEAD COLUMNS "sheet:{timezone=\"WIB\";};", "timezone", "+07:00"},
    {"a worksheet below the first", HEAD COLUMNS "sheet:{worksheet=0;};", "worksheet",
     "a number from 1"},
    {"a column to fill in that is no list", HEAD COLUMNS "fill = \"A\";", "want fill = (",
     "HEADING"},
    {"an empty heading", HEAD "columns=({column=\" \"; field=\"found_place\";});", "test.map:4",
     "a heading"},
};

static void wrong_maps_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(wrong); i++) {
        struct sheet_map *map = NULL;
        struct sg_why why = {0};
        if (map_read_text(wrong[i].text, "test.map", &map, &why) != SG_E_CONF)
            fail_msg("%s: taken", wrong[i].name);
        assert_null(map);
        if (!strstr(why.text, "test.map") || !strstr(why.text, wrong[i].says) ||
            !strstr(why.text, wrong[i].accepted))
            fail_msg("%s: says '%s'", wrong[i].name, why.text);
    }
}

static void a_map_says_what_it_is(void **state)
{
    (void)state;
    SG_AUTO(sheet_map_free)
    struct sheet_map *map = map_of(
        "event=\"referral.submitted\"; key=(\"No. BA\",[\"Urut\",\"No\"]); date=\"T\";"
        "sheet: {worksheet=\"Razia\"; delimiter=\"tab\"; encoding=\"windows-1252\"; "
        "timezone=\"+08:00\";};"
        "columns=({column=[\"JK\",\"L/P\"]; field=\"person.sex\"; values=((\"L\",\"MALE\"));},"
        "{column=\"Kebutuhan\"; field=\"urgentNeeds\"; separator=\",;\"; optional=true;},"
        "{column=\"KK\"; field=\"person.other_docs[1].number\"; default=\"1\";},"
        "{field=\"group_ref\"; lookup=\"kelompok\"; key=(\"K1\",\"K2\");});"
        "defaults=({field=\"envelope.actor_ref\"; value=\"pol-1\";});");
    assert_string_equal(sheet_map_name(map), "test"); /* of the file */
    assert_string_equal(sheet_map_topic(map), "referral.submitted");
    assert_int_equal(map->key_count, 2);
    assert_int_equal(map->headings[map->keys[1]].name_count, 2);
    assert_string_equal(map->worksheet_name, "Razia");
    assert_int_equal(map->delimiter, '\t');
    assert_int_equal(map->encoding, ENCODING_WINDOWS_1252);
    assert_int_equal(map->zone_min, 480);
    assert_string_equal(map->own_id.text, "referral_id");
    assert_string_equal(map->columns[1].path.text, "urgent_needs");
    assert_string_equal(map->columns[2].path.steps[1].name, "otherDocs");
    assert_int_equal(map->columns[2].path.steps[1].index, 1);
    assert_int_equal(map->columns[3].lookup_key_count, 2);
    assert_true(map->headings[map->columns[1].heading].optional);
    assert_true(map->defaults[0].path.envelope);
}

static void a_map_without_an_id_of_its_own_needs_no_date(void **state)
{
    (void)state;
    SG_AUTO(sheet_map_free)
    struct sheet_map *map = map_of("event=\"placement.started\"; key=(\"No\"); columns=("
                                   "{column=\"Id\"; field=\"allocation_id\";});");
    assert_int_equal(map->own_id.count, 0);
    assert_int_equal(map->date, -1);
}

UNIT_MAIN(cmocka_unit_test(wrong_maps_are_named), cmocka_unit_test(a_map_says_what_it_is),
          cmocka_unit_test(a_map_without_an_id_of_its_own_needs_no_date))
