// DTLS 1.2 records: what their plaintext header tells, and which of them may reach the handshake at
// all.
//
// Implements  RFC 6347 §4.1 (record), §4.2.2 (handshake header), RFC 7983 (demultiplexing)
// Not here    keys, replay windows, reassembly: libssl's, behind dtls/dtls.h
// Ownership   a record borrows from the datagram
// Limits      DTLS_MESSAGE_MAX bytes a handshake message

#ifndef DTLS_RECORD_H
#define DTLS_RECORD_H

#include "base/bytes.h"
#include "base/err.h"

#define DTLS_RECORD_HEADER_SIZE 13
#define DTLS_RECORD_SEQ_OFFSET 5
#define DTLS_HANDSHAKE_HEADER_SIZE 12
#define DTLS_MESSAGE_MAX 16384 // A browser's certificate has 400 bytes; a chain of RSA ones, 6000.

enum dtls_record_type {
    DTLS_RECORD_CHANGE_CIPHER_SPEC = 20,
    DTLS_RECORD_ALERT = 21,
    DTLS_RECORD_HANDSHAKE = 22,
    DTLS_RECORD_DATA = 23,
};

struct dtls_record {
    uint8_t type; // One of enum dtls_record_type.
    uint16_t epoch;
    uint64_t seq;
    struct span whole; // Header and body.
    struct span body;
};

// What sealing adds to a record's body: a tag of 16 bytes, and with AES-GCM eight of the nonce.
#define DTLS_RECORD_OVERHEAD_CHACHA 16
#define DTLS_RECORD_OVERHEAD_GCM 24

// Why a record, or a whole datagram, went no further.
enum dtls_drop {
    DTLS_DROP_NONE,
    DTLS_DROP_STATE,     // Before start, or after the end.
    DTLS_DROP_MALFORMED, // Not a record: type, version, length.
    DTLS_DROP_EPOCH,     // Of an epoch that is not, or no more, in use.
    DTLS_DROP_TYPE,      // A type that has no business in its epoch.
    DTLS_DROP_ALERT,     // A plaintext alert, which anybody could have sent.
    DTLS_DROP_FRAGMENT,  // A handshake fragment that contradicts itself, or of too long a message.
    DTLS_DROP_UNAUTHENTIC, // A wrong tag or a replay.
    DTLS_DROP_LIMIT,       // No room left for it.
    DTLS_DROP_COUNT,
};

// Whether a datagram's first byte says DTLS (RFC 7983 §7).
static inline bool dtls_record_is_dtls(struct bytes datagram)
{
    return datagram.len > 0 && datagram.ptr[0] >= 20 && datagram.ptr[0] <= 63;
}

// Reads the first record of `datagram`; the next one begins after `whole`. `record` is written only
// on YODEL_OK.
YODEL_MUST_USE enum yodel_err dtls_record_parse(struct dtls_record *record, struct span datagram);

// Whether the record may go on, by what can be seen without a key. `is_connected` once both sides'
// Finished are in; `overhead` is what the suite in use adds to what it seals (DTLS_RECORD_OVERHEAD_…).
enum dtls_drop dtls_record_judge(
    const struct dtls_record *record, bool is_connected, size_t overhead);

#endif
