// STUN client transaction: one request, its retransmissions, and its single outcome.
//
// Implements  RFC 8489 §6.2.1 (sending over UDP), §6.3 (matching the response)
// Not here    the request itself: who owns the transaction builds it, the same each time, when
//             stun_txn_emit says so
// Ownership   a value
// Time        every `now` must be at least the one before it

#ifndef STUN_TXN_H
#define STUN_TXN_H

#include "base/env.h"
#include "base/time.h"
#include "stun/msg.h"

#define STUN_TXN_RTO YODEL_MS(500)
#define STUN_TXN_DOUBLINGS 5
#define STUN_TXN_RC 7
#define STUN_TXN_RM 16

//            start             recv
//   IDLE ------------> WAITING ----> ANSWERED
//                         |  tick, long after the last transmission
//                         +--------> TIMED_OUT
enum stun_txn_state { STUN_TXN_IDLE, STUN_TXN_WAITING, STUN_TXN_ANSWERED, STUN_TXN_TIMED_OUT };

struct stun_txn_schedule {
    yodel_duration rto; // Between the first two transmissions; doubles each time, or so often:
    uint32_t doublings;
    uint32_t rc; // Transmissions in all.
    uint32_t rm; // The wait after the last one, in `rto`s.
};

struct stun_txn {
    enum stun_txn_state state;
    uint8_t id[STUN_ID_SIZE];
    struct stun_txn_schedule schedule;
    bool is_repeated;   // More than one transmission, ever.
    uint32_t sent;      // Transmissions so far.
    yodel_time sent_at; // The latest of them.
    yodel_time due;     // When to transmit again or, after the last one, to give up.
};

// §6.2.1's own numbers.
struct stun_txn_schedule stun_txn_defaults(void);

// Begins with a new random id. The first transmission is due now.
void stun_txn_start(struct stun_txn *txn, const struct env *env,
    const struct stun_txn_schedule *schedule, yodel_time now);

// Input. Returns true when `msg` answers this transaction, whatever it says. The caller has already
// checked its integrity (stun/auth.h): a forged answer must not end anything.
bool stun_txn_recv(struct stun_txn *txn, const struct stun_msg *msg);
void stun_txn_tick(struct stun_txn *txn, yodel_time now);

// Output. True when the request is to be sent now; it counts as sent then.
bool stun_txn_emit(struct stun_txn *txn, yodel_time now);
yodel_time stun_txn_next_timeout(const struct stun_txn *txn);

// Makes the same request due at once, with the whole schedule before it again.
void stun_txn_repeat(struct stun_txn *txn, yodel_time now);

// The round trip time, where exactly one transmission can have been answered, or 0.
yodel_duration stun_txn_rtt(const struct stun_txn *txn, yodel_time now);

// Whether `msg` carries this transaction's id, in any state but STUN_TXN_IDLE.
bool stun_txn_matches(const struct stun_txn *txn, const struct stun_msg *msg);

#endif
