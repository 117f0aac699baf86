// The wire: libssl's BIO, which keeps datagram borders and never blocks.
//
// What libssl reads is the one record that dtls_recv hands in; what it writes is either application
// data, which lands in the caller's room, or a datagram of handshake and alerts, which waits here
// for dtls_emit.
//
// Ownership   borrows `in` and `room` for one call of libssl; owns what waits
// Limits      DTLS_WIRE_SIZE bytes and DTLS_WIRE_COUNT datagrams wait; more is lost, as on a
// network, and comes again

#ifndef DTLS_WIRE_H
#define DTLS_WIRE_H

#include "base/bytes.h"

#define DTLS_WIRE_SIZE 4800 // Two of the longest flights that we send.
#define DTLS_WIRE_COUNT 8

struct bio_st;
struct bio_method_st;

struct dtls_wire {
    struct bytes in;  // What libssl may read, once.
    struct span room; // Where application data goes.
    size_t sealed;    // How much of it is there.
    uint64_t lost;
    uint32_t first, end;             // Of lens: those that wait.
    size_t first_offset, end_offset; // Of waiting.
    uint16_t lens[DTLS_WIRE_COUNT];
    uint8_t waiting[DTLS_WIRE_SIZE];
};

struct bio_method_st *dtls_wire_method_new(void);
struct bio_st *dtls_wire_bio_new(struct dtls_wire *wire, const struct bio_method_st *method);

// The next datagram that waits goes to `room`; 0 if there is none or it does not fit.
size_t dtls_wire_emit(struct dtls_wire *wire, struct span room);
void dtls_wire_clear(struct dtls_wire *wire);

static inline bool dtls_wire_is_empty(const struct dtls_wire *wire)
{
    return wire->first == wire->end;
}

#endif
