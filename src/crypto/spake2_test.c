// SPAKE2: the cases of tests/vectors/spake2.json, and the order of the exchange.

#include "crypto/spake2.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "check.h"
#include "crypto/random.h"
#include "crypto/spake2_schedule.h"

static const struct env env = {.random = crypto_random};

// ---- The vectors' file: members of text in a known order, so that a cursor is parser enough.

static char file[65536];

static const char *load_vectors(void)
{
    char path[1024];

    CHECK(getenv("YODEL_VECTORS"));
    snprintf(path, sizeof path, "%s/spake2.json", getenv("YODEL_VECTORS"));
    FILE *stream = fopen(path, "rb");
    CHECK(stream);
    size_t len = fread(file, 1, sizeof file - 1, stream);
    fclose(stream);
    CHECK(len > 0 && len < sizeof file - 1);
    file[len] = 0;
    return file;
}

// The text of the next member `name`, and the cursor behind it.
static struct bytes next_text(const char **cursor, const char *name)
{
    char key[64];

    snprintf(key, sizeof key, "\"%s\": \"", name);
    const char *start = strstr(*cursor, key);
    CHECK(start);
    start += strlen(key);
    const char *end = strchr(start, '"');
    CHECK(end);
    *cursor = end + 1;
    return bytes_of(start, (size_t)(end - start));
}

static void check_member(const char **cursor, const char *name, const uint8_t *got, size_t len)
{
    uint8_t want[1024];
    size_t want_len = 0;

    CHECK_EQ(hex_parse(span_of(want, sizeof want), next_text(cursor, name), &want_len), YODEL_OK);
    CHECK_BYTES(bytes_of(got, len), bytes_of(want, want_len));
}

static void next_scalar(const char **cursor, const char *name, uint8_t out[SPAKE2_SCALAR_SIZE])
{
    size_t len = 0;

    CHECK_EQ(hex_parse(span_of(out, SPAKE2_SCALAR_SIZE), next_text(cursor, name), &len), YODEL_OK);
    CHECK_EQ(len, SPAKE2_SCALAR_SIZE);
}

static void check_case(const char **cursor)
{
    uint8_t w[SPAKE2_SCALAR_SIZE], x[SPAKE2_SCALAR_SIZE], y[SPAKE2_SCALAR_SIZE];
    uint8_t share_a[SPAKE2_POINT_SIZE], share_b[SPAKE2_POINT_SIZE];
    uint8_t shared_a[SPAKE2_POINT_SIZE], shared_b[SPAKE2_POINT_SIZE];
    struct bytes password = next_text(cursor, "password");
    struct spake2_transcript transcript = {.id_a = next_text(cursor, "idA"),
        .id_b = next_text(cursor, "idB"),
        .share_a = share_a,
        .share_b = share_b,
        .shared = shared_a,
        .w = w};
    struct spake2_keys keys;

    next_scalar(cursor, "w", w);
    next_scalar(cursor, "x", x);
    next_scalar(cursor, "y", y);
    if (password.len > 0) {
        uint8_t derived[SPAKE2_SCALAR_SIZE];

        CHECK_EQ(spake2_schedule_password(password, derived), YODEL_OK);
        CHECK_BYTES(bytes_of(derived, sizeof derived), bytes_of(w, sizeof w));
    }
    CHECK_EQ(spake2_point_share(SPAKE2_A, w, x, share_a), YODEL_OK);
    CHECK_EQ(spake2_point_share(SPAKE2_B, w, y, share_b), YODEL_OK);
    CHECK_EQ(
        spake2_point_shared(SPAKE2_A, w, x, bytes_of(share_b, sizeof share_b), shared_a), YODEL_OK);
    CHECK_EQ(
        spake2_point_shared(SPAKE2_B, w, y, bytes_of(share_a, sizeof share_a), shared_b), YODEL_OK);
    CHECK_BYTES(bytes_of(shared_a, sizeof shared_a), bytes_of(shared_b, sizeof shared_b));
    check_member(cursor, "pA", share_a, sizeof share_a);
    check_member(cursor, "pB", share_b, sizeof share_b);
    check_member(cursor, "K", shared_a, sizeof shared_a);
    spake2_schedule_keys(&transcript, &keys);
    check_member(cursor, "Ke", keys.encryption, SPAKE2_KEY_SIZE);
    check_member(cursor, "Ka", keys.authentication, SPAKE2_KEY_SIZE);
    check_member(cursor, "KcA", keys.confirm[SPAKE2_A], SPAKE2_KEY_SIZE);
    check_member(cursor, "KcB", keys.confirm[SPAKE2_B], SPAKE2_KEY_SIZE);
    check_member(cursor, "confirmA", keys.proof[SPAKE2_A], SPAKE2_CONFIRMATION_SIZE);
    check_member(cursor, "confirmB", keys.proof[SPAKE2_B], SPAKE2_CONFIRMATION_SIZE);
}

