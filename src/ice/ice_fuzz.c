// The agent, fuzzed: a script of user calls, time, and messages with the right passwords or
// without, from peers and from TURN servers.

#include "base/assert.h"
#include "ice/ice.h"
#include "ice/message.h"
#include "stun/attr.h"
#include "stun/auth.h"

#define LISTENING_PORT 5001

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct ice ice;
static yodel_time now;
static uint64_t seed;
static uint8_t asked[ICE_DATAGRAM_MAX]; // The latest request, to be answered.
static struct yodel_path asked_path;
static uint8_t turn_asked[STUN_HEADER_SIZE]; // Of the latest request to a TURN server.
static struct yodel_path turn_path;
static struct yodel_path stream_path; // That the agent asked for last.

static const char peer_ufrag[] = "peer", peer_pwd[] = "abcdefghijklmnopqrstuv";
static const char other_pwd[] = "vutsrqponmlkjihgfedcba";

static void fill_random(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(seed >> 56);
    }
}

static struct yodel_addr base_addr(uint8_t pick)
{
    if (pick % 4 == 3) {
        return (struct yodel_addr){
            .family = YODEL_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 1}, .port = 5000};
    }
    return addr_v4(192, 0, 2, pick % 4, 5000);
}

static struct yodel_addr remote_addr(uint8_t pick)
{
    switch (pick % 8) {
    case 0:
        return addr_v4(127, 0, 0, 1, 5000);
    case 1:
        return (struct yodel_addr){
            .family = YODEL_ADDR_V6, .ip = {0xfe, 0x80, [15] = 1}, .port = 5000};
    case 2:
        return (struct yodel_addr){
            .family = YODEL_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 2}, .port = 5000};
    case 3:
        return base_addr(pick / 8);
    default:
        return addr_v4(198, 51, 100, pick % 8, (uint16_t)(6000 + pick));
    }
}

// Drains the agent, and holds it to its promises.
static void drain(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct ice_event event;
    struct yodel_path path;
    size_t sent_len;
    size_t turns = 0;

    do {
        YODEL_ASSERT(++turns < 1000);
        sent_len = ice_emit(&ice, span_of(room, sizeof room), &path, now);
        if (sent_len > 0 && room[0] == 0 && room[1] != STUN_BINDING) {
            memcpy(turn_asked, room, sizeof turn_asked);
            turn_path = path;
        } else if (sent_len > 0 && room[0] == 0) {
            memcpy(asked, room, sent_len);
            asked_path = path;
        }
        while (ice_next_event(&ice, &event)) {
            if (event.type == ICE_EVENT_CONNECT && event.framing == YODEL_FRAMING_ICE) {
                stream_path = event.path;
            }
        }
    } while (sent_len > 0);
    YODEL_ASSERT(ice_next_timeout(&ice) > now);
    YODEL_ASSERT(ice.pair_end <= ICE_PAIRS_MAX && ice.reply_count == 0);
    for (size_t i = 0; i < ice.pair_end; i++) {
        const struct ice_pair *pair = &ice.pairs[i];
        YODEL_ASSERT(!pair->is_used ||
                     (ice.remotes[pair->remote].is_used && ice.locals[pair->local].is_used &&
                         ice.locals[pair->mapped].is_used));
        YODEL_ASSERT(!pair->is_nominated || pair->state == ICE_PAIR_SUCCEEDED);
    }
    for (size_t i = 0; i < ICE_LOCALS_MAX; i++) {
        const struct ice_local *local = &ice.locals[i];
        YODEL_ASSERT(!local->is_used || local->type != ICE_RELAY ||
                     (ice.relays[local->relay] && ice.relays[local->relay]->has_candidates));
    }
    YODEL_ASSERT(!ice.selected.is_used || ice.selected.pair == ICE_NONE ||
                 ice.pairs[ice.selected.pair].is_used);
    YODEL_ASSERT(!ice_selected(&ice, &path) ||
                 time_since(now, ice.consent.answered_at) < ICE_CONSENT_EXPIRY);
}

