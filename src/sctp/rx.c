// SCTP receive side: a cumulative TSN and the runs above it.

#include "sctp/rx.h"

#include "base/assert.h"
#include "base/unwrap.h"

#define RUNS_FIRST 8
#define SACK_SIZE 16

void sctp_rx_init(struct sctp_rx *rx, const struct env *env, struct sctp_streams *streams,
    size_t window, size_t max_message)
{
    // A message under assembly holds its part of the window; with room for two, the window never
    // closes on the very bytes that would complete one.
    size_t least = 2 * (max_message + SCTP_ASSEMBLY_OVERHEAD + SCTP_RX_WINDOW_MIN);

    *rx = (struct sctp_rx){.env = env, .ack_at = YODEL_NEVER};
    rx->window = window > least ? window : least;
    rx->advertised = rx->window;
    sctp_assembly_init(&rx->assembly, env, streams, max_message);
}

void sctp_rx_deinit(struct sctp_rx *rx)
{
    sctp_assembly_deinit(&rx->assembly);
    alloc_free(rx->env->alloc, rx->runs);
}

void sctp_rx_start(struct sctp_rx *rx, uint32_t first_tsn)
{
    rx->cumulative = unwrap_start_u32(first_tsn) - 1;
    rx->run_count = 0;
}

size_t sctp_rx_window(const struct sctp_rx *rx)
{
    return rx->assembly.held < rx->window ? rx->window - rx->assembly.held : 0;
}

// ---- the runs

