// RTP frames: a ring of packets by their numbers, and the search for whole frames in it.

#include "rtp/frames.h"

#include "base/assert.h"

enum yodel_err rtp_frames_init(struct rtp_frames *frames, struct alloc *alloc, size_t places)
{
    YODEL_ASSERT(places > 0 && places <= UINT16_MAX);
    size_t table = places * sizeof(struct rtp_frames_slot);
    uint8_t *block = alloc_new(alloc, table + places * RTP_FRAMES_PACKET_MAX);

    if (!block) {
        return YODEL_ERR_NO_MEMORY;
    }
    *frames = (struct rtp_frames){.alloc = alloc,
        .slots = (struct rtp_frames_slot *)(void *)block,
        .payloads = block + table,
        .places = places};
    return YODEL_OK;
}

void rtp_frames_deinit(struct rtp_frames *frames)
{
    alloc_free(frames->alloc, frames->slots);
    *frames = (struct rtp_frames){0};
}

void rtp_frames_restart(struct rtp_frames *frames)
{
    for (uint64_t i = 0; i < frames->places; i++) {
        frames->slots[i].is_used = false;
    }
    frames->losses += frames->is_flowing;
    frames->is_started = frames->is_flowing = false;
    frames->next = frames->end = frames->border = 0;
    frames->stored = frames->keys = 0;
    frames->is_key_wanted = false; // Until its first packet.
}

static struct rtp_frames_slot *place_of(const struct rtp_frames *frames, uint64_t seq)
{
    return &frames->slots[seq % frames->places];
}

static uint8_t *payload_of(const struct rtp_frames *frames, uint64_t seq)
{
    return frames->payloads + seq % frames->places * RTP_FRAMES_PACKET_MAX;
}

// The packet of this number, or NULL.
static struct rtp_frames_slot *find(const struct rtp_frames *frames, uint64_t seq)
{
    struct rtp_frames_slot *slot = place_of(frames, seq);

    return slot->is_used && slot->place.seq == seq ? slot : NULL;
}

static void forget(struct rtp_frames *frames, struct rtp_frames_slot *slot)
{
    YODEL_ASSERT(slot->is_used && frames->stored > 0);
    slot->is_used = false;
    frames->stored--;
    frames->keys -= slot->info.is_key;
}

// The lowest number that may be stored.
static uint64_t oldest(const struct rtp_frames *frames)
{
    uint64_t window = frames->end > frames->places ? frames->end - frames->places : 0;

    return window > frames->next ? window : frames->next;
}

static void forget_below(struct rtp_frames *frames, uint64_t seq)
{
    for (uint64_t i = oldest(frames); i < seq && i < frames->end; i++) {
        struct rtp_frames_slot *slot = find(frames, i);
        if (slot) {
            forget(frames, slot);
        }
    }
    frames->next = seq > frames->next ? seq : frames->next;
}

// ---- key frames

// Wants one from `at` on, but not sooner than the interval after the last request.
static void want_key(struct rtp_frames *frames, yodel_time at)
{
    frames->key_due = at > frames->key_due ? at : frames->key_due;
    frames->is_key_wanted = true;
}

void rtp_frames_lose(struct rtp_frames *frames, yodel_time now)
{
    frames->losses += frames->is_flowing;
    frames->is_flowing = false;
    if (!frames->is_key_wanted) {
        want_key(frames, now);
    }
}

bool rtp_frames_take_request(struct rtp_frames *frames, yodel_time now)
{
    if (!frames->is_key_wanted || now < frames->key_due) {
        return false;
    }
    frames->key_due = time_after(now, RTP_FRAMES_KEY_INTERVAL);
    frames->key_requests++;
    return true;
}

// ---- receiving

// Makes room for a number above all that came. What was still waited for there is lost.
static void extend(struct rtp_frames *frames, uint64_t seq, yodel_time now)
{
    if (seq - frames->next >= frames->places && frames->is_flowing) {
        rtp_frames_lose(frames, now);
    }
    uint64_t keep = seq >= frames->places ? seq - frames->places + 1 : 0;
    if (keep > oldest(frames)) {
        forget_below(frames, keep);
    }
    frames->end = seq + 1;
}

static void store(struct rtp_frames *frames, const struct rtp_frames_packet *packet,
    const struct rtp_payload_info *info, yodel_time now)
{
    struct rtp_frames_slot *slot = place_of(frames, packet->place.seq);

    YODEL_ASSERT(!slot->is_used);
    *slot = (struct rtp_frames_slot){.is_used = true,
        .is_last = packet->is_last,
        .len = (uint16_t)packet->payload.len,
        .codec = packet->codec,
        .place = packet->place,
        .info = *info,
        .arrival = now};
    if (packet->payload.len > 0) {
        memcpy(payload_of(frames, packet->place.seq), packet->payload.ptr, packet->payload.len);
    }
    frames->since = frames->stored == 0 ? now : frames->since;
    frames->stored++;
    frames->keys += info->is_key;
}

void rtp_frames_recv(
    struct rtp_frames *frames, const struct rtp_frames_packet *packet, yodel_time now)
{
    uint64_t seq = packet->place.seq;
    struct rtp_payload_info info = {0};

    if (!frames->is_started) {
        frames->is_started = true;
        frames->next = frames->end = frames->border = seq;
        want_key(frames, time_after(now, RTP_FRAMES_KEY_FIRST));
    }
    if (seq < oldest(frames) || find(frames, seq)) {
        frames->dropped[RTP_FRAMES_LATE]++;
        return;
    }
    if (packet->payload.len > RTP_FRAMES_PACKET_MAX) {
        frames->dropped[RTP_FRAMES_LARGE]++;
        return;
    }
    if (packet->payload.len > 0 &&
        rtp_payload_inspect(&info, packet->codec, packet->payload) != YODEL_OK) {
        frames->dropped[RTP_FRAMES_MALFORMED]++;
        return;
    }
    if (seq >= frames->end) {
        extend(frames, seq, now);
    }
    store(frames, packet, &info, now);
}

