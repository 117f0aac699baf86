// STUN integrity: HMACs over a message's beginning, and the checksum over almost all of it.
//
// Implements  RFC 8489 §9.1.3, §9.2.2, §14.5, §14.6, §14.7

#include "stun/auth.h"

#include "base/crc.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "crypto/secret.h"
#include "stun/attr.h"

#define FINGERPRINT_MASK 0x5354554eu // "STUN", §14.7.

// §14.5: the HMAC covers everything before its attribute, and the header's length as if that
// attribute were the last. `head` is where the attribute begins, `value_len` what it holds.
static bool covered_bytes(struct writer *w, struct bytes head, size_t value_len)
{
    put_bytes(w, head);
    if (w->failed) {
        return false;
    }
    store_u16(w->start + 2, (uint16_t)(head.len + 4 + value_len - STUN_HEADER_SIZE));
    return true;
}

static struct bytes before(const struct stun_msg *msg, const struct stun_attr *attr)
{
    return bytes_of(msg->datagram.ptr, (size_t)(attr->value.ptr - msg->datagram.ptr) - 4);
}

static bool is_right(const struct stun_msg *msg, const struct stun_attr *attr, struct bytes key)
{
    uint8_t room[STUN_AUTH_MAX], mac[CRYPTO_SHA256_SIZE];
    struct writer w = writer_of(span_of(room, sizeof room));

    if (!covered_bytes(&w, before(msg, attr), attr->value.len)) {
        return false;
    }
    if (attr->type == STUN_MESSAGE_INTEGRITY) {
        crypto_hmac_sha1(key, writer_bytes(&w), mac);
    } else {
        crypto_hmac_sha256(key, writer_bytes(&w), mac);
    }
    return crypto_equal(attr->value, bytes_of(mac, attr->value.len));
}

// §14.6: SHA-256 may be cut to 16 bytes or more, in steps of four; SHA-1 never.
static bool has_right_len(const struct stun_attr *attr)
{
    size_t len = attr->value.len;

    if (attr->type == STUN_MESSAGE_INTEGRITY) {
        return len == CRYPTO_SHA1_SIZE;
    }
    return len >= 16 && len <= CRYPTO_SHA256_SIZE && len % 4 == 0;
}

enum yodel_err stun_auth_check(const struct stun_msg *msg, struct bytes key)
{
    const struct stun_attr *attr = stun_msg_find(msg, STUN_MESSAGE_INTEGRITY_SHA256);

    if (!attr) {
        attr = stun_msg_find(msg, STUN_MESSAGE_INTEGRITY);
    }
    if (!attr) {
        return YODEL_ERR_NOT_FOUND;
    }
    if (!has_right_len(attr) || !is_right(msg, attr, key)) {
        return YODEL_ERR_UNAUTHENTIC;
    }
    return YODEL_OK;
}

enum yodel_err stun_auth_check_fingerprint(const struct stun_msg *msg)
{
    const struct stun_attr *attr = stun_msg_find(msg, STUN_FINGERPRINT);
    uint32_t got = 0;

    if (!attr) {
        return YODEL_ERR_NOT_FOUND;
    }
    // It is the last attribute (stun_msg_parse sees to it), so the header's length is right as is.
    if (!stun_attr_read_u32(msg, STUN_FINGERPRINT, &got) ||
        got != (crc_crc32(0, before(msg, attr)) ^ FINGERPRINT_MASK)) {
        return YODEL_ERR_UNAUTHENTIC;
    }
    return YODEL_OK;
}

enum yodel_err stun_auth_long_term_key(struct stun_auth_key *key,
    enum stun_auth_algorithm algorithm, struct bytes username, struct bytes realm,
    struct bytes password)
{
    uint8_t room[STUN_AUTH_USERNAME_MAX + STUN_AUTH_REALM_MAX + STUN_AUTH_PASSWORD_MAX + 2];
    struct writer w = writer_of(span_of(room, sizeof room));

    if (username.len > STUN_AUTH_USERNAME_MAX || realm.len > STUN_AUTH_REALM_MAX ||
        password.len > STUN_AUTH_PASSWORD_MAX) {
        return YODEL_ERR_RANGE;
    }
    put_bytes(&w, username);
    put_u8(&w, ':');
    put_bytes(&w, realm);
    put_u8(&w, ':');
    put_bytes(&w, password);
    if (algorithm == STUN_AUTH_MD5) {
        crypto_md5(writer_bytes(&w), key->bytes);
        key->len = CRYPTO_MD5_SIZE;
    } else {
        crypto_sha256(writer_bytes(&w), key->bytes);
        key->len = CRYPTO_SHA256_SIZE;
    }
    secret_wipe_span(span_of(room, sizeof room));
    return YODEL_OK;
}

void stun_auth_put_sha1(struct writer *w, struct bytes key)
{
    struct bytes head = writer_bytes(w);
    uint8_t *at = stun_msg_put_attr_room(w, STUN_MESSAGE_INTEGRITY, CRYPTO_SHA1_SIZE);

    if (at) {
        crypto_hmac_sha1(key, head, at);
    }
}

void stun_auth_put_sha256(struct writer *w, struct bytes key)
{
    struct bytes head = writer_bytes(w);
    uint8_t *at = stun_msg_put_attr_room(w, STUN_MESSAGE_INTEGRITY_SHA256, CRYPTO_SHA256_SIZE);

    if (at) {
        crypto_hmac_sha256(key, head, at);
    }
}

void stun_auth_put_fingerprint(struct writer *w)
{
    struct bytes head = writer_bytes(w);
    uint8_t *at = stun_msg_put_attr_room(w, STUN_FINGERPRINT, 4);

    if (at) {
        store_u32(at, crc_crc32(0, head) ^ FINGERPRINT_MASK);
    }
}
