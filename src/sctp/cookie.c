// SCTP state cookie: a few fields and an HMAC over them.

#include "sctp/cookie.h"

#include "base/assert.h"
#include "crypto/hmac.h"

#define FIELDS_SIZE (SCTP_COOKIE_SIZE - CRYPTO_SHA256_SIZE)

#define FLAG_FORWARD_TSN 1
#define FLAG_RE_CONFIG 2

void sctp_cookie_write(
    const struct sctp_cookie *cookie, struct bytes key, uint8_t out[SCTP_COOKIE_SIZE])
{
    struct writer w = writer_of(span_of(out, FIELDS_SIZE));

    put_u64(&w, cookie->made_at);
    put_u32(&w, cookie->our_tag);
    put_u32(&w, cookie->our_tsn);
    put_u32(&w, cookie->tie_ours);
    put_u32(&w, cookie->tie_theirs);
    put_u32(&w, cookie->peer.tag);
    put_u32(&w, cookie->peer.tsn);
    put_u32(&w, cookie->peer.a_rwnd);
    put_u16(&w, cookie->peer.out_streams);
    put_u16(&w, cookie->peer.in_streams);
    put_u16(&w, (uint16_t)((cookie->peer.forward_tsn ? FLAG_FORWARD_TSN : 0) |
                           (cookie->peer.re_config ? FLAG_RE_CONFIG : 0)));
    YODEL_ASSERT(!w.failed && w.len == FIELDS_SIZE);
    crypto_hmac_sha256(key, bytes_of(out, FIELDS_SIZE), out + FIELDS_SIZE);
}

enum yodel_err sctp_cookie_parse(
    struct sctp_cookie *cookie, struct bytes key, struct bytes wire, yodel_time now)
{
    uint8_t want[CRYPTO_SHA256_SIZE];
    struct reader r = reader_of(bytes_sub(wire, 0, FIELDS_SIZE));

    crypto_hmac_sha256(key, bytes_sub(wire, 0, FIELDS_SIZE), want);
    if (wire.len != SCTP_COOKIE_SIZE ||
        !crypto_equal(bytes_of(want, sizeof want), bytes_sub(wire, FIELDS_SIZE, sizeof want))) {
        return YODEL_ERR_UNAUTHENTIC;
    }
    memset(cookie, 0, sizeof *cookie);
    cookie->made_at = read_u64(&r);
    cookie->our_tag = read_u32(&r);
    cookie->our_tsn = read_u32(&r);
    cookie->tie_ours = read_u32(&r);
    cookie->tie_theirs = read_u32(&r);
    cookie->peer.tag = read_u32(&r);
    cookie->peer.tsn = read_u32(&r);
    cookie->peer.a_rwnd = read_u32(&r);
    cookie->peer.out_streams = read_u16(&r);
    cookie->peer.in_streams = read_u16(&r);
    uint16_t flags = read_u16(&r);
    cookie->peer.forward_tsn = flags & FLAG_FORWARD_TSN;
    cookie->peer.re_config = flags & FLAG_RE_CONFIG;
    return time_since(now, cookie->made_at) > SCTP_COOKIE_LIFETIME ? YODEL_ERR_TIMEOUT : YODEL_OK;
}