// How many runs end before `tsn`.
static size_t runs_before(const struct sctp_rx *rx, uint64_t tsn)
{
    size_t low = 0;
    size_t high = rx->run_count;

    if (high > 0 && rx->runs[high - 1].last < tsn) {
        return high;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (rx->runs[middle].last < tsn) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has_arrived(const struct sctp_rx *rx, uint64_t tsn)
{
    if (tsn <= rx->cumulative) {
        return true;
    }
    size_t index = runs_before(rx, tsn);
    return index < rx->run_count && rx->runs[index].first <= tsn;
}

static bool reserve_run(struct sctp_rx *rx)
{
    if (rx->run_count < rx->run_room) {
        return true;
    }
    size_t room = rx->run_room == 0 ? RUNS_FIRST : 2 * rx->run_room;
    if (room > SCTP_RX_GAPS_MAX) {
        return false; // X10
    }
    struct sctp_rx_run *runs = alloc_resize(rx->env->alloc, rx->runs, room * sizeof *runs);
    if (!runs) {
        return false;
    }
    rx->runs = runs;
    rx->run_room = room;
    return true;
}

static void remove_runs(struct sctp_rx *rx, size_t at, size_t count)
{
    rx->run_count -= count;
    memmove(&rx->runs[at], &rx->runs[at + count], (rx->run_count - at) * sizeof *rx->runs);
}

// Everything up to `tsn` counts as arrived.
static void advance(struct sctp_rx *rx, uint64_t tsn)
{
    size_t passed = 0;

    rx->cumulative = tsn;
    while (passed < rx->run_count && rx->runs[passed].first <= rx->cumulative + 1) {
        if (rx->runs[passed].last > rx->cumulative) {
            rx->cumulative = rx->runs[passed].last;
        }
        passed++;
    }
    if (passed > 0) {
        remove_runs(rx, 0, passed);
    }
}

// Notes a TSN above the first hole. There is room for one more run.
static void note(struct sctp_rx *rx, uint64_t tsn)
{
    size_t index = runs_before(rx, tsn);
    struct sctp_rx_run *at = rx->runs + index;
    bool extends = index > 0 && at[-1].last + 1 == tsn;
    bool precedes = index < rx->run_count && at->first == tsn + 1;

    if (extends && precedes) {
        at[-1].last = at->last;
        remove_runs(rx, index, 1);
    } else if (extends) {
        at[-1].last = tsn;
    } else if (precedes) {
        at->first = tsn;
    } else {
        YODEL_ASSERT(rx->run_count < rx->run_room);
        memmove(at + 1, at, (rx->run_count - index) * sizeof *at);
        *at = (struct sctp_rx_run){tsn, tsn};
        rx->run_count++;
    }
}

// ---- data

// §6.2: what fills a hole is taken even where the window is full, or nothing would ever drain it;
// up to twice over.
static bool has_window(const struct sctp_rx *rx, uint64_t tsn)
{
    uint64_t highest = rx->run_count > 0 ? rx->runs[rx->run_count - 1].last : rx->cumulative + 1;
    size_t held = rx->assembly.held;

    return held < rx->window || (held < 2 * rx->window && rx->run_count > 0 && tsn < highest);
}

static enum sctp_rx_result on_duplicate(struct sctp_rx *rx, uint32_t tsn)
{
    rx->ack_now = true; // §6.2: at once, and the SACK names it.
    if (rx->duplicate_count < SCTP_RX_DUPLICATES_MAX) {
        rx->duplicates[rx->duplicate_count++] = tsn;
    }
    return SCTP_RX_DUPLICATE;
}

static enum sctp_rx_result failed(struct sctp_rx *rx, enum sctp_assembly_result result)
{
    rx->ack_now = true;
    return result == SCTP_ASSEMBLY_VIOLATION   ? SCTP_RX_VIOLATION
           : result == SCTP_ASSEMBLY_TOO_LARGE ? SCTP_RX_TOO_LARGE
                                               : SCTP_RX_NO_ROOM;
}

enum sctp_rx_result sctp_rx_add(struct sctp_rx *rx, const struct sctp_data *data)
{
    uint64_t tsn = unwrap_u32(rx->cumulative, data->tsn);
    bool in_row = tsn == rx->cumulative + 1;

    if (!in_row && has_arrived(rx, tsn)) {
        return on_duplicate(rx, data->tsn);
    }
    if (!has_window(rx, tsn) || (!in_row && !reserve_run(rx))) {
        rx->ack_now = true;
        return SCTP_RX_NO_ROOM;
    }
    enum sctp_assembly_result result = sctp_assembly_add(&rx->assembly, data, tsn, in_row);
    if (result != SCTP_ASSEMBLY_TAKEN) {
        return failed(rx, result);
    }
    // §6.7: at once while there is a hole, and when one has been filled.
    rx->ack_now |= !in_row || rx->run_count > 0 || (data->flags & SCTP_DATA_IMMEDIATE);
    if (in_row) {
        advance(rx, tsn);
    } else {
        note(rx, tsn);
    }
    return SCTP_RX_TAKEN;
}

void sctp_rx_end_packet(struct sctp_rx *rx, yodel_time now)
{
    rx->unacknowledged++;
    if (rx->unacknowledged == 1) {
        rx->ack_at = time_after(now, SCTP_RX_ACK_DELAY);
    }
}

//  +-------------------------------+      RFC 3758 §3.2
//  |  new cumulative TSN           |
//  +---------------+---------------+
//  |  stream       |  last SSN     |  for each ordered stream that loses something
//  +---------------+---------------+

enum yodel_err sctp_rx_forward(struct sctp_rx *rx, struct bytes value)
{
    struct reader r = reader_of(value);
    uint64_t tsn = unwrap_u32(rx->cumulative, read_u32(&r));

    if (r.failed || r.left % 4 != 0) {
        return YODEL_ERR_MALFORMED;
    }
    rx->ack_now = true; // RFC 3758 §3.6: whether it moves anything or not, the peer wants to know.
    if (tsn <= rx->cumulative) {
        return YODEL_OK;
    }
    while (r.left > 0) {
        uint16_t stream = read_u16(&r);
        uint16_t ssn = read_u16(&r);

        if (!sctp_assembly_skip_stream(&rx->assembly, stream, ssn)) {
            return YODEL_ERR_NO_MEMORY; // The peer repeats itself until we acknowledge.
        }
    }
    sctp_assembly_skip(&rx->assembly, tsn);
    advance(rx, tsn);
    return YODEL_OK;
}

// ---- acknowledging

void sctp_rx_tick(struct sctp_rx *rx, yodel_time now)
{
    if (now >= rx->ack_at) {
        rx->ack_now = true;
        rx->ack_at = YODEL_NEVER;
    }
}

// A peer that was told of a small window is told when it is large again, or it would have to ask.
static bool has_reopened(const struct sctp_rx *rx)
{
    return rx->advertised < rx->window / 4 && sctp_rx_window(rx) >= rx->window / 2;
}

bool sctp_rx_must_ack(const struct sctp_rx *rx)
{
    return rx->ack_now || rx->unacknowledged >= SCTP_RX_ACK_EVERY || has_reopened(rx);
}

bool sctp_rx_may_ack(const struct sctp_rx *rx)
{
    return rx->ack_now || rx->unacknowledged > 0;
}

//  +---------------+---------------+-------------------------------+      RFC 9260 §3.3.4
//  |  type = 3     |  0            |  length                       |
//  +---------------+---------------+-------------------------------+
//  |  cumulative TSN                                               |
//  +---------------------------------------------------------------+
//  |  window (a_rwnd)                                              |
//  +-------------------------------+-------------------------------+
//  |  number of gap blocks         |  number of duplicates         |
//  +-------------------------------+-------------------------------+
//  |  first of the run, from cum.  |  last of the run              |  for each block
//  +-------------------------------+-------------------------------+
//  |  duplicate TSN                                                |  for each duplicate
//  +---------------------------------------------------------------+

static size_t blocks_to_send(const struct sctp_rx *rx, size_t room)
{
    size_t count = rx->run_count < room / 4 ? rx->run_count : room / 4;

    while (count > 0 && rx->runs[count - 1].last - rx->cumulative > UINT16_MAX) {
        count--;
    }
    return count;
}

void sctp_rx_put_sack(struct sctp_rx *rx, struct writer *w)
{
    size_t room = writer_left(w);

    if (room < SACK_SIZE) {
        return;
    }
    size_t blocks = blocks_to_send(rx, room - SACK_SIZE);
    size_t left = (room - SACK_SIZE) / 4 - blocks;
    size_t duplicates = rx->duplicate_count < left ? rx->duplicate_count : left;
    size_t chunk = sctp_packet_begin_chunk(w, SCTP_SACK, 0);

    rx->advertised = sctp_rx_window(rx);
    put_u32(w, (uint32_t)rx->cumulative);
    put_u32(w, rx->advertised < UINT32_MAX ? (uint32_t)rx->advertised : UINT32_MAX);
    put_u16(w, (uint16_t)blocks);
    put_u16(w, (uint16_t)duplicates);
    for (size_t i = 0; i < blocks; i++) {
        put_u16(w, (uint16_t)(rx->runs[i].first - rx->cumulative));
        put_u16(w, (uint16_t)(rx->runs[i].last - rx->cumulative));
    }
    for (size_t i = 0; i < duplicates; i++) {
        put_u32(w, rx->duplicates[i]);
    }
    sctp_packet_end_chunk(w, chunk);
    rx->duplicate_count = 0;
    rx->unacknowledged = 0;
    rx->ack_now = false;
    rx->ack_at = YODEL_NEVER;
}
