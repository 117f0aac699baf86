// TCP of the simulator's.

#include "tcp.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/assert.h"

#define PORT_FIRST 32768u
#define HEAD_SIZE 32

// Nothing is acknowledged without ACK; an ASK is answered, whatever it says.
enum flag { SYN = 1, ACK = 2, FIN = 4, RST = 8, ASK = 16 };

struct segment {
    uint8_t flags;
    uint64_t seq, ack, limit;
    struct bytes data;
};

// ---- segments

static uint32_t sum_of(struct bytes bytes)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < bytes.len; i++) {
        sum = (sum ^ bytes.ptr[i]) * 16777619u;
    }
    return sum;
}

//  +-----------+-----------+-----------------+----------+----------+------------+--------
//  | sum (32)  | flags (8) | zeros (24)      | seq (64) | ack (64) | limit (64) | data …
//  +-----------+-----------+-----------------+----------+----------+------------+--------
static void send_segment(struct tcp *tcp, int link, const struct yodel_path *path,
    const struct segment *segment, yodel_time now)
{
    uint8_t room[HEAD_SIZE + TCP_SEGMENT_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));

    put_u32(&w, 0);
    put_u32(&w, (uint32_t)segment->flags << 24);
    put_u64(&w, segment->seq);
    put_u64(&w, segment->ack);
    put_u64(&w, segment->limit);
    put_bytes(&w, segment->data);
    YODEL_ASSERT(!w.failed);
    store_u32(room, sum_of(bytes_of(room + 4, w.len - 4)));
    network_send(tcp->network, link, path, room, w.len, now);
}

static bool parse(struct segment *segment, struct bytes bytes)
{
    struct reader r = reader_of(bytes);
    uint32_t sum = read_u32(&r);

    if (r.failed || sum != sum_of(bytes_of(r.pos, r.left))) {
        return false;
    }
    segment->flags = (uint8_t)(read_u32(&r) >> 24);
    segment->seq = read_u64(&r);
    segment->ack = read_u64(&r);
    segment->limit = read_u64(&r);
    segment->data = read_rest(&r);
    return !r.failed;
}

static void say(struct tcp *tcp, struct tcp_socket *s, uint8_t flags, struct bytes data,
    uint64_t seq, yodel_time now)
{
    struct segment segment = {.flags = flags,
        .seq = seq,
        .ack = s->arrived + (s->arrived == s->end), // The end counts as a byte.
        .limit = s->taken + TCP_ROOM,
        .data = data};

    s->told = segment.limit;
    send_segment(tcp, s->link, &s->path, &segment, now);
}

// ---- sockets

void tcp_init(struct tcp *tcp, struct network *network)
{
    *tcp = (struct tcp){.network = network};
}

void tcp_deinit(struct tcp *tcp)
{
    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        alloc_free(alloc_system(), tcp->sockets[i]);
    }
}

static struct tcp_socket *make(
    struct tcp *tcp, int link, const struct yodel_path *path, yodel_time now)
{
    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        if (tcp->sockets[i]) {
            continue;
        }
        struct tcp_socket *s = alloc_new(alloc_system(), sizeof *s);
        YODEL_ASSERT(s);
        s->link = link;
        s->path = *path;
        s->path.transport = YODEL_TCP;
        s->id = ++tcp->opened;
        s->end = UINT64_MAX;
        s->limit = TCP_ROOM;
        s->rtt = TCP_RTO / 2;
        s->retry_at = now;
        tcp->sockets[i] = s;
        return s;
    }
    return NULL;
}

static void release(struct tcp *tcp, struct tcp_socket *s)
{
    size_t i = 0;

    while (tcp->sockets[i] != s) {
        i++;
        YODEL_ASSERT(i < TCP_SOCKETS_MAX);
    }
    tcp->sockets[i] = NULL;
    alloc_free(alloc_system(), s);
}

static struct tcp_socket *find(const struct tcp *tcp, int link, const struct yodel_path *path)
{
    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        struct tcp_socket *s = tcp->sockets[i];

        if (s && s->link == link && path_equal(&s->path, path)) {
            return s;
        }
    }
    return NULL;
}

// It ended by itself; who has it learns that, and who closed it does not care.
static void end(struct tcp *tcp, struct tcp_socket *s, enum tcp_state state)
{
    s->state = state;
    s->retry_at = YODEL_NEVER;
    if (s->is_closed) {
        release(tcp, s);
    }
}

// ---- sending

static yodel_duration rto(const struct tcp_socket *s)
{
    yodel_duration base = s->rtt * 2 > TCP_RTO_MIN ? s->rtt * 2 : TCP_RTO_MIN;

    return base << (s->tries < TCP_TRIES ? s->tries : TCP_TRIES);
}

// As much as fits or, as often, anything less: streams have no messages.
static size_t cut(struct tcp *tcp, uint64_t from, uint64_t to)
{
    uint64_t at = from % TCP_ROOM, len = to - from;

    len = len < TCP_SEGMENT_MAX ? len : TCP_SEGMENT_MAX;
    len = len < TCP_ROOM - at ? len : TCP_ROOM - at;
    if (len > 1 && prng_chance(tcp->network->prng, 0.5)) {
        len = 1 + prng_below(tcp->network->prng, len);
    }
    return (size_t)len;
}