static void the_vectors_of_the_rfc_and_our_own_hold(void)
{
    const char *cursor = load_vectors();
    int count = 0;

    while (strstr(cursor, "\"password\"")) {
        check_case(&cursor);
        count++;
    }
    CHECK_EQ(count, 5);
}

static void shares_that_no_honest_peer_sends_are_refused(void)
{
    const char *cursor = load_vectors();
    uint8_t w[SPAKE2_SCALAR_SIZE], x[SPAKE2_SCALAR_SIZE], shared[SPAKE2_POINT_SIZE];
    int count = 0;

    next_scalar(&cursor, "w", w);
    next_scalar(&cursor, "x", x);
    cursor = strstr(cursor, "\"refusedByA\"");
    CHECK(cursor);
    while (strstr(cursor, "\"pB\"")) {
        uint8_t share[128];
        size_t len = 0;

        CHECK_EQ(hex_parse(span_of(share, sizeof share), next_text(&cursor, "pB"), &len), YODEL_OK);
        CHECK_EQ(
            spake2_point_shared(SPAKE2_A, w, x, bytes_of(share, len), shared), YODEL_ERR_MALFORMED);
        count++;
    }
    CHECK_EQ(count, 10);
}

// ---- The exchange.

static struct spake2 *begin(enum spake2_role role, const char *password, const char *id_b)
{
    struct env heap = env;
    struct spake2 *spake2 = NULL;
    struct spake2_options options = {.role = role,
        .password = bytes_of_text(password),
        .id_a = bytes_of_text("alice"),
        .id_b = bytes_of_text(id_b)};

    heap.alloc = alloc_system();
    CHECK_EQ(spake2_new(&heap, &options, &spake2), YODEL_OK);
    return spake2;
}

static void swap_shares(struct spake2 *a, struct spake2 *b)
{
    uint8_t share_a[SPAKE2_MESSAGE_SIZE], share_b[SPAKE2_MESSAGE_SIZE];

    spake2_message(a, share_a);
    spake2_message(b, share_b);
    CHECK_EQ(spake2_finish(a, bytes_of(share_b, sizeof share_b)), YODEL_OK);
    CHECK_EQ(spake2_finish(b, bytes_of(share_a, sizeof share_a)), YODEL_OK);
}

static enum yodel_err verify(struct spake2 *by, struct spake2 *of)
{
    uint8_t proof[SPAKE2_CONFIRMATION_SIZE];

    CHECK_EQ(spake2_confirmation(of, proof), YODEL_OK);
    return spake2_verify(by, bytes_of(proof, sizeof proof));
}

static void the_same_words_make_the_same_key(void)
{
    struct spake2 *a = begin(SPAKE2_A, "7-amber-falcon", "bob");
    struct spake2 *b = begin(SPAKE2_B, "7-amber-falcon", "bob");
    uint8_t key_a[SPAKE2_KEY_SIZE], key_b[SPAKE2_KEY_SIZE];

    swap_shares(a, b);
    CHECK_EQ(verify(a, b), YODEL_OK);
    CHECK_EQ(verify(b, a), YODEL_OK);
    CHECK_EQ(spake2_key(a, key_a), YODEL_OK);
    CHECK_EQ(spake2_key(b, key_b), YODEL_OK);
    CHECK_BYTES(bytes_of(key_a, sizeof key_a), bytes_of(key_b, sizeof key_b));
    spake2_free(a);
    spake2_free(b);
}

