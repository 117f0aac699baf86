// STUN messages: the wire format shared by ICE checks, TURN and server discovery.
//
// Implements  RFC 8489 §5 (header), §14 (attribute framing)
// Not here    values of attributes (stun/attr.h), integrity and fingerprint (stun/auth.h),
//             retransmission (stun/txn.h)
// Ownership   a parsed message borrows from the datagram and dies with it
// Limits      at most STUN_ATTRS_MAX attributes; a peer that sends more is malformed

#ifndef STUN_MSG_H
#define STUN_MSG_H

#include "base/bytes.h"
#include "base/err.h"

#define STUN_HEADER_SIZE 20
#define STUN_ID_SIZE 12
#define STUN_COOKIE 0x2112A442u
#define STUN_ATTRS_MAX 32

// Message types are a method, a class, or both together, in the bits where the wire has them.
#define STUN_CLASS_MASK 0x0110
#define STUN_REQUEST 0x0000
#define STUN_INDICATION 0x0010
#define STUN_SUCCESS 0x0100
#define STUN_ERROR 0x0110
#define STUN_BINDING 0x0001

struct stun_attr {
    uint16_t type;
    struct bytes value; // Without the padding.
};

struct stun_msg {
    uint16_t type;            // Class and method, as on the wire.
    uint8_t id[STUN_ID_SIZE]; // Copied, so that it may outlive the datagram.
    struct bytes datagram;
    uint32_t attr_count;
    struct stun_attr attrs[STUN_ATTRS_MAX];
};

static inline uint16_t stun_msg_class(const struct stun_msg *msg)
{
    return msg->type & STUN_CLASS_MASK;
}

static inline uint16_t stun_msg_method(const struct stun_msg *msg)
{
    return (uint16_t)(msg->type & ~STUN_CLASS_MASK);
}

// Reads one whole datagram. Returns YODEL_ERR_FOREIGN for bytes that are not STUN at all, which a
// demultiplexer tries elsewhere, and YODEL_ERR_MALFORMED for STUN that must be dropped.
// `msg` is written only on YODEL_OK, and then holds none of what must be ignored because it follows
// the integrity attributes.
YODEL_MUST_USE enum yodel_err stun_msg_parse(struct stun_msg *msg, struct bytes datagram);

// Returns the first attribute of `type`, or NULL. §14: later duplicates are ignored.
const struct stun_attr *stun_msg_find(const struct stun_msg *msg, uint16_t type);

// §6.3: puts the types of the attributes that must be understood, and are not among `known`, in
// `unknown`, and returns how many there are.
size_t stun_msg_unknown(const struct stun_msg *msg, const uint16_t *known, size_t known_count,
    uint16_t unknown[STUN_ATTRS_MAX]);

// Writing: a header, then attributes. `w` begins at the message; its length field is always right.
void stun_msg_put_header(struct writer *w, uint16_t type, const uint8_t id[STUN_ID_SIZE]);
void stun_msg_put_attr(struct writer *w, uint16_t type, struct bytes value);

// The same with room for a value of `len` bytes that the caller fills, or NULL.
uint8_t *stun_msg_put_attr_room(struct writer *w, uint16_t type, size_t len);

#endif