static void recv_check(struct reader *r)
{
    uint8_t flags = read_u8(r), room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    bool is_old = flags & 1;
    struct yodel_path path = {.local = base_addr(read_u8(r)), .remote = remote_addr(read_u8(r))};
    if (flags & 16) {
        path.local.port = LISTENING_PORT;
        path.transport = YODEL_TCP;
    }
    struct ice_check check = {
        .remote_ufrag = bytes_of_text(is_old ? ice.previous_local.ufrag : ice.local.ufrag),
        .local_ufrag = bytes_of_text(peer_ufrag),
        .priority = read_u32(r),
        .is_controlling = flags & 2,
        .tie_breaker = flags & 4 ? ice.tie_breaker : read_u64(r),
        .use_candidate = flags & 8};

    ice_message_put(&w, &check, bytes_of_text(is_old ? ice.previous_local.pwd : ice.local.pwd));
    ice_recv(&ice, &path, writer_bytes(&w), now);
}

static void recv_answer(struct reader *r)
{
    static const uint32_t errors[] = {0, 0, 0, 0, STUN_ROLE_CONFLICT, STUN_UNKNOWN_ATTRIBUTE};
    uint8_t flags = read_u8(r), room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_reply reply = {.error = errors[flags % COUNT(errors)],
        .path.remote = flags & 8 ? asked_path.local : remote_addr(read_u8(r))};
    struct yodel_path path = asked_path;

    if (flags & 16) {
        path.remote = remote_addr(read_u8(r));
    }
    memcpy(reply.id, asked + 8, STUN_ID_SIZE);
    ice_message_put_reply(&w, &reply, bytes_of_text(flags & 32 ? other_pwd : peer_pwd));
    ice_recv(&ice, &path, writer_bytes(&w), now);
}

// Whatever attributes, behind the right integrity.
static void recv_signed(struct reader *r)
{
    struct yodel_path path = {.local = base_addr(read_u8(r)), .remote = remote_addr(read_u8(r))};
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct bytes raw = read_bytes(r, r->left < 64 ? r->left : 64);

    if (raw.len < 2) {
        return;
    }
    stun_msg_put_header(&w, (uint16_t)(raw.ptr[0] << 8 | raw.ptr[1]) & 0x3fff, asked + 8);
    stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text("x"));
    put_bytes(&w, bytes_sub(raw, 2, (raw.len - 2) & ~(size_t)3));
    store_u16(room + 2, (uint16_t)(w.len - STUN_HEADER_SIZE));
    stun_auth_put_sha1(&w, bytes_of_text(raw.ptr[0] & 0x40 ? peer_pwd : ice.local.pwd));
    ice_recv(&ice, &path, writer_bytes(&w), now);
}

static void recv_wrapped(const struct yodel_path *from, struct span datagram)
{
    struct yodel_path path = *from;

    if (ice_unwrap(&ice, &path, &datagram, now)) {
        ice_recv(&ice, &path, bytes_of_span(datagram), now);
    }
}

// What a TURN server answers that asks for no name, and what it relays.
static void recv_turn(struct reader *r)
{
    uint8_t flags = read_u8(r), room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_addr addr = remote_addr(read_u8(r));
    uint16_t method = (uint16_t)(turn_asked[0] << 8 | turn_asked[1]);

    if (flags & 1) {
        stun_msg_put_header(&w, TURN_DATA | STUN_INDICATION, turn_asked + 8);
        stun_attr_put_xor_addr(&w, TURN_ATTR_XOR_PEER_ADDRESS, &addr);
        stun_msg_put_attr(&w, TURN_ATTR_DATA, bytes_of(asked, STUN_HEADER_SIZE));
    } else if (flags & 2) {
        put_u16(&w, (uint16_t)(TURN_CHANNEL_MIN + flags % 4));
        put_u16(&w, STUN_HEADER_SIZE);
        put_bytes(&w, bytes_of(asked, STUN_HEADER_SIZE));
    } else if (flags & 4) {
        stun_msg_put_header(&w, method | STUN_ERROR, turn_asked + 8);
        stun_attr_put_error(&w, flags & 8 ? TURN_FORBIDDEN : TURN_ALLOCATION_MISMATCH, "");
    } else {
        stun_msg_put_header(&w, method | STUN_SUCCESS, turn_asked + 8);
        stun_attr_put_xor_addr(&w, TURN_ATTR_XOR_RELAYED_ADDRESS, &addr);
        stun_attr_put_xor_addr(&w, STUN_XOR_MAPPED_ADDRESS, &addr);
        stun_attr_put_u32(&w, TURN_ATTR_LIFETIME, 600);
    }
    recv_wrapped(&turn_path, span_of(room, w.len));
}

