// STUN integrity: the RFCs' own messages pass, and nothing that differs from them by a bit.

#include "stun/auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "check.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "stun/attr.h"

struct vector {
    char name[32];
    uint8_t key[64], message[256];
    size_t key_len, message_len;
};

static struct vector vectors[8];
static size_t vector_count;

static void load_vectors(void)
{
    char path[4096], line[1024], key[129], message[513];
    const char *folder = getenv("YODEL_VECTORS");

    (void)snprintf(path, sizeof path, "%s/stun.txt", folder ? folder : "tests/vectors");
    FILE *file = fopen(path, "r");
    CHECK(file);
    vector_count = 0;
    while (fgets(line, sizeof line, file)) {
        struct vector *v = &vectors[vector_count];

        if (line[0] == '#') {
            continue;
        }
        CHECK_EQ(sscanf(line, "%31s %128s %512s", v->name, key, message), 3);
        CHECK_EQ(hex_parse(span_of(v->key, sizeof v->key), bytes_of_text(key), &v->key_len), 0);
        CHECK_EQ(hex_parse(span_of(v->message, sizeof v->message), bytes_of_text(message),
                     &v->message_len),
            0);
        vector_count++;
    }
    (void)fclose(file);
    CHECK_EQ(vector_count, 5);
}

static struct stun_msg parsed(const struct vector *v)
{
    struct stun_msg msg;

    CHECK_EQ(stun_msg_parse(&msg, bytes_of(v->message, v->message_len)), YODEL_OK);
    return msg;
}

static void the_vectors_of_the_rfcs_pass(void)
{
    load_vectors();
    for (size_t i = 0; i < vector_count; i++) {
        struct stun_msg msg = parsed(&vectors[i]);
        bool has_fingerprint = stun_msg_find(&msg, STUN_FINGERPRINT);

        CHECK_EQ(stun_auth_check(&msg, bytes_of(vectors[i].key, vectors[i].key_len)), YODEL_OK);
        CHECK_EQ(
            stun_auth_check_fingerprint(&msg), has_fingerprint ? YODEL_OK : YODEL_ERR_NOT_FOUND);
        CHECK_EQ(has_fingerprint, i < 3);
    }
}

static void the_vectors_say_what_the_rfcs_say(void)
{
    struct yodel_addr got, want;
    uint32_t priority = 0;
    uint64_t tie_breaker = 0;

    load_vectors();
    struct stun_msg msg = parsed(&vectors[0]);
    CHECK(stun_attr_read_u32(&msg, STUN_PRIORITY, &priority) && priority == 0x6e0001ff);
    CHECK(stun_attr_read_u64(&msg, STUN_ICE_CONTROLLED, &tie_breaker));
    CHECK_EQ(tie_breaker, 0x932ff9b151263b36);
    CHECK_BYTES(stun_msg_find(&msg, STUN_USERNAME)->value, bytes_of_text("evtj:h6vY"));
    msg = parsed(&vectors[1]);
    CHECK(stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &got));
    want = addr_v4(192, 0, 2, 1, 32853);
    CHECK(addr_equal(&got, &want));
    msg = parsed(&vectors[2]);
    CHECK(stun_attr_read_addr(&msg, STUN_XOR_MAPPED_ADDRESS, &got));
    CHECK_EQ(addr_parse(&want, bytes_of_text("[2001:db8:1234:5678:11:2233:4455:6677]:32853")), 0);
    CHECK(addr_equal(&got, &want));
}

// Case S10, S12: each byte of each vector, changed.
static void no_changed_byte_passes(void)
{
    load_vectors();
    for (size_t i = 0; i < vector_count; i++) {
        struct vector *v = &vectors[i];
        bool has_fingerprint = i < 3;

        for (size_t at = 0; at < v->message_len; at++) {
            struct stun_msg msg;

            v->message[at] ^= 0x10;
            if (stun_msg_parse(&msg, bytes_of(v->message, v->message_len)) == YODEL_OK) {
                bool is_auth = stun_auth_check(&msg, bytes_of(v->key, v->key_len)) == YODEL_OK;
                bool is_whole = stun_auth_check_fingerprint(&msg) == YODEL_OK;

                CHECK(!is_auth || (has_fingerprint && at >= v->message_len - 8));
                CHECK(!is_whole);
            }
            v->message[at] ^= 0x10;
        }
    }
}

static void another_key_does_not_pass(void)
{
    load_vectors();
    struct stun_msg msg = parsed(&vectors[0]);

    CHECK_EQ(stun_auth_check(&msg, bytes_of_text("VOkJxbRl1RmTxUk/WvJxBu")), YODEL_ERR_UNAUTHENTIC);
    CHECK_EQ(stun_auth_check(&msg, (struct bytes){0}), YODEL_ERR_UNAUTHENTIC);
}