// The next segment from `from` on, the end included. Returns where it ends.
static uint64_t send_from(struct tcp *tcp, struct tcp_socket *s, uint64_t from, yodel_time now)
{
    uint64_t to = s->written < s->limit ? s->written : s->limit;
    size_t len = from < to ? cut(tcp, from, to) : 0;
    bool is_last = s->is_shut && from + len == s->written;

    say(tcp, s, is_last ? ACK | FIN : ACK, bytes_of(s->out + from % TCP_ROOM, len), from, now);
    return from + len + is_last;
}

static bool has_more(const struct tcp_socket *s)
{
    bool is_end_due = s->is_shut && s->sent == s->written;

    return is_end_due || (s->sent < s->written && s->sent < s->limit);
}

static void push(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    if (s->state != TCP_OPEN) {
        return;
    }
    while (has_more(s)) {
        s->sent = send_from(tcp, s, s->sent, now);
        if (s->timed == 0) {
            s->timed = s->sent;
            s->timed_at = now;
        }
    }
    bool is_waiting = s->acked < s->sent || s->sent < s->written;
    if (is_waiting && s->retry_at == YODEL_NEVER) {
        s->retry_at = time_after(now, rto(s));
    }
}

static void send_opening(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    say(tcp, s, s->is_passive ? SYN | ACK : SYN, (struct bytes){0}, 0, now);
    s->timed_at = now;
    s->retry_at = time_after(now, TCP_RTO << s->tries);
    s->tries++;
}

// What was sent first is sent again; what has no room asks for some.
static void retry(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    if (s->tries++ == TCP_TRIES) {
        end(tcp, s, TCP_TIMED_OUT);
        return;
    }
    if (s->acked < s->sent) {
        (void)send_from(tcp, s, s->acked, now);
        s->recovered = s->sent;
        tcp->repeated++;
    } else {
        say(tcp, s, ACK | ASK, (struct bytes){0}, s->sent, now);
    }
    s->timed = 0; // RFC 6298 §3: what was sent twice measures nothing.
    s->retry_at = time_after(now, rto(s));
}

void tcp_tick(struct tcp *tcp, yodel_time now)
{
    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        struct tcp_socket *s = tcp->sockets[i];

        if (!s || now < s->retry_at) {
            continue;
        }
        if (s->state == TCP_OPEN) {
            retry(tcp, s, now);
        } else if (s->tries < TCP_OPENING_TRIES) {
            send_opening(tcp, s, now);
        } else {
            end(tcp, s, TCP_TIMED_OUT);
        }
    }
}

yodel_time tcp_next_at(const struct tcp *tcp)
{
    yodel_time at = YODEL_NEVER;

    for (size_t i = 0; i < TCP_SOCKETS_MAX; i++) {
        at = tcp->sockets[i] ? time_min(at, tcp->sockets[i]->retry_at) : at;
    }
    return at;
}

// ---- receiving

// RFC 6298 §3: what was sent twice measures nothing, nor does what waited for it.
static void repair(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    (void)send_from(tcp, s, s->acked, now);
    s->timed = 0;
}

static void take_ack(
    struct tcp *tcp, struct tcp_socket *s, const struct segment *got, yodel_time now)
{
    bool is_repeated = got->ack == s->acked && got->limit == s->limit && s->acked < s->sent &&
                       got->data.len == 0 && !(got->flags & (FIN | ASK));

    s->limit = got->limit > s->limit ? got->limit : s->limit;
    if (got->ack > s->acked && got->ack <= s->sent) {
        s->acked = got->ack;
        s->tries = s->repeats = 0;
        s->retry_at = s->acked < s->sent ? time_after(now, rto(s)) : YODEL_NEVER;
        if (s->timed != 0 && s->acked >= s->timed) {
            s->rtt = time_since(now, s->timed_at);
            s->timed = 0;
        }
        if (s->acked < s->recovered) {
            repair(tcp, s, now);
        }
    } else if (is_repeated && ++s->repeats == 3) {
        s->recovered = s->sent;
        repair(tcp, s, now);
        tcp->repeated++;
    }
}

static void take_data(struct tcp_socket *s, const struct segment *got)
{
    for (size_t i = 0; i < got->data.len; i++) {
        uint64_t at = got->seq + i;

        if (at >= s->arrived && at < s->taken + TCP_ROOM) {
            s->in[at % TCP_ROOM] = got->data.ptr[i];
            s->has[at % TCP_ROOM] = true;
        }
    }
    while (s->arrived < s->taken + TCP_ROOM && s->has[s->arrived % TCP_ROOM]) {
        s->has[s->arrived % TCP_ROOM] = false;
        s->arrived++;
    }
    if (got->flags & FIN) {
        s->end = got->seq + got->data.len;
    }
}

