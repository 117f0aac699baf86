// Multicast DNS messages: the one question that we ask and the addresses in what is answered, what
// others ask and the one answer that we give.
//
// Implements  RFC 1035 §4.1 (messages, compressed names), RFC 6762 §5.4, §10.2, §18 (what differs)
// Not here    when to ask (net/mdns.h), when to answer (net/mdns_responder.h)
// Ownership   what is parsed is copied
// Limits      MDNS_RECORDS_MAX addresses in a message, the rest is ignored; a name's compression
//             pointers only lead backwards, and the name has 255 bytes, so that reading one ends

#ifndef NET_MDNS_MSG_H
#define NET_MDNS_MSG_H

#include "base/addr.h"
#include "base/bytes.h"

#define MDNS_DATAGRAM_MAX 9000 // RFC 6762 §17.
#define MDNS_NAME_MAX 256      // 255 and the NUL.
#define MDNS_QUERY_MAX 600
#define MDNS_RECORDS_MAX 16
#define MDNS_QUESTIONS_MAX 16
#define MDNS_RESPONSE_MAX 700
#define MDNS_TYPE_A 1
#define MDNS_TYPE_AAAA 28
#define MDNS_TYPE_ANY 255

struct mdns_record {
    char name[MDNS_NAME_MAX]; // Without the final dot; empty where it is no text.
    struct yodel_addr addr;   // Without a port.
    uint32_t ttl;             // Seconds; 0: it is no longer so.
};

struct mdns_msg {
    uint32_t record_count;
    struct mdns_record records[MDNS_RECORDS_MAX]; // Of types A and AAAA, in their order.
};

struct mdns_question {
    char name[MDNS_NAME_MAX];
    uint16_t type;
    bool wants_unicast; // RFC 6762 §5.4.
};

struct mdns_query_msg {
    uint16_t id;
    uint32_t question_count;
    struct mdns_question questions[MDNS_QUESTIONS_MAX]; // Of class IN or any; the rest is ignored.
    struct mdns_msg known;                              // RFC 6762 §7.1: what the asker knows.
};

// One address of one name. `question` is repeated for who asked from another port than multicast
// DNS's (RFC 6762 §6.7), else NULL.
struct mdns_response {
    uint16_t id; // 0, but for such a one.
    const struct mdns_question *question;
    const char *name;
    const struct yodel_addr *addr;
    uint32_t ttl;
};

// Asks for both addresses of `name`. Fails with SYNTAX (a label of no or too many bytes, a name too
// long), TOO_LARGE (the room).
YODEL_MUST_USE enum yodel_err mdns_msg_put_query(struct writer *w, const char *name);

// Reads a query. Fails with FOREIGN (a response), MALFORMED; `msg` means something only on YODEL_OK.
YODEL_MUST_USE enum yodel_err mdns_msg_parse_query(
    struct mdns_query_msg *msg, struct bytes datagram);

// Fails as mdns_msg_put_query.
YODEL_MUST_USE enum yodel_err mdns_msg_put_response(
    struct writer *w, const struct mdns_response *response);

// Reads a response. Fails with FOREIGN (a query, or an error), MALFORMED; `msg` means something only on
// YODEL_OK.
YODEL_MUST_USE enum yodel_err mdns_msg_parse(struct mdns_msg *msg, struct bytes datagram);

// RFC 6762 §16: upper and lower case are the same, in ASCII alone.
bool mdns_msg_same_name(const char *a, const char *b);

#endif
