// A virtual path for congestion control's tests: two links, each with a queue, media flows with their
// encoders, pacers and receivers, and a TCP flow. Steps of a millisecond, the same every time.
//
// Implements  RFC 8867 §4 (what its tests are made of), as far as the cases here need it
// Ownership   one static world; values
// Limits      WORLD_FLOWS media flows, WORLD_SECONDS

#ifndef CC_LINK_FIXTURE_H
#define CC_LINK_FIXTURE_H

#include "cc/allocator.h"
#include "cc/gcc.h"
#include "cc/pacer.h"

#define WORLD_FLOWS 6
#define WORLD_SECONDS 320
#define WORLD_RING 16384
#define WORLD_SLOTS (WORLD_SECONDS * 10) // Of 100 ms.

enum link_kind {
    LINK_MEDIA,
    LINK_FEEDBACK,
    LINK_TCP,
};

struct link_packet {
    enum link_kind kind;
    uint32_t flow;
    uint64_t seq; // Of feedback: the first number that the next feedback is about.
    uint32_t size;
    yodel_time queued;
};

struct link {
    uint64_t bps;
    yodel_duration queue_max;
    double loss; // By chance, 0 to 1, after the queue.
    struct link_packet queue[WORLD_RING];
    uint64_t head, tail;
    size_t bytes;
    yodel_time finish; // When the first of the queue is through; 0: nothing is under way.
};

// On its way behind the queue, in the order of arrival.
struct flight {
    struct link_packet packets[WORLD_RING];
    yodel_time arrivals[WORLD_RING];
    uint64_t head, tail;
};

struct flow {
    bool is_on;
    uint32_t link; // Its media's; feedback takes the other.
    yodel_duration delay;
    uint64_t video_max_bps;
    uint64_t video_cap_bps; // What the encoder makes at most, whatever it may; 0: no video.
    yodel_duration jitter;  // Added to each delay by chance, without changing the order.
    struct cc_gcc gcc;
    struct cc_pacer pacer;
    struct cc_allocator_stream stream;
    yodel_time frame_due, audio_due;
    uint32_t waiting_sizes[WORLD_RING];
    yodel_time waiting_since[WORLD_RING];
    uint64_t waiting_head, waiting_tail;
    size_t waiting_bytes;
    uint64_t seq;
    struct flight media, feedback;
    // The receiver.
    uint64_t arrivals[WORLD_RING]; // By number; 0: it did not come.
    uint64_t told, end;            // What no feedback has named yet.
    yodel_time feedback_due;
    uint64_t learnt; // What feedback has told the sender of, up to here.
    // What the tests look at, by slots of 100 ms.
    uint32_t sent[WORLD_SLOTS], delivered[WORLD_SLOTS];
    uint64_t target[WORLD_SLOTS];
    yodel_duration queued[WORLD_SLOTS]; // The longest wait in the link's queue,
    yodel_duration paced[WORLD_SLOTS];  // and in the pacer's.
};

struct tcp {
    bool is_on;
    double window, threshold;
    uint64_t next, acked, recover;
    yodel_time heard;
    struct flight segments, acks;
    uint32_t delivered[WORLD_SLOTS];
};

struct world {
    yodel_time now;
    uint64_t chance;
    struct link links[2];
    struct flow flows[WORLD_FLOWS];
    struct tcp tcp;
};

extern struct world world;

void world_init(uint64_t bps, yodel_duration queue_max);
struct flow *world_flow(uint32_t index, uint32_t link, yodel_duration delay, uint64_t max_bps);
void world_tcp(void);
void world_run(double seconds); // More of them.

// Averages over seconds from the start.
double world_sent(const struct flow *flow, double from, double to);
double world_delivered(const struct flow *flow, double from, double to);
double world_target(const struct flow *flow, double from, double to);
double world_tcp_delivered(double from, double to);

// The most that all flows of a link sent in any one second.
double world_peak(uint32_t link, double from, double to);
yodel_duration world_queued_max(const struct flow *flow, double from, double to);
double world_queued(const struct flow *flow, double from, double to); // In milliseconds, of maxima.

// The first moment from `from` on, in seconds, at which a flow sends less than `bps` and goes on so
// for a second.
double world_below(const struct flow *flow, double from, double bps);

#endif
