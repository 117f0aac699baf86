// Hexadecimal: both ways, both cases, and what is refused.

#include "base/hex.h"

#include "check.h"

static void bytes_come_back_from_either_case(void)
{
    uint8_t text[8], back[4];
    size_t len = 0;
    struct writer w = writer_of(span_of(text, sizeof text));

    hex_write(&w, bytes_of("\x00\x9f\xa0\xff", 4));
    CHECK_BYTES(writer_bytes(&w), bytes_of_text("009fa0ff"));
    CHECK_EQ(hex_parse(span_of(back, sizeof back), bytes_of_text("009Fa0fF"), &len), YODEL_OK);
    CHECK_BYTES(bytes_of(back, len), bytes_of("\x00\x9f\xa0\xff", 4));
    CHECK_EQ(hex_parse(span_of(back, 0), bytes_of_text(""), &len), YODEL_OK);
    CHECK_EQ(len, 0);
}

static void what_is_no_digit_is_refused(void)
{
    // The neighbours of the digits in ASCII, and what `| 0x20` could mistake for one.
    static const char *const rows[] = {
        "0", "0/", ":0", "0@", "G0", "0`", "g0", " 0", "0x", "0\x10", "\xc1\x30"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[4];
        size_t len;
        CHECK_EQ(
            hex_parse(span_of(room, sizeof room), bytes_of_text(rows[i]), &len), YODEL_ERR_SYNTAX);
    }
    CHECK_EQ(hex_digit('\x01' | 0x40), 10); // 'A'.
    CHECK_EQ(hex_digit(0x11), -1);
}

static void what_does_not_fit_is_too_large(void)
{
    uint8_t room[2] = {9, 9};
    size_t len = 7;

    CHECK_EQ(hex_parse(span_of(room, 1), bytes_of_text("0000"), &len), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(len, 7);
    CHECK_EQ(room[0] + room[1], 18);
}

TEST_MAIN(TEST(bytes_come_back_from_either_case), TEST(what_is_no_digit_is_refused),
    TEST(what_does_not_fit_is_too_large))
