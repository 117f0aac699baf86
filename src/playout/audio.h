// Audio's playout: packets come when they come, and 10 ms of sound are taken each 10 ms.
//
//   packets -> | waiting, by timestamp | -> decoder -> | waiting samples, stretched | -> 10 ms
//                        recv               next, put                 take
//
// How late a packet is played after the quickest way it could have come is the delay. There is a target
// for it, from the path's jitter, and the delay is brought there by time stretching or, where nobody
// speaks, by longer or shorter silence. Both clocks' drift is nothing else to it.
//
//                 a packet is due
//      QUIET -----------------------> PLAYING: what follows is decoded; what is missing is made of the
//        ^                               |     next one's redundancy or concealed; while nothing is there
//        +-------------------------------+     at all, concealment waits with it
//          the sender falls silent, or nothing comes for PLAYOUT_AUDIO_HOLD_MAX
//
// Implements  RFC 7587 §3.1.3 (DTX), §3.3 (in-band FEC); the W3C's statistics of playout
// Not here    decoding; which blocks RED had (rtp/payload/red.h)
// Ownership   owns its packets and samples; a step's payload lives until the next recv, next or clear
// Time        every `now` must be at least the one before it
// Limits      `places` packets of PLAYOUT_PACKETS_LEN_MAX bytes and PLAYOUT_AUDIO_PACKET_MS; the oldest
//             gives way

#ifndef PLAYOUT_AUDIO_H
#define PLAYOUT_AUDIO_H

#include "playout/delay.h"
#include "playout/packets.h"
#include "playout/stretch.h"

#define PLAYOUT_AUDIO_PIECE YODEL_MS(10)
#define PLAYOUT_AUDIO_PACKET_MS 120
#define PLAYOUT_AUDIO_HOLD_MAX YODEL_MS(500) // As long as nothing comes, playing waits; no longer.
#define PLAYOUT_AUDIO_TARGET_MAX YODEL_SECONDS(4) // The W3C's most for jitterBufferTarget.

enum playout_audio_action {
    PLAYOUT_AUDIO_DECODE,     // The payload.
    PLAYOUT_AUDIO_DECODE_FEC, // What the payload, which is decoded next, says of the packet before.
    PLAYOUT_AUDIO_CONCEAL,    // Something is missing: go on with what was.
    PLAYOUT_AUDIO_COMFORT,    // Nobody speaks: comfort noise, or silence.
};

// What to make, to be answered by `put`.
struct playout_audio_step {
    enum playout_audio_action action;
    uint8_t payload_type; // Of the last packet where nothing is to be decoded.
    uint32_t samples;     // Of each channel.
    struct bytes payload;
};

// As the W3C names them; times are microseconds, for each sample, added up.
struct playout_audio_stats {
    uint64_t total_samples_received;
    uint64_t concealed_samples;
    uint64_t silent_concealed_samples;
    uint64_t concealment_events;
    uint64_t inserted_samples_for_deceleration;
    uint64_t removed_samples_for_acceleration;
    uint64_t jitter_buffer_emitted_count;
    uint64_t jitter_buffer_delay;
    uint64_t jitter_buffer_target_delay;
    uint64_t jitter_buffer_minimum_delay;
    uint64_t packets_discarded;
    uint64_t fec_packets_received; // Copies that RED brought,
    uint64_t fec_packets_discarded;
    uint64_t duplicates; // The rest is ours: packets that came twice,
    uint64_t malformed;  // those that are too large or sound too long, or for no time,
    uint64_t recovered;  // and samples that were made of the next packet's redundancy.
};

struct playout_audio {
    uint32_t rate;
    struct playout_packets packets;
    struct playout_stretch stretch;
    struct playout_delay network;
    yodel_duration asked; // Delay that the application wants, at least,
    yodel_duration extra; // and what is added so that video keeps up.
    // Playing.
    bool is_started; // Something was played.
    bool is_quiet;
    bool is_comfort;   // What is quiet is meant so.
    uint64_t next;     // The timestamp of what is decoded next.
    uint64_t last;     // The number of the packet that was played last; 0: unknown.
    uint64_t last_end; // The timestamp that should follow it.
    uint64_t played;   // Which of the 64 up to it were; bit 0 is the last.
    uint8_t payload_type;
    uint32_t packet_samples; // Of the last packet.
    uint32_t held;           // Samples concealed while nothing was there.
    // The pull.
    bool is_pulling;
    yodel_time clock;     // `now`, without the unrest of whoever pulls,
    yodel_duration early; // who at times is so much earlier.
    enum playout_pace pace;
    uint32_t pieces_since; // The pace was kept last.
    bool is_asked;         // There is a step that was not answered.
    struct playout_audio_step step;
    uint64_t fec_tried; // The timestamp of the packet whose redundancy was asked for; 0: none.
    // Concealment.
    uint64_t concealed_run; // Samples in a row.
    uint32_t gain;          // Of 1 << 15.
    struct playout_audio_stats stats;
};

struct playout_audio_config {
    uint32_t clock_rate; // Of the timestamps and of the samples: 8000 to 48000.
    uint32_t channels;   // 1 or 2.
    size_t places;
};

YODEL_MUST_USE enum yodel_err playout_audio_init(
    struct playout_audio *audio, struct alloc *alloc, const struct playout_audio_config *config);
void playout_audio_deinit(struct playout_audio *audio);

// A packet came; copies of older ones come behind the one that brought them.
void playout_audio_recv(
    struct playout_audio *audio, const struct playout_packet *packet, yodel_time now);

// Each 10 ms: steps until there are no more, each of them answered with what was made, which is faded
// in place where it conceals; fewer samples, or none, if it cannot be made. Then the 10 ms.
bool playout_audio_next(
    struct playout_audio *audio, struct playout_audio_step *step, yodel_time now);
void playout_audio_put(struct playout_audio *audio, int16_t *pcm, size_t count);
void playout_audio_take(struct playout_audio *audio, int16_t *out);

// The least delay, as `jitterBufferTarget` has it; and what is added to whatever it is.
void playout_audio_set_asked(struct playout_audio *audio, yodel_duration asked);
void playout_audio_set_extra(struct playout_audio *audio, yodel_duration extra);

// What the delay should be, and what it is; 0 where nothing plays.
yodel_duration playout_audio_target(const struct playout_audio *audio);
yodel_duration playout_audio_delay(const struct playout_audio *audio);

// The timestamp of what is taken next; false where nobody speaks.
bool playout_audio_position(const struct playout_audio *audio, uint64_t *timestamp);

#endif
