// SRTP, fuzzed: packets that were changed, repeated, cut and invented; none of them is opened twice, and none that
// was not sealed.

#include "fuzz.h"
#include "srtp/srtp.h"

#define SEALED_MAX 256

static void same(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 3, out.len);
}

static bool is_opened[65536];

static void say(struct srtp *from, struct srtp *to, struct reader *r, uint64_t index)
{
    uint8_t header[12] = {0x80, 96, (uint8_t)(index >> 8), (uint8_t)index, [11] = 7};
    uint8_t room[SEALED_MAX];
    struct bytes payload = read_bytes(r, r->left < 20 ? r->left : read_u8(r) % 20);
    struct bytes change = read_bytes(r, r->left < 3 ? r->left : 3);
    struct srtp_opened opened;
    size_t len = 0;

    if (srtp_protect(from, index, bytes_of(header, sizeof header), payload,
            span_of(room, sizeof room), &len) != YODEL_OK) {
        return;
    }
    bool is_changed = change.len == 3 && change.ptr[0] != 0 && change.ptr[1] % 4 == 0;
    if (is_changed) {
        room[change.ptr[2] % len] ^= change.ptr[0];
    }
    if (srtp_unprotect(to, span_of(room, len), &opened)) {
        FUZZ_CHECK(!is_changed && opened.index == index && !is_opened[index]);
        FUZZ_CHECK(bytes_equal(bytes_of_span(opened.payload), payload));
        is_opened[index] = true;
    }
}

// A report, changed or not, twice.
static void report(struct srtp *from, struct srtp *to, struct reader *r)
{
    uint8_t room[SEALED_MAX] = {0x80, 200, [7] = 7}, again[SEALED_MAX];
    struct bytes rest = read_bytes(r, r->left < 40 ? r->left : 40);
    uint8_t change = read_u8(r), at = read_u8(r);
    size_t len = 0, left = 0;

    if (rest.len > 0) {
        memcpy(room + 8, rest.ptr, rest.len);
    }
    if (srtp_protect_rtcp(from, bytes_of(room, 8 + rest.len), span_of(room, sizeof room), &len) !=
        YODEL_OK) {
        return;
    }
    room[at % len] ^= change;
    memcpy(again, room, len);
    bool is_opened_now = srtp_unprotect_rtcp(to, span_of(room, len), &left);
    FUZZ_CHECK(is_opened_now == (change == 0));
    FUZZ_CHECK(!is_opened_now || (left == 8 + rest.len &&
                                     (rest.len == 0 || memcmp(room + 8, rest.ptr, rest.len) == 0)));
    FUZZ_CHECK(!srtp_unprotect_rtcp(to, span_of(again, len), &left));
}

static void invent(struct srtp *to, struct reader *r)
{
    uint8_t room[SEALED_MAX];
    struct srtp_opened opened;
    size_t len = read_u8(r);

    struct bytes bytes = read_bytes(r, len < r->left ? len : r->left);
    if (bytes.len > 0) {
        memcpy(room, bytes.ptr, bytes.len);
    }
    FUZZ_CHECK(!srtp_unprotect(to, span_of(room, bytes.len), &opened));
    FUZZ_CHECK(!srtp_unprotect_rtcp(to, span_of(room, bytes.len), &len));
}

FUZZ(input)
{
    static const enum srtp_suite suites[] = {
        SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM};
    const struct env env = {.alloc = alloc_system(), .random = same};
    struct reader r = reader_of(input);
    uint8_t master[SRTP_MASTER_MAX] = {1, 2, 3};
    struct srtp from, to;

    enum srtp_suite suite = suites[read_u8(&r) % COUNT(suites)];
    struct bytes key = bytes_of(master, srtp_suite_key_size(suite) + srtp_suite_salt_size(suite));
    srtp_init(&from, &env, suite, key, 2);
    srtp_init(&to, &env, suite, key, 2);
    memset(is_opened, 0, sizeof is_opened);
    while (r.left > 2) {
        uint8_t what = read_u8(&r) % 8;
        if (what > 2) {
            say(&from, &to, &r, read_u16(&r));
        } else if (what > 1) {
            report(&from, &to, &r);
        } else {
            invent(&to, &r);
        }
    }
    srtp_deinit(&from);
    srtp_deinit(&to);
}
