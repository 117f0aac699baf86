// DCEP messages: DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK, read and written, and the identifiers that
// tell messages apart.
//
// Implements  RFC 8832 §5.1, §5.2, §8.2; RFC 8831 §8 (payload protocol identifiers)
// Not here    what a message does (dcep/dcep.h)
// Ownership   a parsed message borrows from its bytes

#ifndef DCEP_MESSAGE_H
#define DCEP_MESSAGE_H

#include "base/bytes.h"
#include "base/err.h"

enum dcep_ppid {
    DCEP_PPID_CONTROL = 50,
    DCEP_PPID_STRING = 51,
    DCEP_PPID_BINARY = 53,
    DCEP_PPID_STRING_EMPTY = 56, // One byte that means nothing, since SCTP cannot carry none.
    DCEP_PPID_BINARY_EMPTY = 57,
};

#define DCEP_OPEN_SIZE 12 // Without label and protocol.

struct dcep_open {
    bool unordered;
    bool has_max_retransmits;
    bool has_max_lifetime;
    uint32_t reliability; // Retransmissions, or milliseconds.
    uint16_t priority;
    struct bytes label;
    struct bytes protocol;
};

enum dcep_message_type { DCEP_ACK = 2, DCEP_OPEN = 3 };

// `open` is written only where the message is one. MALFORMED: neither, an unknown channel type, or text that is not
// UTF-8.
YODEL_MUST_USE enum yodel_err dcep_message_parse(
    struct bytes message, enum dcep_message_type *type, struct dcep_open *open);

void dcep_message_put_open(struct writer *w, const struct dcep_open *open);
void dcep_message_put_ack(struct writer *w);

#endif
