// STUN server: one request in, one answer out.
//
// Implements  RFC 8489 §6.3.1, §7.1 (FINGERPRINT is answered with FINGERPRINT), §12

#include "stun/server.h"

#include "stun/attr.h"
#include "stun/auth.h"

#define V6_HEADERS_SIZE 48 // Of IPv6 and UDP.

// A spoofed source is somebody else: never a service on a well-known port, never many at once.
bool stun_server_is_answerable(const struct yodel_addr *source)
{
    return source->family != YODEL_ADDR_NONE && source->port >= 1024 &&
           !addr_is_multicast(source) && !addr_is_any(source);
}

static size_t answer_max(size_t request_len, const struct yodel_addr *source)
{
    size_t headers = source->family == YODEL_ADDR_V6 ? V6_HEADERS_SIZE : 0;

    return (request_len + headers) * 8 / 5 - headers;
}

static void put_answer(
    struct writer *w, const struct stun_msg *msg, const struct yodel_addr *source)
{
    // Without credentials of its own it ignores its clients' (§9.1.3 is for servers that have
    // some).
    static const uint16_t known[] = {STUN_USERNAME, STUN_REALM, STUN_NONCE, STUN_MAPPED_ADDRESS,
        STUN_XOR_MAPPED_ADDRESS, STUN_ERROR_CODE, STUN_UNKNOWN_ATTRIBUTES};
    uint16_t unknown[STUN_ATTRS_MAX];
    size_t count = stun_msg_unknown(msg, known, COUNT(known), unknown);

    if (count > 0) {
        stun_msg_put_header(w, STUN_BINDING | STUN_ERROR, msg->id);
        stun_attr_put_error(w, STUN_UNKNOWN_ATTRIBUTE, ""); // Short, for the limit on answers.
        stun_attr_put_unknown(w, unknown, count);
    } else {
        stun_msg_put_header(w, STUN_BINDING | STUN_SUCCESS, msg->id);
        stun_attr_put_xor_addr(w, STUN_XOR_MAPPED_ADDRESS, source);
    }
}

size_t stun_server_answer(struct bytes request, const struct yodel_addr *source, struct span room)
{
    struct yodel_addr mapped = addr_unmap(source);
    struct writer w = writer_of(span_sub(room, 0, answer_max(request.len, &mapped)));
    struct stun_msg msg;

    if (!stun_server_is_answerable(&mapped) || stun_msg_parse(&msg, request) != YODEL_OK ||
        msg.type != (STUN_BINDING | STUN_REQUEST)) {
        return 0;
    }
    enum yodel_err fingerprint = stun_auth_check_fingerprint(&msg);
    if (fingerprint == YODEL_ERR_UNAUTHENTIC) {
        return 0;
    }
    put_answer(&w, &msg, &mapped);
    if (fingerprint == YODEL_OK) {
        stun_auth_put_fingerprint(&w);
    }
    return writer_bytes(&w).len;
}
