// G.711: a byte a sample, 8000 in a second, by either of two laws.
//
// Implements  ITU-T G.711 (A-law and mu-law); RFC 3551 §4.5.14 (the payload: the samples, any
//             number of them, but for none)
// Ownership   the caller's room
// Limits      none: a payload sounds as long as it has bytes

#ifndef RTP_PAYLOAD_G711_H
#define RTP_PAYLOAD_G711_H

#include "base/bytes.h"

#define RTP_G711_CLOCK_RATE 8000

enum rtp_g711_law { RTP_G711_MU, RTP_G711_A }; // PCMU, payload type 0, and PCMA, 8.

// `samples` has room for one of each byte.
void rtp_g711_decode(enum rtp_g711_law law, struct bytes payload, int16_t *samples);
void rtp_g711_put(struct writer *w, enum rtp_g711_law law, const int16_t *samples, size_t count);

#endif
