// SCTP packets: the common header with its checksum, and the framing of chunks and parameters.
//
// Implements  RFC 9260 §3.1 (common header), §3.2 (chunks), §3.2.1 (parameters), §6.8 (checksum)
// Not here    what is inside a chunk (sctp/chunk.h)
// Ownership   everything parsed borrows from the packet
// Limits      a chunk is at most 65535 bytes, as its length field says

#ifndef SCTP_PACKET_H
#define SCTP_PACKET_H

#include "base/bytes.h"
#include "base/err.h"

#define SCTP_HEADER_SIZE 12
#define SCTP_CHUNK_HEADER_SIZE 4
#define SCTP_PARAM_HEADER_SIZE 4

struct sctp_header {
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t tag; // The verification tag.
};

struct sctp_chunk {
    uint8_t type;
    uint8_t flags;
    struct bytes value; // Without the padding.
    struct bytes whole; // With the chunk's header, for an error that quotes it.
};

struct sctp_param {
    uint16_t type;
    struct bytes value;
    struct bytes whole; // With its header, as INIT ACK reports it.
};

// Checks length and checksum, and sets `chunks` to what follows the header. FOREIGN: too short to
// be SCTP; UNAUTHENTIC: the checksum does not match.
YODEL_MUST_USE enum yodel_err sctp_packet_open(
    struct bytes packet, struct sctp_header *header, struct reader *chunks);

// Each takes the next one and returns true, or returns false at the end; where what is left is
// malformed, `r->failed` is set too. §3.2: a last chunk's padding may be missing.
bool sctp_packet_next_chunk(struct reader *r, struct sctp_chunk *chunk);
bool sctp_packet_next_param(struct reader *r, struct sctp_param *param);

// Begins a packet; its checksum is set by sctp_packet_seal, once everything has been written.
void sctp_packet_start(struct writer *w, const struct sctp_header *header);
void sctp_packet_seal(struct span packet);

// Opens a chunk or a parameter, and closes it by setting its length. `at` is what the opening
// returned. §3.2: a chunk's length counts the padding of its parameters, but for the last one: so a
// parameter is padded when the next one begins.
size_t sctp_packet_begin_chunk(struct writer *w, uint8_t type, uint8_t flags);
void sctp_packet_end_chunk(struct writer *w, size_t at);
size_t sctp_packet_begin_param(struct writer *w, uint16_t type);
void sctp_packet_end_param(struct writer *w, size_t at);

#endif
