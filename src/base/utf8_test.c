// UTF-8: every code point, and every way to spell one wrongly.

#include "base/utf8.h"

#include "check.h"

static size_t encode(uint32_t point, uint8_t out[4])
{
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = len; i-- > 1;) {
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (uint8_t)(marks[len] | point);
    return len;
}

static void every_code_point_but_the_surrogates_is_valid_and_whole(void)
{
    for (uint32_t point = 0; point < 0x120000; point++) {
        uint8_t text[4];
        size_t len = encode(point, text);
        bool want = (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;

        CHECK_EQ(utf8_is_valid(bytes_of(text, len)), want);
        if (len > 1) {
            CHECK(!utf8_is_valid(bytes_of(text, len - 1)));
        }
    }
}

static void the_length_of_a_text_is_no_matter(void)
{
    CHECK(utf8_is_valid((struct bytes){0}));
    CHECK(utf8_is_valid(bytes_of_text("gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x8e\xb5!")));
    CHECK(utf8_is_valid(bytes_of("a\0b", 3)));
}

static void wrong_spellings_are_refused(void)
{
    static const char *const rows[] = {"\x80", "\xbf", "a\x80", "\xc0\x80", "\xc1\xbf",
        "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
        "\xc3(", "\xe2\x82(", "\xe2(\xac", "\xf0\x9f\x8e(", "\xed\xa0\x80", "\xc3", "ok\xe2\x82",
        "\xc3\xc3\xbc"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(!utf8_is_valid(bytes_of_text(rows[i])));
    }
}

TEST_MAIN(TEST(every_code_point_but_the_surrogates_is_valid_and_whole),
    TEST(the_length_of_a_text_is_no_matter), TEST(wrong_spellings_are_refused))
