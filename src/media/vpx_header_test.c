// VP8's and VP9's first bits: sizes are found wherever they may stand.

#include "media/vpx_header.h"

#include <stdio.h>

#include "check.h"

static void sizes_are_found(void)
{
    static const struct {
        const char *why;
        bool is_vp9;
        const char *bytes;
        size_t len;
        bool want;
        struct media_vpx_size size;
    } rows[] = {
        {"VP8, a key frame", false, "\x10\x02\0\x9d\x01\x2a\x40\x01\xf0\0", 10, true,
            {true, 320, 240}},
        {"VP8, scaled for showing", false, "\x10\x02\0\x9d\x01\x2a\x40\x41\xf0\xc0", 10, true,
            {true, 320, 240}},
        {"VP8, an inter frame", false, "\x11\x02\0", 3, true, {0}},
        {"VP8, cut", false, "\x10\x02\0\x9d\x01\x2a\x40\x01\xf0", 9, false, {0}},
        {"VP8, another start code", false, "\x10\x02\0\x9d\x01\x2b\x40\x01\xf0\0", 10, false, {0}},
        {"VP8, nothing", false, "", 0, false, {0}},
        {"VP9, a key frame", true, "\x82\x49\x83\x42\x20\x13\xf0\x0e\xf0", 9, true,
            {true, 320, 240}},
        {"VP9, another sync code", true, "\x82\x49\x83\x43\x20\x13\xf0\x0e\xf0", 9, false, {0}},
        {"VP9, cut", true, "\x82\x49\x83\x42\x20\x13\xf0\x0e", 8, false, {0}},
        {"VP9, an old picture again", true, "\x88", 1, true, {0}},
        {"VP9, no marker", true, "\x42\x49\x83\x42\x20\x13\xf0\x0e\xf0", 9, false, {0}},
        {"VP9, inter, of a reference's size", true, "\x86\0\0\x02", 4, true, {0}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes frame = bytes_of(rows[i].bytes, rows[i].len);
        struct media_vpx_size size;
        bool got = rows[i].is_vp9 ? media_vpx_header_vp9(frame, &size)
                                  : media_vpx_header_vp8(frame, &size);
        if (got != rows[i].want || (got && size.width != rows[i].size.width)) {
            fprintf(stderr, "%s: %ux%u ", rows[i].why, size.width, size.height);
        }
        CHECK_EQ(got, rows[i].want);
        if (got) {
            CHECK_EQ(size.is_said, rows[i].size.is_said);
            CHECK_EQ(size.width, rows[i].size.width);
            CHECK_EQ(size.height, rows[i].size.height);
        }
    }
}

static void superframes_are_split(void)
{
    struct bytes frames[MEDIA_VPX_FRAMES_MAX];
    struct bytes two = bytes_of("abcde\xc9\x02\0\x03\0\xc9", 11);
    uint8_t room[MEDIA_VPX_INDEX_LEN + 5] = "abcde";
    struct writer w = writer_of(span_of(room + 5, MEDIA_VPX_INDEX_LEN));

    CHECK_EQ(media_vpx_header_split(two, frames), 2);
    CHECK_BYTES(frames[0], bytes_of_text("ab"));
    CHECK_BYTES(frames[1], bytes_of_text("cde"));
    CHECK_EQ(media_vpx_header_split(bytes_of_text("abcde"), frames), 0);
    CHECK_EQ(media_vpx_header_split(bytes_of("\xc9", 1), frames),
        0); // An index that would begin before.
    CHECK_EQ(media_vpx_header_split((struct bytes){0}, frames), 0);
    media_vpx_header_put_index(&w, 5);
    CHECK(!w.failed && writer_left(&w) == 0);
    CHECK_EQ(media_vpx_header_split(bytes_of(room, sizeof room), frames), 1);
    CHECK_BYTES(frames[0], bytes_of_text("abcde"));
}

TEST_MAIN(TEST(sizes_are_found), TEST(superframes_are_split))