static void open_up(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    s->state = TCP_OPEN;
    s->rtt = s->tries == 1 ? time_since(now, s->timed_at) : s->rtt;
    s->tries = 0;
    s->retry_at = YODEL_NEVER;
    if (!s->is_passive) {
        say(tcp, s, ACK, (struct bytes){0}, 0, now);
    }
    push(tcp, s, now);
}

// A socket that was closed goes once its end is known to have arrived.
static bool is_over(const struct tcp_socket *s)
{
    return s->is_closed && s->acked == s->written + 1;
}

static void take(struct tcp *tcp, struct tcp_socket *s, const struct segment *got, yodel_time now)
{
    bool is_opening = s->state == TCP_CONNECTING;

    if (s->state > TCP_OPEN) {
        return;
    }
    if (got->flags & RST) {
        end(tcp, s, is_opening ? TCP_REFUSED : TCP_RESET);
        return;
    }
    if (got->flags & SYN && s->is_passive) {
        say(tcp, s, SYN | ACK, (struct bytes){0}, 0, now); // Our answer was lost.
        return;
    }
    if (is_opening && got->flags & ACK) {
        open_up(tcp, s, now);
    }
    if (s->is_closed && got->data.len > 0) {
        tcp_reset(tcp, s, now); // RFC 9293 §3.6.1: nobody will read it.
        return;
    }
    take_ack(tcp, s, got, now);
    take_data(s, got);
    if (is_over(s)) {
        release(tcp, s);
        return;
    }
    push(tcp, s, now);
    if (got->data.len > 0 || got->flags & (FIN | ASK) || (!is_opening && got->flags & SYN)) {
        say(tcp, s, ACK, (struct bytes){0}, s->sent, now);
    }
}

// RFC 9293 §3.5.2: to nobody's segment.
static void refuse(struct tcp *tcp, const struct network_arrival *arrival, yodel_time now)
{
    send_segment(tcp, arrival->link, &arrival->path, &(struct segment){.flags = RST}, now);
}

struct tcp_socket *tcp_take(
    struct tcp *tcp, const struct network_arrival *arrival, bool is_listening, yodel_time now)
{
    struct tcp_socket *s = find(tcp, arrival->link, &arrival->path);
    struct segment got;

    if (!parse(&got, bytes_of(arrival->datagram, arrival->len))) {
        return NULL;
    }
    if (s) {
        take(tcp, s, &got, now);
        return NULL;
    }
    if (got.flags == SYN && is_listening) {
        s = make(tcp, arrival->link, &arrival->path, now);
    }
    if (!s) {
        if (!(got.flags & RST)) {
            refuse(tcp, arrival, now);
        }
        return NULL;
    }
    s->is_passive = true;
    s->origin = arrival->origin;
    s->limit = got.limit;
    send_opening(tcp, s, now);
    return s;
}

// ---- the user's

struct tcp_socket *tcp_connect(
    struct tcp *tcp, int link, const struct yodel_path *path, yodel_time now)
{
    struct tcp_socket *s = make(tcp, link, path, now);

    if (s) {
        s->path.local.port = (uint16_t)(PORT_FIRST + s->id % (65536 - PORT_FIRST));
        send_opening(tcp, s, now);
    }
    return s;
}

bool tcp_write(struct tcp *tcp, struct tcp_socket *s, struct bytes data, yodel_time now)
{
    if (s->state > TCP_OPEN || s->is_shut || data.len > TCP_ROOM - (s->written - s->acked)) {
        return false;
    }
    for (size_t i = 0; i < data.len; i++) {
        s->out[s->written++ % TCP_ROOM] = data.ptr[i];
    }
    push(tcp, s, now);
    return true;
}

size_t tcp_read(struct tcp *tcp, struct tcp_socket *s, struct span room, yodel_time now)
{
    size_t len = 0;

    while (len < room.len && s->taken < s->arrived) {
        room.ptr[len++] = s->in[s->taken++ % TCP_ROOM];
    }
    // Who was told that the window is all but closed learns that it is open again.
    if (s->state == TCP_OPEN && s->taken + TCP_ROOM - s->told >= TCP_ROOM / 2) {
        say(tcp, s, ACK, (struct bytes){0}, s->sent, now);
    }
    return len;
}

bool tcp_is_at_end(const struct tcp_socket *s)
{
    return s->taken == s->end;
}

void tcp_shut(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    s->is_shut = true;
    push(tcp, s, now);
}

void tcp_close(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    if (s->state != TCP_OPEN || s->taken < s->arrived) {
        tcp_reset(tcp, s, now);
        return;
    }
    s->is_closed = true;
    tcp_shut(tcp, s, now);
    if (is_over(s)) {
        release(tcp, s);
    }
}

void tcp_reset(struct tcp *tcp, struct tcp_socket *s, yodel_time now)
{
    if (s->state <= TCP_OPEN) {
        say(tcp, s, RST, (struct bytes){0}, s->sent, now);
    }
    release(tcp, s);
}
