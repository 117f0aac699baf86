// SCTP chunks: what they contain, read and written.
//
// Implements  RFC 9260 §3.3 (chunks), §3.3.10 (error causes); RFC 3758 §3.2 (FORWARD TSN), §3.1 and
// RFC 5061 §4.2.7
//             (what INIT says about extensions)
// Not here    the stream reset's parameters (sctp/reset.h), what a chunk makes us do
// Ownership   everything parsed borrows from the packet
// Limits      INIT's parameters are read up to SCTP_CHUNK_PARAMS_MAX

#ifndef SCTP_CHUNK_H
#define SCTP_CHUNK_H

#include "sctp/packet.h"

#define SCTP_CHUNK_PARAMS_MAX 64

enum sctp_chunk_type {
    SCTP_DATA = 0,
    SCTP_INIT = 1,
    SCTP_INIT_ACK = 2,
    SCTP_SACK = 3,
    SCTP_HEARTBEAT = 4,
    SCTP_HEARTBEAT_ACK = 5,
    SCTP_ABORT = 6,
    SCTP_SHUTDOWN = 7,
    SCTP_SHUTDOWN_ACK = 8,
    SCTP_ERROR = 9,
    SCTP_COOKIE_ECHO = 10,
    SCTP_COOKIE_ACK = 11,
    SCTP_ECNE = 12,
    SCTP_CWR = 13,
    SCTP_SHUTDOWN_COMPLETE = 14,
    SCTP_RE_CONFIG = 130,
    SCTP_FORWARD_TSN = 192,
};

// §3.2: what to do with a chunk or, in the two highest bits of 16, a parameter that is not known.
#define SCTP_CHUNK_SKIP_UNKNOWN 0x80 // Else the rest of the packet is not looked at.
#define SCTP_CHUNK_REPORT_UNKNOWN 0x40
#define SCTP_PARAM_SKIP_UNKNOWN 0x8000
#define SCTP_PARAM_REPORT_UNKNOWN 0x4000

#define SCTP_FLAG_T 0x01 // ABORT and SHUTDOWN COMPLETE: the tag is the receiver's own, reflected.

enum sctp_param_type {
    SCTP_PARAM_HEARTBEAT_INFO = 1,
    SCTP_PARAM_IPV4 = 5,
    SCTP_PARAM_IPV6 = 6,
    SCTP_PARAM_COOKIE = 7,
    SCTP_PARAM_UNRECOGNIZED = 8,
    SCTP_PARAM_COOKIE_PRESERVATIVE = 9,
    SCTP_PARAM_HOST_NAME = 11,
    SCTP_PARAM_ADDRESS_TYPES = 12,
    SCTP_PARAM_EXTENSIONS = 0x8008,
    SCTP_PARAM_FORWARD_TSN = 0xC000,
};

enum sctp_cause {
    SCTP_CAUSE_INVALID_STREAM = 1,
    SCTP_CAUSE_MISSING_PARAM = 2,
    SCTP_CAUSE_STALE_COOKIE = 3,
    SCTP_CAUSE_OUT_OF_RESOURCE = 4,
    SCTP_CAUSE_UNRECOGNIZED_CHUNK = 6,
    SCTP_CAUSE_INVALID_PARAM = 7,
    SCTP_CAUSE_UNRECOGNIZED_PARAMS = 8,
    SCTP_CAUSE_NO_USER_DATA = 9,
    SCTP_CAUSE_COOKIE_IN_SHUTDOWN = 10,
    SCTP_CAUSE_RESTART = 11,
    SCTP_CAUSE_USER_ABORT = 12,
    SCTP_CAUSE_PROTOCOL_VIOLATION = 13,
};

// ---- DATA, §3.3.1

#define SCTP_DATA_HEADER_SIZE 16 // The chunk's own header included.
#define SCTP_DATA_END 0x01
#define SCTP_DATA_BEGIN 0x02
#define SCTP_DATA_UNORDERED 0x04
#define SCTP_DATA_IMMEDIATE 0x08

struct sctp_data {
    uint8_t flags;
    uint16_t stream;
    uint16_t ssn;
    uint32_t tsn;
    uint32_t ppid;
    struct bytes user; // Empty is a protocol violation, left to the caller (§6.2).
};

YODEL_MUST_USE enum yodel_err sctp_chunk_parse_data(
    struct sctp_data *data, const struct sctp_chunk *chunk);
void sctp_chunk_put_data(struct writer *w, const struct sctp_data *data);

// ---- INIT and INIT ACK, §3.3.2, §3.3.3

struct sctp_init {
    uint32_t tag;
    uint32_t a_rwnd;
    uint16_t out_streams;
    uint16_t in_streams;
    uint32_t tsn;
    bool forward_tsn;    // RFC 3758.
    bool re_config;      // RFC 6525.
    struct bytes cookie; // INIT ACK's; empty in INIT.

    // Parameters to report by the rule of their highest bits, with their headers. §3.2.1.
    uint32_t unknown_count;
    struct bytes unknown[SCTP_CHUNK_PARAMS_MAX];
    struct bytes
        report; // For writing an INIT ACK: what sctp_chunk_put_unknown made of the peer's INIT.
};

YODEL_MUST_USE enum yodel_err sctp_chunk_parse_init(
    struct sctp_init *init, const struct sctp_chunk *chunk);
void sctp_chunk_put_init(struct writer *w, uint8_t type, const struct sctp_init *init);

// Writes as many unrecognized parameters as fit, each in a parameter that says so.
void sctp_chunk_put_unknown(struct writer *w, const struct sctp_init *init);

// ---- SACK, §3.3.4

struct sctp_sack {
    uint32_t cumulative_tsn;
    uint32_t a_rwnd;
    size_t gap_count;
    const uint8_t *gaps; // Pairs of 16-bit offsets.
};

YODEL_MUST_USE enum yodel_err sctp_chunk_parse_sack(
    struct sctp_sack *sack, const struct sctp_chunk *chunk);

static inline uint16_t sctp_chunk_load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

// ---- ERROR and ABORT, §3.3.7, §3.3.10

void sctp_chunk_put_error(
    struct writer *w, uint8_t type, uint8_t flags, enum sctp_cause cause, struct bytes info);

// The first cause in an ERROR or ABORT, or 0.
uint16_t sctp_chunk_first_cause(const struct sctp_chunk *chunk);

#endif