static void call_about_relays(uint8_t pick)
{
    struct ice_turn_server server = {.addr = remote_addr(pick),
        .transport = (enum yodel_transport)(pick / 8 % 3),
        .username = "user",
        .password = "pass"};
    struct yodel_path path = {
        .local = base_addr(0), .remote = server.addr, .transport = server.transport};

    path.local.port = 0;
    if (pick & 64) {
        ice_connected(&ice, &path);
    } else if (pick & 128) {
        ice_disconnected(&ice, &path);
    } else {
        ice_add_turn_server(&ice, &server);
    }
}

static void call(struct reader *r)
{
    uint8_t pick = read_u8(r), which = read_u8(r);
    struct yodel_addr addr = base_addr(pick), remote = remote_addr(pick);
    struct ice_candidate candidate = {.foundation = "1",
        .component = 1,
        .priority = 1u + pick,
        .addr = remote,
        .type = (enum ice_type)(pick % 4)};
    struct yodel_addr listening = addr;

    listening.port = LISTENING_PORT;
    switch (which % 18) {
    case 0:
        ice_add_local(&ice, &addr, pick);
        break;
    case 1:
        ice_remove_local(&ice, &addr);
        break;
    case 2:
        ice_add_server(&ice, &remote);
        break;
    case 3:
        ice_set_role(&ice, pick & 1);
        break;
    case 4:
        (void)ice_set_remote_credentials(
            &ice, pick & 1 ? "othr" : peer_ufrag, pick & 2 ? other_pwd : peer_pwd);
        break;
    case 5:
        candidate.name[0] = pick & 1 ? 'a' : '\0';
        ice_add_remote(&ice, &candidate);
        break;
    case 6:
        ice_resolved(&ice, "a", pick & 16 ? &remote : NULL);
        break;
    case 7:
        ice_restart(&ice);
        break;
    case 8:
        ice_end_local(&ice);
        ice_end_remote(&ice);
        break;
    case 9:
        (void)ice_is_valid(&ice, &asked_path);
        ice_sent(&ice, now);
        break;
    case 10:
    case 11:
        call_about_relays(pick);
        break;
    case 12:
        ice_add_local_tcp(&ice, &listening);
        break;
    case 13:
        candidate.transport = YODEL_TCP;
        candidate.tcp_type = (enum ice_tcp_type)(1 + pick / 8 % 3);
        ice_add_remote(&ice, &candidate);
        break;
    case 14:
        ice_connected(&ice, &stream_path);
        break;
    case 15:
        ice_disconnected(&ice, pick & 1 ? &stream_path : &asked_path);
        break;
    case 16:
        ice_remove_local(&ice, &listening);
        break;
    default:
        ice_add_remote(&ice, &candidate);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct env env = {.alloc = alloc_system(), .random = fill_random};
    struct ice_config config = {.is_controlling = len & 1,
        .is_relay_only = len & 2,
        .has_tcp = !(len & 4),
        .is_lite = len & 8};
    struct reader r = reader_of(bytes_of(data, len));
    struct yodel_addr base = base_addr(0);

    seed = 1;
    now = 0;
    memset(asked, 0, sizeof asked);
    memset(turn_asked, 0, sizeof turn_asked);
    asked_path = turn_path = stream_path = (struct yodel_path){0};
    ice_init(&ice, &env, &config);
    ice_add_local(&ice, &base, 1);
    (void)ice_set_remote_credentials(&ice, peer_ufrag, peer_pwd);
    while (r.left > 0 && !r.failed) {
        uint8_t what = read_u8(&r);

        switch (what % 9) {
        case 0:
            call(&r);
            break;
        case 1:
        case 2:
            recv_check(&r);
            break;
        case 3:
        case 4:
            recv_answer(&r);
            break;
        case 5:
            recv_signed(&r);
            break;
        case 6:
            recv_turn(&r);
            break;
        case 7:
            now += YODEL_MS(1) << (what >> 3) % 16;
            break;
        default:
            if (ice_next_timeout(&ice) != YODEL_NEVER) {
                now = ice_next_timeout(&ice) > now ? ice_next_timeout(&ice) : now;
            }
            break;
        }
        drain();
    }
    ice_deinit(&ice);
    return 0;
}
