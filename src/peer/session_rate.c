// The media session's rates: what the estimate is, and who gets how much of it.

#include "base/assert.h"
#include "peer/session.h"

#define NETWORK_OVERHEAD 44 // IPv4, UDP and SRTP's tag; the estimate is of the path, not of us.

static uint64_t max_of(const struct yodel_transceiver *t)
{
    return t->max_bps > 0 ? t->max_bps : SESSION_VIDEO_BPS_MAX;
}

static bool sends(const struct yodel_transceiver *t, bool is_video)
{
    return t->is_agreed && t->agreed.sends && (t->kind == SDP_VIDEO) == is_video;
}

void session_rate_agree(struct session *session)
{
    uint64_t max = SESSION_BPS_MIN;

    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        max += sends(t, false) ? SESSION_SOUND_BPS : 0;
        max += sends(t, true) ? max_of(t) : 0;
    }
    cc_gcc_set_feedback(&session->gcc, session->has_feedback);
    cc_gcc_set_limits(
        &session->gcc, &(struct cc_gcc_limits){SESSION_BPS_MIN, SESSION_BPS_START, max});
    session->shared_bps = 0; // Other streams, or other limits of theirs.
    session->waiting.is_stale = true;
}

// Gives each stream of video its part of the target.
static void split(struct session *session, uint64_t target_bps)
{
    struct cc_allocator_stream streams[CC_ALLOCATOR_STREAMS_MAX];
    struct yodel_transceiver *owners[CC_ALLOCATOR_STREAMS_MAX];
    struct cc_allocator_budget budget = {.target_bps = target_bps, .repair = session->shared_loss};
    size_t count = 0;

    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        budget.audio_bps += sends(t, false) && t->out ? SESSION_SOUND_BPS : 0;
        if (sends(t, true) && t->out && count < CC_ALLOCATOR_STREAMS_MAX) {
            owners[count] = t;
            streams[count++] = (struct cc_allocator_stream){
                .min_bps = SESSION_VIDEO_BPS_MIN, .max_bps = max_of(t), .bps = t->out->bps};
        }
    }
    (void)cc_allocator_split(&budget, streams, count);
    for (size_t i = 0; i < count; i++) {
        owners[i]->out->bps = streams[i].bps;
    }
}

static void share(struct session *session, const struct cc_target *target, yodel_time now)
{
    if (target->target_bps == session->shared_bps && target->loss == session->shared_loss) {
        return;
    }
    session->shared_bps = target->target_bps;
    session->shared_loss = target->loss;
    split(session, target->target_bps);
    cc_pacer_set_rates(&session->pacer, target->pacing_bps, 0, now);
}

// What waits: sound, which does not wait for the pacer, and all else, which does.
static struct cc_pacer_queue look_at_queues(struct session *session)
{
    struct cc_pacer_queue queue = {0, YODEL_NEVER};

    session->waiting = (struct session_waiting){0};
    for (struct yodel_transceiver *t = NULL;
         (t = jsep_transceiver_next(session->jsep, t)) != NULL;) {
        const struct outbound *out = t->out;

        if (!out || !sends(t, out->is_video)) {
            continue;
        }
        if (!out->is_video) {
            session->waiting.has_sound |= out->frame_count > 0;
            continue;
        }
        session->waiting.has_video |= out->frame_count > 0;
        queue.bytes += out->bytes;
        queue.oldest = time_min(queue.oldest, outbound_oldest(out));
        if (out->history.wanted_count > 0) {
            session->waiting.has_wanted = true;
            queue.bytes += out->history.wanted_count * OUTBOUND_PACKET_MAX;
            queue.oldest = time_min(queue.oldest, session->now);
        }
    }
    return queue;
}

void session_rate_update(struct session *session, yodel_time now)
{
    struct cc_target target = cc_gcc_target(&session->gcc);
    struct cc_probe probe;

    share(session, &target, now);
    if (session->waiting.is_stale) {
        struct cc_pacer_queue queue = look_at_queues(session);
        cc_pacer_set_queue(&session->pacer, &queue, now);
    }
    if (!cc_pacer_is_probing(&session->pacer) && cc_gcc_next_probe(&session->gcc, &probe)) {
        cc_pacer_start_probe(&session->pacer, &probe, now);
    }
}

void session_rate_rest(struct session *session, yodel_time now)
{
    session->waiting.is_stale |= session->waiting.has_left;
    session_rate_update(session, now);
}

void session_rate_sent(
    struct session *session, enum cc_pacer_kind kind, size_t size, bool is_counted, yodel_time now)
{
    size_t whole = size + NETWORK_OVERHEAD;
    uint32_t probe = cc_pacer_sent(&session->pacer, kind, whole, now);

    // Where there is feedback, what it will not name says nothing of the path.
    if (is_counted || !session->has_feedback) {
        cc_gcc_sent(&session->gcc, &(struct cc_sent){session->transport_seq, whole, probe}, now);
    }
}
