// SCTP congestion control: RFC 9260 §7.2, which is TCP's NewReno in bytes.

#include "sctp/cc.h"

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

void sctp_cc_init(struct sctp_cc *cc, size_t mtu)
{
    *cc = (struct sctp_cc){
        .mtu = mtu, .window = SCTP_CC_INITIAL_PACKETS * mtu, .threshold = SCTP_CC_WINDOW_MAX};
}

void sctp_cc_set_mtu(struct sctp_cc *cc, size_t mtu)
{
    cc->mtu = mtu;
    cc->window = max(cc->window, mtu);
}

void sctp_cc_on_ack(struct sctp_cc *cc, size_t acked, size_t flight, uint64_t tsn)
{
    if (cc->recovering) {
        cc->recovering = tsn < cc->recover;
        return; // §7.2.4: the window does not grow in fast recovery.
    }
    if (flight + cc->mtu < cc->window) {
        return; // §7.2.1: a window that was not used says nothing about the path.
    }
    if (cc->window <= cc->threshold) {
        cc->window += acked;
    } else {
        cc->partial += acked; // §7.2.2
        if (cc->partial >= cc->window) {
            cc->partial -= cc->window;
            cc->window += cc->mtu;
        }
    }
    if (cc->window > SCTP_CC_WINDOW_MAX) {
        cc->window = SCTP_CC_WINDOW_MAX;
    }
}

bool sctp_cc_on_loss(struct sctp_cc *cc, uint64_t last_tsn)
{
    if (cc->recovering) {
        return false;
    }
    cc->threshold = max(cc->window / 2, 4 * cc->mtu); // §7.2.3
    cc->window = cc->threshold;
    cc->partial = 0;
    cc->recover = last_tsn;
    cc->recovering = true;
    return true;
}

void sctp_cc_on_timeout(struct sctp_cc *cc)
{
    cc->threshold = max(cc->window / 2, 4 * cc->mtu); // §7.2.3
    cc->window = cc->mtu;
    cc->partial = 0;
    cc->recovering = false;
}

void sctp_cc_on_idle(struct sctp_cc *cc)
{
    cc->window = max(cc->window / 2, 4 * cc->mtu); // §7.2.1
}
