// RTP packets: the header, read and written, and which datagrams are RTP at all.
//
// Implements  RFC 3550 §5.1 (the header), §5.3.1 (the frame of its extension); RFC 5761 §4 (RTP and
//             RTCP on one port)
// Not here    what is in the extension (rtp/ext.h), who sends (rtp/source.h), encryption
// Ownership   a parsed packet borrows from the datagram and dies with it
// Limits      what the header can say: RTP_PACKET_CSRCS_MAX sources, 255 bytes of padding

#ifndef RTP_PACKET_H
#define RTP_PACKET_H

#include "base/bytes.h"
#include "base/err.h"

#define RTP_PACKET_HEADER_SIZE 12 // The least.
#define RTP_PACKET_CSRCS_MAX 15
#define RTP_PACKET_VERSION 0x80            // 2, in the two highest bits of every packet.
#define RTP_PACKET_EXTENSION 0x10          // X, in the same byte.
#define RTP_PACKET_MARKER 0x80             // M, in the byte of the payload type.
#define RTP_PACKET_ONE_BYTE_PROFILE 0xbede // RFC 8285 §4.2.
#define RTP_PACKET_TWO_BYTE_PROFILE 0x1000 // §4.3; the lowest four bits are the application's.

enum rtp_kind { RTP_KIND_FOREIGN, RTP_KIND_RTP, RTP_KIND_RTCP };

// RFC 8285 §4.2, §4.3. OTHER is a profile that nobody has agreed on: it is passed over.
enum rtp_ext_form { RTP_EXT_NONE, RTP_EXT_ONE_BYTE, RTP_EXT_TWO_BYTE, RTP_EXT_OTHER };

struct rtp_packet {
    bool marker;
    uint8_t payload_type;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    struct bytes csrcs; // Four bytes each.
    enum rtp_ext_form ext_form;
    uint16_t ext_profile;
    struct bytes exts;    // The extension without its header of four bytes.
    struct bytes payload; // Without the padding.
    uint8_t padding_len;
};

// By the first two bytes, so that it works on encrypted packets too. Payload types 64 to 95 with
// the marker look like RTCP and are therefore never agreed on (RFC 5761 §4).
enum rtp_kind rtp_packet_kind(struct bytes datagram);

// FOREIGN: not version 2, or too short for a header. `packet` is written only on YODEL_OK.
YODEL_MUST_USE enum yodel_err rtp_packet_parse(struct rtp_packet *packet, struct bytes datagram);

// Writes the header with `csrcs` and, unless the form is NONE, `exts` as they are, whose length is
// a multiple of four. Extensions by value, the payload and padding follow it.
void rtp_packet_put_header(struct writer *w, const struct rtp_packet *packet);

// §5.1: ends the packet that begins at `at` with `len` bytes of padding, 0 for none.
void rtp_packet_put_padding(struct writer *w, size_t at, uint8_t len);

// The whole packet as it was parsed.
void rtp_packet_put(struct writer *w, const struct rtp_packet *packet);

// Sets the marker of a packet that is written already, as its payload says whether it is the last.
static inline void rtp_packet_store_marker(struct span packet)
{
    packet.ptr[1] |= RTP_PACKET_MARKER;
}

#endif