static void what_is_put_is_accepted(void)
{
    static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";
    struct bytes key = bytes_of_text("secret");

    for (unsigned kinds = 0; kinds < 4; kinds++) {
        uint8_t room[256];
        struct writer w = writer_of(span_of(room, sizeof room));
        struct stun_msg msg;

        stun_msg_put_header(&w, STUN_BINDING, id);
        stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text("a:b"));
        if (kinds & 1) {
            stun_auth_put_sha1(&w, key);
        }
        if (kinds & 2) {
            stun_auth_put_sha256(&w, key);
        }
        stun_auth_put_fingerprint(&w);
        CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
        CHECK_EQ(stun_auth_check(&msg, key), kinds ? YODEL_OK : YODEL_ERR_NOT_FOUND);
        CHECK_EQ(stun_auth_check_fingerprint(&msg), YODEL_OK);
    }
}

// Case S10: an HMAC of the right bytes, cut, is not an HMAC; with SHA-256 it is, down to 16.
static void integrity_may_be_cut_only_where_the_rfc_says(void)
{
    static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";
    static const struct {
        uint16_t type;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {STUN_MESSAGE_INTEGRITY, 20, YODEL_OK},
        {STUN_MESSAGE_INTEGRITY, 19, YODEL_ERR_UNAUTHENTIC},
        {STUN_MESSAGE_INTEGRITY, 16, YODEL_ERR_UNAUTHENTIC},
        {STUN_MESSAGE_INTEGRITY, 0, YODEL_ERR_UNAUTHENTIC},
        {STUN_MESSAGE_INTEGRITY_SHA256, 32, YODEL_OK},
        {STUN_MESSAGE_INTEGRITY_SHA256, 16, YODEL_OK},
        {STUN_MESSAGE_INTEGRITY_SHA256, 18, YODEL_ERR_UNAUTHENTIC},
        {STUN_MESSAGE_INTEGRITY_SHA256, 12, YODEL_ERR_UNAUTHENTIC},
        {STUN_MESSAGE_INTEGRITY_SHA256, 36, YODEL_ERR_UNAUTHENTIC},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[128], mac[36] = {0};
        struct writer w = writer_of(span_of(room, sizeof room));
        struct bytes key = bytes_of_text("secret");
        struct stun_msg msg;

        stun_msg_put_header(&w, STUN_BINDING, id);
        store_u16(room + 2, (uint16_t)(4 + rows[i].len)); // As §14.5 wants it while hashing.
        if (rows[i].type == STUN_MESSAGE_INTEGRITY) {
            crypto_hmac_sha1(key, writer_bytes(&w), mac);
        } else {
            crypto_hmac_sha256(key, writer_bytes(&w), mac);
        }
        stun_msg_put_attr(&w, rows[i].type, bytes_of(mac, rows[i].len));
        CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
        CHECK_EQ(stun_auth_check(&msg, key), rows[i].want);
    }
}

static void a_message_beyond_the_limit_is_unauthentic(void)
{
    static const uint8_t id[STUN_ID_SIZE];
    static uint8_t room[STUN_AUTH_MAX * 2], text[STUN_AUTH_MAX];
    struct bytes key = bytes_of_text("secret");

    for (int over = 0; over < 2; over++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        struct stun_msg msg;

        stun_msg_put_header(&w, STUN_BINDING, id);
        stun_msg_put_attr(&w, STUN_SOFTWARE, bytes_of(text, STUN_AUTH_MAX - 24 + 4 * (size_t)over));
        stun_auth_put_sha1(&w, key);
        CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
        CHECK_EQ(stun_auth_check(&msg, key), over ? YODEL_ERR_UNAUTHENTIC : YODEL_OK);
    }
}

static void a_long_term_key_is_the_one_of_the_rfc(void)
{
    static uint8_t text[STUN_AUTH_REALM_MAX + 1];
    struct bytes user = bytes_of_text("user"), realm = bytes_of_text("realm");
    struct bytes pass = bytes_of_text("pass"), all = bytes_of_text("user:realm:pass");
    uint8_t want[CRYPTO_SHA256_SIZE];
    struct stun_auth_key key;

    // RFC 8489 §9.2.2 works this one out.
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, user, realm, pass), YODEL_OK);
    CHECK_BYTES(stun_auth_key_bytes(&key),
        bytes_of("\x84\x93\xfb\xc5\x3b\xa5\x82\xfb\x4c\x04\x4c\x45\x6b\xdc\x40\xeb", 16));
    crypto_sha256(all, want);
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_SHA256, user, realm, pass), YODEL_OK);
    CHECK_BYTES(stun_auth_key_bytes(&key), bytes_of(want, sizeof want));
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, bytes_of(text, 508), bytes_of(text, 763),
                 bytes_of(text, 512)),
        YODEL_OK);
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, bytes_of(text, 509), realm, pass),
        YODEL_ERR_RANGE);
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, user, bytes_of(text, 764), pass),
        YODEL_ERR_RANGE);
    CHECK_EQ(stun_auth_long_term_key(&key, STUN_AUTH_MD5, user, realm, bytes_of(text, 513)),
        YODEL_ERR_RANGE);
}

TEST_MAIN(TEST(the_vectors_of_the_rfcs_pass), TEST(the_vectors_say_what_the_rfcs_say),
    TEST(no_changed_byte_passes), TEST(another_key_does_not_pass), TEST(what_is_put_is_accepted),
    TEST(integrity_may_be_cut_only_where_the_rfc_says),
    TEST(a_message_beyond_the_limit_is_unauthentic), TEST(a_long_term_key_is_the_one_of_the_rfc))
