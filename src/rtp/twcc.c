// Transport-wide congestion control feedback, both sides.

#include "rtp/twcc.h"

#include "base/assert.h"
#include "base/unwrap.h"

//   0                   1                   2                   3      §3.1, behind the two SSRCs
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-------------------------------+-------------------------------+
//  |  base sequence number         |  packet status count          |
//  +-------------------------------+---------------+---------------+
//  |  reference time, in 64 ms                     | feedback count|
//  +-------------------------------+---------------+---------------+
//  |  packet chunks of 16 bits  ...                                |
//  |  receive deltas of 8 or 16 bits, in 250 us  ...      padding  |
//  +---------------------------------------------------------------+
//
//  a chunk:  |0| symbol |  run length, 13 bits           |   §3.1.3
//            |1|0|  14 symbols of one bit                |   §3.1.4
//            |1|1|  7 symbols of two bits                |

#define TICK 250                 // Microseconds.
#define REFERENCE_TICKS 256      // 64 ms.
#define REFERENCE_MASK 0xffffffu // 24 bits.
#define RUN_MAX 0x1fff
#define VECTOR 0x8000
#define VECTOR_TWO_BITS 0xc000
#define ONE_BIT_SYMBOLS 14
#define TWO_BIT_SYMBOLS 7
#define HEADER_SIZE 20 // RTCP's, the SSRCs, and two words of our own.

enum symbol { SYMBOL_LOST, SYMBOL_SMALL, SYMBOL_LARGE, SYMBOL_RESERVED }; // §3.1.1.

// ---- receiving packets

void rtp_twcc_init(struct rtp_twcc_receiver *receiver)
{
    *receiver = (struct rtp_twcc_receiver){.due = YODEL_NEVER};
    for (size_t i = 0; i < RTP_TWCC_WINDOW; i++) {
        receiver->arrivals[i] = YODEL_NEVER;
    }
}

static yodel_time *arrival_of(struct rtp_twcc_receiver *receiver, uint64_t seq)
{
    return &receiver->arrivals[seq % RTP_TWCC_WINDOW];
}

// Makes `seq` the highest. What leaves the window before it was named never will be.
static void extend(struct rtp_twcc_receiver *receiver, uint64_t seq)
{
    uint64_t oldest = seq >= RTP_TWCC_WINDOW ? seq - RTP_TWCC_WINDOW + 1 : 0;
    uint64_t from = receiver->end > oldest ? receiver->end : oldest;

    for (uint64_t lost = from; lost <= seq; lost++) {
        *arrival_of(receiver, lost) = YODEL_NEVER;
    }
    receiver->end = seq + 1;
    if (receiver->next < oldest) {
        receiver->next = oldest;
    }
}

void rtp_twcc_recv(struct rtp_twcc_receiver *receiver, uint16_t transport_seq, yodel_time now)
{
    if (receiver->end == 0) {
        receiver->next = receiver->end = unwrap_start_u16(transport_seq);
    }
    uint64_t seq = unwrap_u16(receiver->end - 1, transport_seq);
    if (seq + RTP_TWCC_WINDOW < receiver->end) {
        receiver->too_old++;
        return;
    }
    if (seq >= receiver->end) {
        extend(receiver, seq);
    }
    yodel_time *arrival = arrival_of(receiver, seq);
    if (*arrival != YODEL_NEVER) {
        return; // A duplicate: the first counts.
    }
    *arrival = now;
    if (seq < receiver->next) {
        receiver->next = seq; // It was called lost: everything from it on is said again.
    }
    bool is_full = receiver->end - receiver->next > RTP_TWCC_WINDOW / 2;
    yodel_time due = is_full ? now : time_after(receiver->last, RTP_TWCC_INTERVAL);
    receiver->due = time_min(receiver->due, due > now ? due : now);
}

yodel_time rtp_twcc_next_timeout(const struct rtp_twcc_receiver *receiver)
{
    return receiver->due;
}

// Symbols of `count` packets from `next` on, and what their deltas count from.
struct statuses {
    uint8_t symbols[RTP_TWCC_WINDOW];
    size_t count;
    uint64_t reference; // In units of 64 ms.
};

// A delta that does not fit in 16 bits ends the feedback: the next one begins with its packet.
static void classify(struct rtp_twcc_receiver *receiver, struct statuses *statuses)
{
    uint64_t before = 0;
    bool is_first = true;

    *statuses = (struct statuses){.count = 0};
    for (uint64_t seq = receiver->next; seq < receiver->end; seq++) {
        yodel_time arrival = *arrival_of(receiver, seq);
        uint8_t symbol = SYMBOL_LOST;
        if (arrival != YODEL_NEVER) {
            uint64_t ticks = arrival / TICK;
            if (is_first) {
                statuses->reference = ticks / REFERENCE_TICKS;
                before = statuses->reference * REFERENCE_TICKS;
                is_first = false;
            }
            int64_t delta = (int64_t)(ticks - before);
            if (delta < INT16_MIN || delta > INT16_MAX) {
                return;
            }
            symbol = delta >= 0 && delta <= UINT8_MAX ? SYMBOL_SMALL : SYMBOL_LARGE;
            before = ticks;
        }
        statuses->symbols[statuses->count++] = symbol;
    }
}

