// First bytes: HTTP, STUN or TLS, and what a ClientHello asks for.

#include "server/first_bytes.h"

#define TLS_HANDSHAKE 22
#define TLS_RECORD_HEADER 5
#define TLS_RECORD_MAX 16384
#define TLS_CLIENT_HELLO 1
#define TLS_RANDOM_SIZE 32
#define TLS_ALPN 16 // RFC 7301 §3.1
#define STUN_LOOK 8 // Up to the end of the cookie.

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

static enum server_first look_at_stun(struct bytes bytes)
{
    size_t len = bytes.len < STUN_LOOK ? bytes.len : STUN_LOOK;

    for (size_t i = 4; i < len; i++) {
        if (bytes.ptr[i] != stun_cookie[i - 4]) {
            return SERVER_FIRST_FOREIGN;
        }
    }
    return len < STUN_LOOK ? SERVER_FIRST_MORE : SERVER_FIRST_STUN;
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