static void other_words_or_identities_are_refused_for_good(void)
{
    static const struct {
        const char *password, *id_b;
    } rows[] = {{"7-amber-falcoN", "bob"}, {"7-amber-falcon", "bo"}, {"7", "bob"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spake2 *a = begin(SPAKE2_A, "7-amber-falcon", "bob");
        struct spake2 *b = begin(SPAKE2_B, rows[i].password, rows[i].id_b);
        struct spake2_keys keys = {0};

        swap_shares(a, b);
        CHECK_EQ(verify(a, b), YODEL_ERR_UNAUTHENTIC);
        // Who has seen a wrong proof gives none.
        CHECK_EQ(spake2_confirmation(a, keys.proof[0]), YODEL_ERR_INVALID_STATE);
        CHECK_EQ(spake2_key(a, keys.encryption), YODEL_ERR_INVALID_STATE);
        CHECK_EQ(spake2_verify(b, bytes_of(keys.proof[0], 32)), YODEL_ERR_UNAUTHENTIC);
        spake2_free(a);
        spake2_free(b);
    }
}

static void ones_own_messages_come_back_in_vain(void)
{
    struct spake2 *a = begin(SPAKE2_A, "7-amber-falcon", "bob");
    uint8_t share[SPAKE2_MESSAGE_SIZE];

    spake2_message(a, share);
    CHECK_EQ(spake2_finish(a, bytes_of(share, sizeof share)), YODEL_OK);
    CHECK_EQ(verify(a, a), YODEL_ERR_UNAUTHENTIC);
    spake2_free(a);
}

static void steps_out_of_order_are_refused(void)
{
    struct spake2 *a = begin(SPAKE2_A, "7-amber-falcon", "bob");
    struct spake2 *b = begin(SPAKE2_B, "7-amber-falcon", "bob");
    uint8_t room[SPAKE2_MESSAGE_SIZE];

    CHECK_EQ(spake2_confirmation(a, room), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(spake2_verify(a, bytes_of(room, 32)), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(spake2_key(a, room), YODEL_ERR_INVALID_STATE);
    swap_shares(a, b);
    CHECK_EQ(spake2_key(a, room), YODEL_ERR_INVALID_STATE); // Not before the proof.
    spake2_message(b, room);
    CHECK_EQ(spake2_finish(a, bytes_of(room, sizeof room)), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(spake2_verify(a, bytes_of(room, 31)), YODEL_ERR_UNAUTHENTIC);
    spake2_free(a);
    spake2_free(b);
}

static void a_refused_share_ends_the_exchange(void)
{
    struct spake2 *a = begin(SPAKE2_A, "7-amber-falcon", "bob");
    struct spake2 *b = begin(SPAKE2_B, "7-amber-falcon", "bob");
    uint8_t share[SPAKE2_MESSAGE_SIZE];

    CHECK_EQ(spake2_finish(a, bytes_of("\4", 1)), YODEL_ERR_MALFORMED);
    spake2_message(b, share);
    CHECK_EQ(spake2_finish(a, bytes_of(share, sizeof share)), YODEL_ERR_INVALID_STATE);
    CHECK_EQ(spake2_verify(a, bytes_of(share, SPAKE2_CONFIRMATION_SIZE)), YODEL_ERR_UNAUTHENTIC);
    spake2_free(a);
    spake2_free(b);
}

static void lengths_over_the_limits_are_refused(void)
{
    static const uint8_t long_bytes[SPAKE2_ID_MAX + 1] = {0};
    struct env heap = env;
    struct spake2 *spake2 = NULL;
    struct spake2_options options = {.password = bytes_of(long_bytes, 0)};

    heap.alloc = alloc_system();
    CHECK_EQ(spake2_new(&heap, &options, &spake2), YODEL_ERR_RANGE);
    options.password = bytes_of(long_bytes, SPAKE2_PASSWORD_MAX + 1);
    CHECK_EQ(spake2_new(&heap, &options, &spake2), YODEL_ERR_RANGE);
    options.password = bytes_of(long_bytes, SPAKE2_PASSWORD_MAX);
    options.id_a = options.id_b = bytes_of(long_bytes, SPAKE2_ID_MAX);
    CHECK_EQ(spake2_new(&heap, &options, &spake2), YODEL_OK);
    uint8_t share[SPAKE2_MESSAGE_SIZE];
    spake2_message(spake2, share);
    CHECK_EQ(spake2_finish(spake2, bytes_of(share, sizeof share)), YODEL_OK);
    spake2_free(spake2);
    options.id_b.len++;
    CHECK_EQ(spake2_new(&heap, &options, &spake2), YODEL_ERR_RANGE);
}

TEST_MAIN(TEST(the_vectors_of_the_rfc_and_our_own_hold),
    TEST(shares_that_no_honest_peer_sends_are_refused), TEST(the_same_words_make_the_same_key),
    TEST(other_words_or_identities_are_refused_for_good), TEST(ones_own_messages_come_back_in_vain),
    TEST(steps_out_of_order_are_refused), TEST(a_refused_share_ends_the_exchange),
    TEST(lengths_over_the_limits_are_refused))
