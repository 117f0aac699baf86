// HTTP proxies: asking one for a tunnel, reading its answer, and the URL that names it.
//
// Implements  RFC 9110 §9.3.6 (CONNECT), §11.6 (Basic, with RFC 7617), §15.2 (1xx come first);
//             RFC 9112 §3.2.3, §4, §2.2 (a bare LF ends a line too)
// Not here    the socket (net/stream.h); https:// and SOCKS proxies
// Ownership   values only; a reader keeps nothing of what it read
// Limits      PROXY_ANSWER_MAX bytes of an answer's head

#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "base/bytes.h"
#include "base/err.h"

#define PROXY_ANSWER_MAX (16u * 1024)
#define PROXY_REQUEST_MAX 2048
#define PROXY_WHY_MAX 128
#define PROXY_HOST_MAX 256
#define PROXY_CREDENTIALS_MAX 256

struct proxy_url {
    char host[PROXY_HOST_MAX]; // A name, or an IP address without brackets.
    uint16_t port;
    char credentials[PROXY_CREDENTIALS_MAX]; // "user:password", decoded; "": none.
};

// "http://[user:password@]host[:port][/]"; the port is 80 where it says none. Fails with SYNTAX,
// NOT_SUPPORTED (another scheme).
YODEL_MUST_USE enum yodel_err proxy_parse_url(struct proxy_url *url, const char *text);

// Asks for a tunnel to `host` (a name or an IP address). `credentials` "" or NULL: none. Fails with
// TOO_LARGE, or with SYNTAX for a host with bytes that a request must not hold.
YODEL_MUST_USE enum yodel_err proxy_put_request(
    struct writer *w, const char *host, uint16_t port, const char *credentials);

enum proxy_result {
    PROXY_MORE,
    PROXY_OPEN,      // A 2xx, whole.
    PROXY_REFUSED,   // `status` says how.
    PROXY_MALFORMED, // Not HTTP, or too long.
};

// How far an answer has been read. Zeroed at first.
struct proxy_answer {
    uint32_t len;      // Of all, so far.
    uint32_t line_len; // Of the present line, without its end.
    bool has_status;   // The first line is over.
    bool has_cr;       // The last byte was one.
    uint16_t status;
};

// Reads on; `used` gets how many bytes of `data` belong to the answer.
enum proxy_result proxy_recv(struct proxy_answer *answer, struct bytes data, size_t *used);

// What a refusal means, as a clause for a person.
void proxy_explain(uint16_t status, char why[PROXY_WHY_MAX]);

#endif
