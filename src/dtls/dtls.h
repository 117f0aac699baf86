// DTLS 1.2: one connection between two peers, as an engine without sockets.
//
//              start                 both Finished              close_notify
//    [new] ------------> [handshaking] ----------> [connected] ------------> [closed]
//                              |                       |
//                              +-----> [failed] <------+
//
// Implements  RFC 6347 (DTLS 1.2), RFC 8827 §6.5 (fingerprints), RFC 7627 (extended master secret,
//             demanded), RFC 5764 (SRTP's profile and keys)
// Not here    the protocol itself, which is libssl's; SRTP, whose keys are exported here; ICE, which says
//             when to start
// Ownership   the caller owns the struct, which must not move between start and deinit; it borrows
//             env and identity; a data event borrows from the datagram, until the next recv or
//             next_event
// Time        every `now` must be at least the one before it. libssl keeps the retransmission timer
//             by gettimeofday: a wall clock that is set back during a handshake delays a
//             retransmission, never the end at DTLS_PATIENCE
// Limits      DTLS_MTU bytes a handshake datagram, DTLS_DATA_MAX a message, DTLS_RECORDS_MAX
//             records of data a datagram; DTLS_EARLY_COUNT records of data wait for the handshake's
//             end; DTLS_PATIENCE for a handshake
// Departs     RFC 6347 §4.1.2.7 lets a plaintext fatal alert end a handshake. Anybody can send one,
//             so it is noted and ignored: a handshake that the peer has given up ends by
//             DTLS_PATIENCE

#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include "base/env.h"
#include "base/err.h"
#include "dtls/identity.h"
#include "dtls/record.h"
#include "dtls/wire.h"

#define DTLS_MTU 1200
#define DTLS_DATA_MAX 16384
#define DTLS_RECORDS_MAX 16
#define DTLS_EARLY_SIZE 4800
#define DTLS_EARLY_COUNT 8
#define DTLS_SEALED_EARLY_MAX                                                                      \
    32 // Finished and alerts that libssl may have to keep until it has keys.
#define DTLS_PATIENCE YODEL_SECONDS(30)
#define DTLS_RTO_FIRST YODEL_MS(100)
#define DTLS_RTO_MAX YODEL_SECONDS(3)

// dtls_seal: the plaintext lies DTLS_SEAL_HEAD bytes into the room, and DTLS_SEAL_TAIL bytes are
// free behind it.
#define DTLS_SEAL_HEAD 21 // Record header and explicit nonce.
#define DTLS_SEAL_TAIL 16 // Tag.
#define DTLS_SEAL_OVERHEAD (DTLS_SEAL_HEAD + DTLS_SEAL_TAIL)

#define DTLS_SRTP_MASTER_MAX 46 // A key of 32 bytes and a salt of 14.

struct ssl_st;

enum dtls_role { DTLS_CLIENT, DTLS_SERVER };

enum dtls_state { DTLS_NEW, DTLS_HANDSHAKING, DTLS_CONNECTED, DTLS_CLOSED, DTLS_FAILED };

enum dtls_failure {
    DTLS_FAILURE_NONE,
    DTLS_FAILURE_FINGERPRINT, // The peer's certificate is not the one that signaling promised.
    DTLS_FAILURE_TIMEOUT,     // The handshake did not end in time.
    DTLS_FAILURE_PROTOCOL,    // The peer's messages cannot lead to a connection.
    DTLS_FAILURE_ALERT,       // The peer ended it, and proved that it was the peer.
};

enum dtls_event_type {
    DTLS_EVENT_CONNECTED,
    DTLS_EVENT_DATA,
    DTLS_EVENT_CLOSED,
    DTLS_EVENT_FAILED
};

struct dtls_event {
    enum dtls_event_type type;
    struct span data;          // DTLS_EVENT_DATA: the plaintext.
    enum dtls_failure failure; // DTLS_EVENT_FAILED.
    uint8_t alert; // DTLS_EVENT_FAILED: the last alert that was ignored, or 0; a hint for the log.
};

struct dtls_stats {
    uint64_t drop[DTLS_DROP_COUNT];
    uint64_t retransmissions; // Flights sent again.
};

struct dtls_early; // Data that came before the handshake's end.

struct dtls {
    const struct env *env;
    struct dtls_identity *identity;
    enum dtls_state state;
    enum dtls_role role;
    struct ssl_st *ssl; // NULL before start.
    struct dtls_trust trust;
    struct dtls_wire wire;
    struct dtls_early *early; // NULL unless there is some.
    struct span data[DTLS_RECORDS_MAX];
    uint32_t data_next, data_count;
    uint32_t sealed_early;                      // How much of DTLS_SEALED_EARLY_MAX is used.
    size_t overhead;                            // Of the suite agreed on, or the larger one.
    uint32_t plaintext_count;                   // Records of epoch 0 that libssl was given.
    bool has_connected, has_closed, has_failed; // Events to give.
    enum dtls_failure failure;
    uint8_t alert;
    yodel_time due;     // When to retransmit.
    yodel_time give_up; // When a handshake is over.
    struct dtls_stats stats;
};

void dtls_init(struct dtls *dtls, const struct env *env, struct dtls_identity *identity);
void dtls_deinit(struct dtls *dtls);

// Begins the handshake. What came before it is not known here. `remote` is what signaling promised:
// YODEL_ERR_RANGE for none or more than DTLS_FINGERPRINTS_MAX, YODEL_ERR_INVALID_STATE for a second
// start.
YODEL_MUST_USE enum yodel_err dtls_start(struct dtls *dtls, enum dtls_role role,
    const struct dtls_fingerprint *remote, size_t count, yodel_time now);

// Ends a connection with a close_notify, which waits for dtls_emit. There is no event for it.
void dtls_close(struct dtls *dtls);

// Inputs. The datagram is decrypted in place.
void dtls_recv(struct dtls *dtls, struct span datagram, yodel_time now);
void dtls_tick(struct dtls *dtls, yodel_time now);

// Outputs. `room` has at least DTLS_MTU bytes; 0 when there is nothing to send.
size_t dtls_emit(struct dtls *dtls, struct span room, yodel_time now);
bool dtls_next_event(struct dtls *dtls, struct dtls_event *event);
yodel_time dtls_next_timeout(const struct dtls *dtls);

// Seals `len` bytes of plaintext, which the caller has written DTLS_SEAL_HEAD bytes into `room`.
// The record then starts at room.ptr; returns its length, or 0 when nothing can be sent (not
// connected, or the wrong length).
size_t dtls_seal(struct dtls *dtls, struct span room, size_t len);

struct dtls_srtp {
    uint16_t profile;  // As use_srtp has it: RFC 5764 §4.1.2, RFC 7714 §14.2.
    size_t master_len; // Of each: the key and then the salt.
    uint8_t local[DTLS_SRTP_MASTER_MAX],
        remote[DTLS_SRTP_MASTER_MAX]; // What we, and the peer, protect with.
};

// The keys of media, once connected; whoever asks wipes them. YODEL_ERR_INVALID_STATE before that,
// YODEL_ERR_NOT_FOUND where the peer agreed on no profile.
YODEL_MUST_USE enum yodel_err dtls_export_srtp(const struct dtls *dtls, struct dtls_srtp *keys);

const char *dtls_failure_name(enum dtls_failure failure);

#endif