// ---- finding frames

static bool is_same_frame(const struct rtp_frames_slot *a, const struct rtp_frames_slot *b)
{
    return a->len > 0 && b->len > 0 && a->codec == b->codec &&
           a->place.timestamp == b->place.timestamp;
}

// Whether a frame that begins with `first` is whole; what is known of it without its bytes. A frame
// ends with the marker or, where a sender sets none, before the next one's beginning.
static bool measure(const struct rtp_frames *frames, uint64_t first, struct rtp_frame *frame)
{
    const struct rtp_frames_slot *start = find(frames, first);
    const struct rtp_frames_slot *slot = start;

    if (!start || start->len == 0 || !start->info.is_start) {
        return false;
    }
    *frame = (struct rtp_frame){
        .codec = start->codec, .timestamp = start->place.timestamp, .first = first, .last = first};
    for (;;) {
        frame->is_key = frame->is_key || slot->info.is_key;
        frame->width = slot->info.width > 0 ? slot->info.width : frame->width;
        frame->height = slot->info.height > 0 ? slot->info.height : frame->height;
        frame->arrival = slot->arrival > frame->arrival ? slot->arrival : frame->arrival;
        if (slot->is_last) {
            return true;
        }
        slot = find(frames, frame->last + 1);
        if (!slot || !is_same_frame(start, slot)) {
            return slot && slot->info.is_start;
        }
        frame->last++;
    }
}

// Whether it is sure that a frame begins here. VP8, VP9 and a sequence of AV1 say so; of H.264, a
// parameter set does, or where it lies. Of packets that follow each other only the first is looked
// at, so that a search takes each packet once.
static bool is_sure_start(const struct rtp_frames *frames, uint64_t seq)
{
    const struct rtp_frames_slot *slot = find(frames, seq);
    const struct rtp_frames_slot *before = find(frames, seq - 1);

    if (!slot || !slot->info.is_start || (before && is_same_frame(before, slot))) {
        return false;
    }
    if (slot->codec != RTP_CODEC_H264) {
        return slot->info.is_key;
    }
    return before || slot->info.width > 0 || seq == frames->border;
}

// A whole key frame ends all waiting for what is before it.
static bool find_key(const struct rtp_frames *frames, struct rtp_frame *frame)
{
    for (uint64_t seq = oldest(frames); frames->keys > 0 && seq < frames->end; seq++) {
        if (is_sure_start(frames, seq) && measure(frames, seq, frame) && frame->is_key) {
            return true;
        }
    }
    return false;
}

static bool find_next(struct rtp_frames *frames, struct rtp_frame *frame)
{
    const struct rtp_frames_slot *slot = find(frames, frames->next);

    while (frames->is_flowing && slot && slot->len == 0) {
        forget_below(frames, frames->next + 1);
        slot = find(frames, frames->next);
    }
    return (frames->is_flowing && measure(frames, frames->next, frame)) || find_key(frames, frame);
}

static enum yodel_err assemble(
    const struct rtp_frames *frames, struct rtp_frame *frame, struct span room)
{
    struct rtp_payload_state state = {0};
    struct writer w = writer_of(room);

    for (uint64_t seq = frame->first; seq <= frame->last; seq++) {
        struct bytes payload = bytes_of(payload_of(frames, seq), find(frames, seq)->len);
        enum yodel_err err = rtp_payload_append(&state, frame->codec, payload, &w);
        if (err != YODEL_OK) {
            return err;
        }
    }
    frame->data = writer_bytes(&w);
    return rtp_payload_is_whole(&state) ? YODEL_OK : YODEL_ERR_MALFORMED;
}

static void put_out(struct rtp_frames *frames, const struct rtp_frame *frame, yodel_time now)
{
    frames->since = now;
    frames->frames++;
    if (frame->is_key) {
        frames->key_frames++;
        frames->is_flowing = true;
        frames->is_key_wanted = false;
    }
}

bool rtp_frames_next(
    struct rtp_frames *frames, struct span room, struct rtp_frame *frame, yodel_time now)
{
    struct rtp_frame found;

    while (frames->is_started && find_next(frames, &found)) {
        enum yodel_err err = assemble(frames, &found, room);
        forget_below(frames, found.last + 1);
        frames->border = found.last + 1;
        if (err == YODEL_OK) {
            put_out(frames, &found, now);
            *frame = found;
            return true;
        }
        frames->dropped[err == YODEL_ERR_TOO_LARGE ? RTP_FRAMES_LARGE : RTP_FRAMES_MALFORMED]++;
        rtp_frames_lose(frames, now);
    }
    return false;
}

// ---- time

void rtp_frames_tick(struct rtp_frames *frames, yodel_time now)
{
    struct rtp_frame frame;

    if (!frames->is_flowing || frames->stored == 0 ||
        now < time_after(frames->since, RTP_FRAMES_WAIT_MAX)) {
        return;
    }
    if (find_next(frames, &frame)) {
        frames->since = now; // It is there, and nobody takes it.
    } else {
        rtp_frames_lose(frames, now);
    }
}

yodel_time rtp_frames_next_timeout(const struct rtp_frames *frames)
{
    yodel_time key = frames->is_key_wanted ? frames->key_due : YODEL_NEVER;
    bool is_waiting = frames->is_flowing && frames->stored > 0;

    return time_min(key, is_waiting ? time_after(frames->since, RTP_FRAMES_WAIT_MAX) : YODEL_NEVER);
}
