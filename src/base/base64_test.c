// Base64: the RFC's vectors both ways, and what a strict decoder refuses.

#include "base/base64.h"

#include "check.h"

static void the_vectors_of_rfc_4648_hold_both_ways(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[16];
        struct writer w = writer_of(span_of(room, BASE64_LEN(strlen(rows[i][0]))));
        base64_write(&w, bytes_of_text(rows[i][0]));
        CHECK(!w.failed);
        CHECK_BYTES(writer_bytes(&w), bytes_of_text(rows[i][1]));

        size_t len = 99;
        CHECK_EQ(base64_parse(span_of(room, strlen(rows[i][0])), bytes_of_text(rows[i][1]), &len),
            YODEL_OK);
        CHECK_BYTES(bytes_of(room, len), bytes_of_text(rows[i][0]));
    }
}

static void another_spelling_is_a_syntax_error(void)
{
    static const char *const rows[] = {"Z", "Zg", "Zg=", "Zg===", "=",
        "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_", "Z=9v",
        "Zm9v====", "\xff\xff\xff\xff"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[16];
        size_t len;
        CHECK_EQ(base64_parse(span_of(room, sizeof room), bytes_of_text(rows[i]), &len),
            YODEL_ERR_SYNTAX);
    }
}

static void what_does_not_fit_is_not_written(void)
{
    uint8_t room[3] = {9, 9, 9};
    size_t len = 7;

    CHECK_EQ(base64_parse(span_of(room, 2), bytes_of_text("Zm9v"), &len), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(len, 7);
    CHECK_EQ(room[0] + room[1] + room[2], 27);
    struct writer w = writer_of(span_of(room, 3));
    base64_write(&w, bytes_of_text("f"));
    CHECK(w.failed);
}

TEST_MAIN(TEST(the_vectors_of_rfc_4648_hold_both_ways), TEST(another_spelling_is_a_syntax_error),
    TEST(what_does_not_fit_is_not_written))
