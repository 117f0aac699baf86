// STUN attributes: their numbers, and the values that are more than plain bytes.
//
// Implements  RFC 8489 §14 (MAPPED-ADDRESS, XOR-MAPPED-ADDRESS, ERROR-CODE, UNKNOWN-ATTRIBUTES),
//             RFC 8445 §7.1 (PRIORITY, USE-CANDIDATE, ICE-CONTROLLED, ICE-CONTROLLING),
//             RFC 5780 §7 (the numbers for discovering a NAT's behaviour)
// Not here    MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (stun/auth.h); TURN's
//             numbers (turn/msg.h)
// Ownership   what is read is copied or borrows from the datagram

#ifndef STUN_ATTR_H
#define STUN_ATTR_H

#include "base/addr.h"
#include "stun/msg.h"

enum {
    STUN_MAPPED_ADDRESS = 0x0001,
    STUN_CHANGE_REQUEST = 0x0003,
    STUN_USERNAME = 0x0006,
    STUN_MESSAGE_INTEGRITY = 0x0008,
    STUN_ERROR_CODE = 0x0009,
    STUN_UNKNOWN_ATTRIBUTES = 0x000A,
    STUN_REALM = 0x0014,
    STUN_NONCE = 0x0015,
    STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
    STUN_PASSWORD_ALGORITHM = 0x001D,
    STUN_USERHASH = 0x001E,
    STUN_XOR_MAPPED_ADDRESS = 0x0020,
    STUN_PRIORITY = 0x0024,
    STUN_USE_CANDIDATE = 0x0025,
    STUN_PADDING = 0x0026,
    STUN_RESPONSE_PORT = 0x0027,
    STUN_PASSWORD_ALGORITHMS = 0x8002,
    STUN_ALTERNATE_DOMAIN = 0x8003,
    STUN_SOFTWARE = 0x8022,
    STUN_ALTERNATE_SERVER = 0x8023,
    STUN_FINGERPRINT = 0x8028,
    STUN_ICE_CONTROLLED = 0x8029,
    STUN_ICE_CONTROLLING = 0x802A,
    STUN_RESPONSE_ORIGIN = 0x802B,
    STUN_OTHER_ADDRESS = 0x802C,
};

// In CHANGE-REQUEST: answer from the other address, and from the other port.
#define STUN_CHANGE_IP 0x4u
#define STUN_CHANGE_PORT 0x2u

enum {
    STUN_TRY_ALTERNATE = 300,
    STUN_BAD_REQUEST = 400,
    STUN_UNAUTHENTICATED = 401,
    STUN_UNKNOWN_ATTRIBUTE = 420,
    STUN_STALE_NONCE = 438,
    STUN_ROLE_CONFLICT = 487,
    STUN_SERVER_ERROR = 500,
};

// Each returns false where the attribute is absent or its value is not what its type demands; the
// out-parameter is written only on true.
bool stun_attr_read_u32(const struct stun_msg *msg, uint16_t type, uint32_t *value);
bool stun_attr_read_u64(const struct stun_msg *msg, uint16_t type, uint64_t *value);
bool stun_attr_read_error(const struct stun_msg *msg, uint32_t *code);

// MAPPED-ADDRESS, ALTERNATE-SERVER, RESPONSE-ORIGIN and OTHER-ADDRESS are in plain; all others are
// xored.
bool stun_attr_read_addr(const struct stun_msg *msg, uint16_t type, struct yodel_addr *addr);

void stun_attr_put_u32(struct writer *w, uint16_t type, uint32_t value);
void stun_attr_put_u64(struct writer *w, uint16_t type, uint64_t value);
void stun_attr_put_error(struct writer *w, uint32_t code, const char *reason);
void stun_attr_put_xor_addr(struct writer *w, uint16_t type, const struct yodel_addr *addr);
void stun_attr_put_addr(struct writer *w, uint16_t type, const struct yodel_addr *addr); // Plain.
void stun_attr_put_unknown(struct writer *w, const uint16_t *types, size_t count);

#endif