struct chunk {
    uint16_t word;
    size_t count; // Of the symbols that it says.
    size_t deltas_len;
};

static size_t run_of(const uint8_t *symbols, size_t left)
{
    size_t run = 1;

    while (run < left && run < RUN_MAX && symbols[run] == symbols[0]) {
        run++;
    }
    return run;
}

static bool has_large(const uint8_t *symbols, size_t count)
{
    return memchr(symbols, SYMBOL_LARGE, count) != NULL;
}

static struct chunk vector_of(const uint8_t *symbols, size_t count, uint32_t bits)
{
    struct chunk chunk = {.count = count};
    uint32_t word = 0;

    for (size_t i = 0; i < ONE_BIT_SYMBOLS / bits; i++) {
        word = word << bits | (i < count ? symbols[i] : 0u);
        chunk.deltas_len += i < count ? symbols[i] : 0;
    }
    chunk.word = (uint16_t)((bits == 1 ? VECTOR : VECTOR_TWO_BITS) | word);
    return chunk;
}

// The chunk that says the most symbols from here on. A symbol's number is its delta's size.
static struct chunk chunk_of(const uint8_t *symbols, size_t left)
{
    size_t run = run_of(symbols, left);
    size_t one_bit = left < ONE_BIT_SYMBOLS ? left : ONE_BIT_SYMBOLS;
    size_t two_bits = left < TWO_BIT_SYMBOLS ? left : TWO_BIT_SYMBOLS;
    bool is_one_bit = !has_large(symbols, one_bit);

    if (run >= (is_one_bit ? one_bit : two_bits)) {
        return (struct chunk){(uint16_t)((size_t)symbols[0] << 13 | run), run, run * symbols[0]};
    }
    return is_one_bit ? vector_of(symbols, one_bit, 1) : vector_of(symbols, two_bits, 2);
}

// How many symbols' deltas fit in `room` bytes.
static size_t fit_deltas(const uint8_t *symbols, size_t count, size_t room)
{
    size_t fits = 0;

    while (fits < count && symbols[fits] <= room) {
        room -= symbols[fits++];
    }
    return fits;
}

// Cuts the statuses to those that fit, in chunks and with their deltas, in `room` bytes.
static void cut_to_room(struct statuses *statuses, size_t room)
{
    size_t fits = 0;

    while (fits < statuses->count && room >= 2) {
        const uint8_t *symbols = statuses->symbols + fits;
        struct chunk chunk = chunk_of(symbols, statuses->count - fits);
        if (2 + chunk.deltas_len > room) {
            fits += fit_deltas(symbols, chunk.count, room - 2);
            break;
        }
        room -= 2 + chunk.deltas_len;
        fits += chunk.count;
    }
    statuses->count = fits;
}

static void put_deltas(
    struct writer *w, struct rtp_twcc_receiver *receiver, const struct statuses *statuses)
{
    uint64_t before = statuses->reference * REFERENCE_TICKS;

    for (size_t i = 0; i < statuses->count; i++) {
        if (statuses->symbols[i] == SYMBOL_LOST) {
            continue;
        }
        uint64_t ticks = *arrival_of(receiver, receiver->next + i) / TICK;
        if (statuses->symbols[i] == SYMBOL_SMALL) {
            put_u8(w, (uint8_t)(ticks - before));
        } else {
            put_u16(w, (uint16_t)(ticks - before));
        }
        before = ticks;
    }
}

static void put_feedback(
    struct writer *w, struct rtp_twcc_receiver *receiver, const struct statuses *statuses)
{
    put_u16(w, (uint16_t)receiver->next);
    put_u16(w, (uint16_t)statuses->count);
    put_u24(w, (uint32_t)(statuses->reference & REFERENCE_MASK));
    put_u8(w, receiver->feedback_count++);
    for (size_t done = 0; done < statuses->count;) {
        struct chunk chunk = chunk_of(statuses->symbols + done, statuses->count - done);
        put_u16(w, chunk.word);
        done += chunk.count;
    }
    put_deltas(w, receiver, statuses);
}

