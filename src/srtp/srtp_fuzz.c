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
        if (read_u8(&r) % 4 > 0) {
            say(&from, &to, &r, read_u16(&r));
        } else {
            invent(&to, &r);
        }
    }
    srtp_deinit(&from);
    srtp_deinit(&to);
}
