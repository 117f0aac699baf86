// STUN client transaction: the schedule of retransmissions.
//
// Implements  RFC 8489 §6.2.1

#include "stun/txn.h"

struct stun_txn_schedule stun_txn_defaults(void)
{
    return (struct stun_txn_schedule){STUN_TXN_RTO, STUN_TXN_DOUBLINGS, STUN_TXN_RC, STUN_TXN_RM};
}

void stun_txn_start(struct stun_txn *txn, const struct env *env,
    const struct stun_txn_schedule *schedule, yodel_time now)
{
    *txn = (struct stun_txn){.state = STUN_TXN_WAITING, .schedule = *schedule, .due = now};
    env_random(env, span_of(txn->id, sizeof txn->id));
}

bool stun_txn_matches(const struct stun_txn *txn, const struct stun_msg *msg)
{
    return txn->state != STUN_TXN_IDLE && memcmp(msg->id, txn->id, STUN_ID_SIZE) == 0;
}

bool stun_txn_recv(struct stun_txn *txn, const struct stun_msg *msg)
{
    if (txn->state != STUN_TXN_WAITING || (txn->sent == 0 && !txn->is_repeated) ||
        !stun_txn_matches(txn, msg)) {
        return false;
    }
    txn->state = STUN_TXN_ANSWERED;
    return true;
}

void stun_txn_tick(struct stun_txn *txn, yodel_time now)
{
    if (txn->state == STUN_TXN_WAITING && txn->sent == txn->schedule.rc && now >= txn->due) {
        txn->state = STUN_TXN_TIMED_OUT;
    }
}

bool stun_txn_emit(struct stun_txn *txn, yodel_time now)
{
    const struct stun_txn_schedule *schedule = &txn->schedule;

    if (txn->state != STUN_TXN_WAITING || txn->sent >= schedule->rc || now < txn->due) {
        return false;
    }
    uint32_t doublings = txn->sent < schedule->doublings ? txn->sent : schedule->doublings;
    yodel_duration wait = schedule->rto << doublings;
    txn->is_repeated = txn->is_repeated || txn->sent > 0;
    txn->sent++;
    txn->sent_at = now;
    txn->due = time_after(now, txn->sent < schedule->rc ? wait : schedule->rm * schedule->rto);
    return true;
}

yodel_time stun_txn_next_timeout(const struct stun_txn *txn)
{
    return txn->state == STUN_TXN_WAITING ? txn->due : YODEL_NEVER;
}

void stun_txn_repeat(struct stun_txn *txn, yodel_time now)
{
    if (txn->state == STUN_TXN_WAITING) {
        txn->is_repeated = txn->is_repeated || txn->sent > 0;
        txn->sent = 0;
        txn->due = now;
    }
}

yodel_duration stun_txn_rtt(const struct stun_txn *txn, yodel_time now)
{
    return txn->is_repeated || txn->sent == 0 ? 0 : time_since(now, txn->sent_at);
}