bool rtp_twcc_emit(struct rtp_twcc_receiver *receiver, struct writer *w, uint32_t sender,
    uint32_t ssrc, yodel_time now)
{
    struct statuses statuses;
    size_t room = writer_left(w) & ~(size_t)3;

    if (now < receiver->due || room <= HEADER_SIZE) {
        return false;
    }
    classify(receiver, &statuses);
    cut_to_room(&statuses, room - HEADER_SIZE);
    if (statuses.count == 0) {
        return false;
    }
    size_t at = rtcp_put_header(w, RTCP_TYPE_TRANSPORT, RTCP_FORMAT_TWCC);
    put_u32(w, sender);
    put_u32(w, ssrc);
    put_feedback(w, receiver, &statuses);
    rtcp_put_end(w, at);
    YODEL_ASSERT(!w->failed);
    receiver->next += statuses.count;
    receiver->last = now;
    receiver->due = receiver->next < receiver->end ? now : YODEL_NEVER;
    return true;
}

// ---- reading feedback

static uint32_t symbols_in(uint16_t chunk)
{
    if ((chunk & VECTOR) == 0) {
        return chunk & RUN_MAX;
    }
    return (chunk & VECTOR_TWO_BITS) == VECTOR ? ONE_BIT_SYMBOLS : TWO_BIT_SYMBOLS;
}

static enum symbol symbol_at(uint16_t chunk, uint32_t index)
{
    if ((chunk & VECTOR) == 0) {
        return (chunk >> 13) & 3;
    }
    if ((chunk & VECTOR_TWO_BITS) == VECTOR) {
        return (chunk >> (ONE_BIT_SYMBOLS - 1 - index)) & 1;
    }
    return (chunk >> 2 * (TWO_BIT_SYMBOLS - 1 - index)) & 3;
}

// How many bytes the deltas of a chunk's first `count` symbols take. False: one of them is
// reserved, or a run of none never ends.
static bool measure(uint16_t chunk, uint32_t count, size_t *deltas_len)
{
    bool is_run = (chunk & VECTOR) == 0;

    for (uint32_t i = 0; i < (is_run ? 1 : count); i++) {
        enum symbol symbol = symbol_at(chunk, i);
        if (symbol == SYMBOL_RESERVED || count == 0) {
            return false;
        }
        *deltas_len += (size_t)symbol * (is_run ? count : 1);
    }
    return true;
}

// C8: all chunks are walked before one status is believed. Leaves `r` at the deltas, all of which
// are there.
static bool skip_chunks(struct reader *r, uint32_t count)
{
    size_t deltas_len = 0;

    while (count > 0 && !r->failed) {
        uint16_t chunk = read_u16(r);
        uint32_t symbols = symbols_in(chunk);
        uint32_t used = symbols < count ? symbols : count;
        if (!measure(chunk, used, &deltas_len)) {
            return false;
        }
        count -= used;
    }
    return !r->failed && r->left >= deltas_len;
}

enum yodel_err rtp_twcc_parse(struct rtp_twcc_feedback *feedback, struct rtp_twcc_clock *clock,
    struct bytes twcc, uint64_t last_sent)
{
    struct reader r = reader_of(twcc);
    struct rtp_twcc_feedback parsed = {.seq = unwrap_u16(last_sent, read_u16(&r))};
    uint32_t count = read_u16(&r);
    uint32_t reference = read_u24(&r);

    parsed.feedback_count = read_u8(&r);
    parsed.chunks = r;
    if (count == 0 || !skip_chunks(&r, count) || parsed.seq > last_sent) {
        return YODEL_ERR_MALFORMED;
    }
    uint64_t sent = last_sent - parsed.seq + 1;
    parsed.left = sent < count ? (uint32_t)sent : count;
    parsed.deltas = r;
    clock->reference = clock->reference == 0 ? unwrap_start_u24(reference)
                                             : unwrap_u24(clock->reference, reference);
    parsed.ticks = clock->reference * REFERENCE_TICKS;
    *feedback = parsed;
    return YODEL_OK;
}

bool rtp_twcc_next(struct rtp_twcc_feedback *feedback, struct rtp_twcc_status *status)
{
    if (feedback->left == 0) {
        return false;
    }
    if (feedback->chunk_left == 0) {
        feedback->chunk = read_u16(&feedback->chunks);
        feedback->chunk_left = symbols_in(feedback->chunk);
    }
    enum symbol symbol =
        symbol_at(feedback->chunk, symbols_in(feedback->chunk) - feedback->chunk_left);
    if (symbol == SYMBOL_SMALL) {
        feedback->ticks += read_u8(&feedback->deltas);
    } else if (symbol == SYMBOL_LARGE) {
        feedback->ticks += (uint64_t)(int64_t)(int16_t)read_u16(&feedback->deltas);
    }
    feedback->chunk_left--;
    feedback->left--;
    *status = (struct rtp_twcc_status){
        feedback->seq++, symbol != SYMBOL_LOST, symbol != SYMBOL_LOST ? feedback->ticks * TICK : 0};
    return true;
}
