// First bytes: HTTP, STUN, ICE-TCP or TLS, and what a ClientHello asks for.

#include "server/first_bytes.h"

#define TLS_HANDSHAKE 22
#define TLS_RECORD_HEADER 5
#define TLS_RECORD_MAX 16384
#define TLS_CLIENT_HELLO 1
#define TLS_RANDOM_SIZE 32
#define TLS_ALPN 16 // RFC 7301 §3.1
#define STUN_HEADER 20
#define STUN_COOKIE 4    // Where it is.
#define FRAMED_LENGTHS 6 // Of ICE-TCP, up to the second length.

static const uint8_t stun_cookie[4] = {0x21, 0x12, 0xa4, 0x42};

static enum server_first of_protocol(struct bytes name)
{
    static const struct {
        const char *name;
        enum server_first first;
    } known[] = {
        {"http/1.1", SERVER_FIRST_TLS_HTTP},
        {"h2", SERVER_FIRST_TLS_HTTP},
        {"http/1.0", SERVER_FIRST_TLS_HTTP},
        {"stun.turn", SERVER_FIRST_TLS_TURN},
        {"stun.nat-discovery", SERVER_FIRST_TLS_TURN},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (bytes_equal(name, bytes_of_text(known[i].name))) {
            return known[i].first;
        }
    }
    return SERVER_FIRST_TLS;
}

// Who names TURN anywhere in the list (RFC 7301 §3.1) wants it: some clients name HTTP before it, to pass
// through firewalls.
static enum server_first look_at_alpn(struct bytes extension)
{
    struct reader r = reader_of(extension);
    struct reader names = reader_of(read_bytes(&r, read_u16(&r)));
    enum server_first found = SERVER_FIRST_TLS;

    while (names.left > 0 && !names.failed && found != SERVER_FIRST_TLS_TURN) {
        enum server_first first = of_protocol(read_bytes(&names, read_u8(&names)));
        found = first != SERVER_FIRST_TLS ? first : found;
    }
    return found;
}

//   type 1 | length, 24 bits | version, 16 | random, 256 | session id <0..32> | cipher suites <2..2^16-2>
//   | compression methods <1..255> | extensions <0..2^16-1>: each type, 16 | data <0..2^16-1>
static enum server_first look_at_hello(struct bytes fragment)
{
    struct reader r = reader_of(fragment);

    if (read_u8(&r) != TLS_CLIENT_HELLO) {
        return SERVER_FIRST_FOREIGN;
    }
    struct reader hello = reader_of(read_bytes(&r, read_u24(&r)));
    (void)read_bytes(&hello, 2 + TLS_RANDOM_SIZE);
    (void)read_bytes(&hello, read_u8(&hello));
    (void)read_bytes(&hello, read_u16(&hello));
    (void)read_bytes(&hello, read_u8(&hello));
    struct reader extensions = reader_of(read_bytes(&hello, read_u16(&hello)));
    while (extensions.left > 0 && !extensions.failed) {
        uint16_t type = read_u16(&extensions);
        struct bytes data = read_bytes(&extensions, read_u16(&extensions));
        if (type == TLS_ALPN) {
            return look_at_alpn(data);
        }
    }
    return SERVER_FIRST_TLS;
}

static enum server_first look_at_record(struct bytes bytes)
{
    struct reader r = reader_of(bytes_sub(bytes, 1, TLS_RECORD_HEADER - 1));

    // Each byte decides as soon as it is there: who dribbles nonsense is not waited for.
    if (bytes.len > 1 && read_u8(&r) != 3) {
        return SERVER_FIRST_FOREIGN;
    }
    if (bytes.len < TLS_RECORD_HEADER) {
        return SERVER_FIRST_MORE;
    }
    (void)read_u8(&r);
    uint16_t len = read_u16(&r);
    if (len == 0 || len > TLS_RECORD_MAX) {
        return SERVER_FIRST_FOREIGN;
    }
    if (bytes.len - TLS_RECORD_HEADER < len) {
        return SERVER_FIRST_MORE;
    }
    return look_at_hello(bytes_sub(bytes, TLS_RECORD_HEADER, len));
}

// Whether the cookie is at `at`, as far as there is something.
static bool may_have_cookie(struct bytes bytes, size_t at)
{
    struct bytes there = bytes_sub(bytes, at, sizeof stun_cookie);

    return there.len == 0 || memcmp(there.ptr, stun_cookie, there.len) == 0;
}

// RFC 4571 §2: a message behind its length, which it has inside as well, without its header.
static bool may_be_ice_tcp(struct bytes bytes)
{
    static const uint8_t request[2] = {0, 1}; // RFC 6544 §10: the one who connects checks.
    struct bytes type = bytes_sub(bytes, 2, sizeof request);
    struct reader r = reader_of(bytes);

    if (type.len > 0 && memcmp(type.ptr, request, type.len) != 0) {
        return false;
    }
    if (bytes.len < FRAMED_LENGTHS) {
        return true;
    }
    uint16_t outside = read_u16(&r);
    (void)read_u16(&r);
    uint16_t inside = read_u16(&r);
    return outside == inside + STUN_HEADER && inside % 4 == 0 &&
           may_have_cookie(bytes, STUN_COOKIE + 2);
}

// Both begin with two zero bits, and part at the fifth byte at the latest: what is the cookie's start to
// the one is a length to the other, and none that is a multiple of four (RFC 8489 §5).
static enum server_first look_at_stun(struct bytes bytes)
{
    bool is_stun = may_have_cookie(bytes, STUN_COOKIE);
    bool is_ice_tcp = may_be_ice_tcp(bytes);

    if (is_stun && bytes.len >= STUN_COOKIE + sizeof stun_cookie) {
        return SERVER_FIRST_STUN;
    }
    if (is_ice_tcp && bytes.len >= STUN_COOKIE + 2 + sizeof stun_cookie) {
        return SERVER_FIRST_ICE_TCP;
    }
    return is_stun || is_ice_tcp ? SERVER_FIRST_MORE : SERVER_FIRST_FOREIGN;
}

enum server_first server_first_bytes_look(struct bytes bytes)
{
    if (bytes.len == 0) {
        return SERVER_FIRST_MORE;
    }
    uint8_t first = bytes.ptr[0];
    if (first == TLS_HANDSHAKE) {
        return look_at_record(bytes);
    }
    if (first >= 'A' && first <= 'Z') {
        return SERVER_FIRST_HTTP;
    }
    return first < 0x40 ? look_at_stun(bytes) : SERVER_FIRST_FOREIGN;
}
