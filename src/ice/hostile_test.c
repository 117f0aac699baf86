// Hostile peers: what they tell and send costs a counter, and nothing else.

#include <stdio.h>

#include "check.h"
#include "ice/ice.h"
#include "ice/message.h"
#include "ice/world.h"
#include "stun/attr.h"
#include "stun/auth.h"

static struct ice_world world;
static struct ice *const ice = &world.agents[0].ice;
static uint8_t sent[ICE_DATAGRAM_MAX];

static const char peer_ufrag[] = "peer", peer_pwd[] = "abcdefghijklmnopqrstuv";

// One agent, controlled, that knows its peer's credentials and has one base.
static void start(void)
{
    ice_world_init(&world, 1);
    ice_set_role(ice, false);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    CHECK_EQ(ice_set_remote_credentials(ice, peer_ufrag, peer_pwd), YODEL_OK);
}

static struct yodel_path path_from(const char *remote)
{
    return (struct yodel_path){
        .local = ice_world_addr("192.0.2.1:5000"), .remote = ice_world_addr(remote)};
}

static size_t emit(struct yodel_path *path)
{
    return ice_emit(ice, span_of(sent, sizeof sent), path, world.now);
}

static struct ice_check good_check(void)
{
    return (struct ice_check){.remote_ufrag = bytes_of_text(ice_local_ufrag(ice)),
        .local_ufrag = bytes_of_text(peer_ufrag),
        .priority = 1000,
        .is_controlling = true,
        .tie_breaker = 1};
}

static void recv_check(const struct ice_check *check, const char *pwd, const char *remote)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = path_from(remote);

    ice_message_put(&w, check, bytes_of_text(pwd));
    CHECK(!w.failed);
    ice_recv(ice, &path, writer_bytes(&w), world.now);
}

static uint64_t drops(enum ice_drop reason)
{
    return ice_stats(ice)->drops[reason];
}

static void add_candidate(const char *text)
{
    struct ice_candidate candidate;

    CHECK_EQ(ice_candidate_parse(&candidate, bytes_of_text(text)), YODEL_OK);
    ice_add_remote(ice, &candidate);
}

// I3.
static void ten_thousand_candidates_are_a_hundred(void)
{
    start();
    for (int i = 0; i < 10000; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "candidate:%d 1 udp %d 198.51.%d.%d 5000 typ host", i,
            i + 1, i / 256, i % 256);
        add_candidate(text);
    }
    CHECK_EQ(ice->pair_end, ICE_PAIRS_MAX);
    CHECK_EQ(drops(ICE_DROP_LIMIT), 10000 - ICE_REMOTES_MAX);
    for (int i = 0; i < 100; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 1 h%d.local 5000 typ host", i);
        add_candidate(text);
    }
    CHECK_EQ(drops(ICE_DROP_LIMIT), 10000 - ICE_REMOTES_MAX + 100 - ICE_NAMES_MAX);
}

// I1, I5, I7.
static void useless_candidates_are_never_paired(void)
{
    static const char *const rows[] = {
        "candidate:1 1 udp 1 192.0.2.1 5000 typ host", // Ourselves.
        "candidate:1 1 udp 1 224.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 255.255.255.255 5000 typ host",
        "candidate:1 1 udp 1 0.0.0.0 5000 typ host",
        "candidate:1 1 udp 1 127.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 ::ffff:127.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 ::1 5000 typ host",
        "candidate:1 1 udp 1 fe80::1 5000 typ host",
        "candidate:1 1 udp 1 ff02::1 5000 typ host",
        "candidate:1 1 udp 1 :: 5000 typ host",
        "candidate:1 2 udp 1 192.0.2.2 5000 typ host",
        "candidate:1 1 tcp 1 192.0.2.2 5000 typ host tcptype passive",
        "candidate:1 1 udp 1 192.0.2.2 5000 typ host ufrag othr",
    };

    start();
    ice_world_add_local(&world, 0, "[2001:db8::1]:5000");
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_candidate(rows[i]);
        if (ice->pair_end != 0) {
            print_error("%s\n", rows[i]);
        }
        CHECK_EQ(ice->pair_end, 0);
    }
    add_candidate("candidate:1 1 udp 1 192.0.2.2 5000 typ host ufrag peer");
    CHECK_EQ(ice->pair_end, 1);
    add_candidate("candidate:9 1 udp 9 192.0.2.2 5000 typ srflx"); // The same again.
    CHECK_EQ(ice->pair_end, 1);
}

static void candidates_of_another_generation_go_when_the_credentials_come(void)
{
    ice_world_init(&world, 1);
    ice_world_add_local(&world, 0, "192.0.2.1:5000");
    add_candidate("candidate:1 1 udp 1 192.0.2.2 5000 typ host ufrag othr");
    add_candidate("candidate:2 1 udp 1 192.0.2.3 5000 typ host ufrag peer");
    add_candidate("candidate:3 1 udp 1 192.0.2.4 5000 typ host");
    CHECK_EQ(ice_set_remote_credentials(ice, peer_ufrag, peer_pwd), YODEL_OK);
    CHECK(!ice->pairs[0].is_used);
    CHECK(ice->pairs[1].is_used && ice->pairs[2].is_used);
}

static size_t count_resolve_events(void)
{
    struct ice_event event;
    size_t count = 0;

    while (ice_next_event(ice, &event)) {
        count += event.type == ICE_EVENT_RESOLVE;
    }
    return count;
}

// I4.
static void names_are_asked_for_once_and_hold_nothing_up(void)
{
    struct yodel_path path;

    start();
    add_candidate("candidate:1 1 udp 1 a.local 5000 typ host");
    add_candidate("candidate:1 1 udp 2 A.local 5001 typ host");
    add_candidate("candidate:2 1 udp 1 192.0.2.2 6000 typ host");
    CHECK_EQ(count_resolve_events(), 1);
    CHECK_EQ(count_resolve_events(), 0);
    CHECK(emit(&path) > 0);
    struct yodel_addr addr = ice_world_addr("192.0.2.7:1");
    ice_resolved(ice, "b.local", &addr);
    CHECK_EQ(ice->pair_end, 1);
    ice_resolved(ice, "a.local", &addr);
    CHECK_EQ(ice->pair_end, 3);
    CHECK_EQ(ice->remotes[1].addr.port, 5000);
    ice_resolved(ice, "a.local", &addr); // Answered already.
    CHECK_EQ(ice->pair_end, 3);
}

static void a_name_of_the_dns_does_not_lead_home(void)
{
    static const struct {
        const char *name;
        const char *addr; // NULL: there is none.
        size_t want;
    } rows[] = {
        {"evil.example", "127.0.0.1:1", 0}, {"evil.example", "[::1]:1", 0},
        {"evil.example", "[::ffff:127.0.0.1]:1", 0}, {"evil.example", "169.254.169.254:1", 0},
        {"evil.example", "0.0.0.0:1", 0}, {"evil.example", "224.0.0.1:1", 0},
        {"evil.example", NULL, 0}, {"host.local", NULL, 0}, {"host.local", "192.0.2.9:1", 1},
        {"good.example", "192.0.2.9:1", 1},
        {"local-only.local", "127.0.0.1:1", 1}, // There is a loopback base, and this is this host.
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        struct yodel_addr addr = {0};

        start();
        ice_world_add_local(&world, 0, "127.0.0.1:5000");
        ice_world_add_local(&world, 0, "169.254.1.1:5000");
        (void)snprintf(text, sizeof text, "candidate:1 1 udp 1 %s 5555 typ host", rows[i].name);
        add_candidate(text);
        CHECK_EQ(count_resolve_events(), 1);
        addr = rows[i].addr ? ice_world_addr(rows[i].addr) : addr;
        ice_resolved(ice, rows[i].name, rows[i].addr ? &addr : NULL);
        CHECK_EQ(ice->pair_end > 0, rows[i].want);
    }
}

static void answer_check(const uint8_t *request, const char *pwd, const char *from)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = path_from(from);
    struct ice_reply reply = {.path = {.remote = path.local}};

    memcpy(reply.id, request + 8, STUN_ID_SIZE);
    ice_message_put_reply(&w, &reply, bytes_of_text(pwd));
    ice_recv(ice, &path, writer_bytes(&w), world.now);
}

// I8.
static void checks_from_a_thousand_ports_keep_the_latest(void)
{
    start();
    add_candidate("candidate:2 1 udp 1 192.0.2.2 6000 typ host");
    struct yodel_path path, selected;
    struct ice_check first = good_check();
    recv_check(&first, ice_local_pwd(ice), "203.0.113.4:1999");
    CHECK(emit(&path) > 0 && sent[0] == 1);
    CHECK(emit(&path) > 0 && sent[0] == 0);
    answer_check(sent, peer_pwd, "203.0.113.4:1999");
    CHECK(ice_selected(ice, &selected));
    for (unsigned i = 0; i < 1000; i++) {
        struct ice_check check = good_check();
        char remote[32];

        (void)snprintf(remote, sizeof remote, "203.0.113.5:%u", 2000 + i);
        recv_check(&check, ice_local_pwd(ice), remote);
        world.now += YODEL_MS(1);
        while (emit(&path) > 0) {
        }
    }
    size_t count = 0;
    for (size_t i = 0; i < ICE_REMOTES_MAX; i++) {
        const struct ice_remote *remote = &ice->remotes[i];
        count += remote->is_used;
        CHECK(!remote->is_used || remote->type != ICE_PRFLX || remote->addr.port == 1999 ||
              remote->addr.port >= 3000 - (ICE_PRFLX_MAX - 1));
    }
    CHECK_EQ(count, 1 + ICE_PRFLX_MAX);
    CHECK(ice->pair_end <= 1 + ICE_PRFLX_MAX);
    CHECK(ice_selected(ice, &path) && path_equal(&path, &selected)); // That one is kept.
}

// Nothing follows from it: no answer, no pair.
static void check_that_nothing_follows(enum ice_drop reason)
{
    struct yodel_path path;

    CHECK_EQ(drops(reason), 1);
    CHECK_EQ(emit(&path), 0);
    CHECK_EQ(ice->pair_end, 0);
    CHECK(ice_next_timeout(ice) > world.now);
}

// S15, L5.
static void strangers_are_met_with_silence(void)
{
    static char long_name[514];
    struct ice_check check;

    start();
    recv_check(&(struct ice_check){.remote_ufrag = bytes_of_text("nobody"),
                   .local_ufrag = bytes_of_text(peer_ufrag),
                   .priority = 1},
        ice_local_pwd(ice), "192.0.2.2:6000");
    check_that_nothing_follows(ICE_DROP_USERNAME);

    start();
    check = good_check();
    recv_check(&check, "not the password at all", "192.0.2.2:6000");
    check_that_nothing_follows(ICE_DROP_INTEGRITY);

    start();
    memset(long_name, 'a', sizeof long_name);
    check = good_check();
    check.remote_ufrag = bytes_of(long_name, 100);
    check.local_ufrag = bytes_of("\0\xff", 2);
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    check_that_nothing_follows(ICE_DROP_USERNAME);
}

// A request made by hand, with the right password.
static void recv_request(uint16_t type, const char *username, bool has_priority, uint16_t extra)
{
    static const uint8_t id[STUN_ID_SIZE] = "abcdefghijkl";
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = path_from("192.0.2.2:6000");

    stun_msg_put_header(&w, type, id);
    stun_msg_put_attr(&w, STUN_USERNAME, bytes_of_text(username));
    if (has_priority) {
        stun_attr_put_u32(&w, STUN_PRIORITY, 1);
    }
    if (extra) {
        stun_msg_put_attr(&w, extra, bytes_of_text("xyz"));
    }
    stun_auth_put_sha1(&w, bytes_of_text(ice_local_pwd(ice)));
    stun_auth_put_fingerprint(&w);
    ice_recv(ice, &path, writer_bytes(&w), world.now);
}

// S15, S16.
static void malformed_requests_are_dropped(void)
{
    char username[32];

    start();
    recv_request(STUN_BINDING, ice_local_ufrag(ice), true, 0); // No colon.
    check_that_nothing_follows(ICE_DROP_MALFORMED);
    start();
    (void)snprintf(username, sizeof username, "%s:%s", ice_local_ufrag(ice), peer_ufrag);
    recv_request(STUN_BINDING, username, false, 0); // No priority.
    check_that_nothing_follows(ICE_DROP_MALFORMED);
    start();
    recv_request(STUN_BINDING | STUN_INDICATION, username, true, 0);
    check_that_nothing_follows(ICE_DROP_TYPE);
    start();
    recv_request(0x0003, username, true, 0);
    check_that_nothing_follows(ICE_DROP_TYPE);
    start();
    recv_request(STUN_BINDING | STUN_SUCCESS, username, true, 0);
    check_that_nothing_follows(ICE_DROP_TRANSACTION);
}

// S9; and what may be skipped, as a browser's 0xC057, is.
static void unknown_attributes_are_named_or_skipped(void)
{
    struct yodel_path path;
    struct stun_msg msg;
    char username[32];
    uint32_t code = 0;

    start();
    (void)snprintf(username, sizeof username, "%s:%s", ice_local_ufrag(ice), peer_ufrag);
    recv_request(STUN_BINDING, username, true, 0x7777);
    size_t len = emit(&path);
    CHECK_EQ(stun_msg_parse(&msg, bytes_of(sent, len)), YODEL_OK);
    CHECK(stun_attr_read_error(&msg, &code) && code == STUN_UNKNOWN_ATTRIBUTE);
    CHECK_BYTES(stun_msg_find(&msg, STUN_UNKNOWN_ATTRIBUTES)->value, bytes_of("\x77\x77", 2));
    CHECK_EQ(ice->pair_end, 0);
    recv_request(STUN_BINDING, username, true, 0xC057);
    len = emit(&path);
    CHECK_EQ(stun_msg_parse(&msg, bytes_of(sent, len)), YODEL_OK);
    CHECK_EQ(msg.type, STUN_BINDING | STUN_SUCCESS);
    CHECK_EQ(stun_auth_check(&msg, bytes_of_text(ice_local_pwd(ice))), YODEL_OK);
    CHECK_EQ(ice->pair_end, 1);
}

// S12.
static void a_wrong_fingerprint_is_dropped(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = path_from("192.0.2.2:6000");
    struct ice_check check;

    start();
    check = good_check();
    ice_message_put(&w, &check, bytes_of_text(ice_local_pwd(ice)));
    room[w.len - 1] ^= 1;
    ice_recv(ice, &path, writer_bytes(&w), world.now);
    check_that_nothing_follows(ICE_DROP_FINGERPRINT);
}

// I9.
static void a_controlled_peer_nominates_nothing(void)
{
    start();
    ice_set_role(ice, true);
    struct ice_check check = good_check();
    check.is_controlling = false;
    check.use_candidate = true;
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    CHECK_EQ(ice->pair_end, 1);
    CHECK(!ice->pairs[0].is_peer_nominated);
}

static void a_request_through_an_unknown_base_is_dropped(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = path_from("192.0.2.2:6000");
    struct ice_check check;

    start();
    check = good_check();
    path.local.port++;
    ice_message_put(&w, &check, bytes_of_text(ice_local_pwd(ice)));
    ice_recv(ice, &path, writer_bytes(&w), world.now);
    check_that_nothing_follows(ICE_DROP_PATH);
}

// S13.
static void answers_from_elsewhere_or_forged_or_repeated_do_not_count(void)
{
    uint8_t request[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    start();
    add_candidate("candidate:2 1 udp 1 192.0.2.2 6000 typ host");
    CHECK(emit(&path) > 0);
    memcpy(request, sent, sizeof request);
    answer_check(request, "not the password at all", "192.0.2.2:6000");
    CHECK_EQ(drops(ICE_DROP_INTEGRITY), 1);
    CHECK_EQ(ice->pairs[0].state, ICE_PAIR_IN_PROGRESS);
    answer_check(request, peer_pwd, "192.0.2.2:6000");
    CHECK_EQ(ice->pairs[0].state, ICE_PAIR_SUCCEEDED);
    answer_check(request, peer_pwd, "192.0.2.2:6000");
    CHECK_EQ(drops(ICE_DROP_TRANSACTION), 1);

    start();
    add_candidate("candidate:2 1 udp 1 192.0.2.2 6000 typ host");
    CHECK(emit(&path) > 0);
    memcpy(request, sent, sizeof request);
    answer_check(request, peer_pwd, "192.0.2.3:6000"); // A copy that was faster.
    CHECK_EQ(ice->pairs[0].state, ICE_PAIR_IN_PROGRESS);
    CHECK(!ice_is_valid(ice, &path));
    answer_check(request, peer_pwd, "192.0.2.2:6000");
    CHECK_EQ(ice->pairs[0].state, ICE_PAIR_SUCCEEDED);
}

// More than fit are dropped, and answered when the peer asks again.
static void waiting_answers_are_limited(void)
{
    struct yodel_path path;
    size_t count = 0;

    start();
    for (unsigned i = 0; i < 100; i++) {
        struct ice_check check = good_check();
        check.id[0] = (uint8_t)i;
        recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    }
    while (emit(&path) > 0) {
        count += sent[0] == 1;
    }
    CHECK_EQ(count, ICE_REPLIES_MAX);
    CHECK_EQ(drops(ICE_DROP_LIMIT), 100 - ICE_REPLIES_MAX);
}

// A server that lies about our address: what it says is checked as any candidate is.
static void a_lying_server_does_not_make_a_candidate(void)
{
    static const char *const lies[] = {
        "127.0.0.1:5000", "0.0.0.0:5000", "224.0.0.1:5000", "[2001:db8::1]:5000", "198.51.100.7:0"};

    for (size_t i = 0; i < COUNT(lies); i++) {
        struct yodel_addr server = ice_world_addr("198.51.100.1:3478");
        struct yodel_addr lie = ice_world_addr(lies[i]);
        uint8_t room[128];
        struct writer w = writer_of(span_of(room, sizeof room));
        struct yodel_path path;

        start();
        ice_add_server(ice, &server);
        CHECK(emit(&path) > 0);
        CHECK(addr_equal(&path.remote, &server));
        stun_msg_put_header(&w, STUN_BINDING | STUN_SUCCESS, sent + 8);
        stun_attr_put_xor_addr(&w, STUN_XOR_MAPPED_ADDRESS, &lie);
        ice_recv(ice, &path, writer_bytes(&w), world.now);
        CHECK_EQ(drops(ICE_DROP_CANDIDATE), 1);
        CHECK(!ice->locals[1].is_used);
        CHECK(ice->gathers[0].is_answered);
    }
}

static void a_peer_that_is_heard_after_all_is_answered_and_checked(void)
{
    struct yodel_path path;

    start();
    add_candidate("candidate:2 1 udp 1 192.0.2.2 6000 typ host");
    for (int i = 0; i < 200 && ice_next_timeout(ice) != YODEL_NEVER; i++) {
        while (emit(&path) > 0) {
        }
        if (ice_next_timeout(ice) != YODEL_NEVER) {
            world.now = ice_next_timeout(ice);
        }
    }
    CHECK_EQ(ice_state(ice), ICE_FAILED);
    CHECK_TEXT(ice_failure(ice), "nothing was heard from any address of the peer");
    struct ice_check check = good_check();
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    CHECK_EQ(ice_state(ice), ICE_CHECKING);
    CHECK(emit(&path) > 0 && sent[0] == 1);
    CHECK(emit(&path) > 0 && sent[0] == 0);
    answer_check(sent, peer_pwd, "192.0.2.2:6000");
    CHECK_EQ(ice_state(ice), ICE_CONNECTED);
    CHECK(!ice_failure(ice));
}

static void what_a_peer_saw_first_is_announced_when_a_server_sees_it_too(void)
{
    struct yodel_addr mapped = ice_world_addr("203.0.113.1:5000");
    struct yodel_addr server = ice_world_addr("198.51.100.1:3478");

    start();
    uint8_t first = ice_local_add_reflexive(ice, ICE_PRFLX, 0, &mapped, NULL);
    CHECK(ice->locals[first].is_announced);
    uint8_t second = ice_local_add_reflexive(ice, ICE_SRFLX, 0, &mapped, &server);
    CHECK_EQ(first, second);
    CHECK_EQ(ice->locals[first].type, ICE_SRFLX);
    CHECK(!ice->locals[first].is_announced);
    ice->locals[first].is_announced = true;
    CHECK_EQ(ice_local_add_reflexive(ice, ICE_PRFLX, 0, &mapped, NULL), first);
    CHECK_EQ(ice->locals[first].type, ICE_SRFLX);
}

// RFC 8445 §6.1.4.2, §7.2.5.3.3.
static void what_shares_a_foundation_waits_for_the_first_answer(void)
{
    uint8_t request[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    start();
    add_candidate("candidate:2 1 udp 9 192.0.2.2 6000 typ host");
    add_candidate("candidate:2 1 udp 8 192.0.2.2 6001 typ host");
    add_candidate("candidate:2 1 udp 7 192.0.2.2 6002 typ host");
    CHECK(emit(&path) > 0);
    memcpy(request, sent, sizeof request);
    world.now += ICE_PACE;
    CHECK_EQ(emit(&path), 0);
    CHECK_EQ(ice->pairs[1].state, ICE_PAIR_FROZEN);
    answer_check(request, peer_pwd, "192.0.2.2:6000");
    CHECK_EQ(ice->pairs[1].state, ICE_PAIR_WAITING);
    CHECK_EQ(ice->pairs[2].state, ICE_PAIR_WAITING);
    CHECK(emit(&path) > 0);
    CHECK_EQ(path.remote.port, 6001);
}

// RFC 8445 §8.2: what the controlling agent nominates is used, though we would prefer another.
static void the_peer_decides_which_pair_is_used(void)
{
    static const char *const remotes[] = {"192.0.2.2:6000", "192.0.2.3:6000"};
    struct yodel_path path;

    start();
    add_candidate("candidate:2 1 udp 9 192.0.2.2 6000 typ host");
    add_candidate("candidate:3 1 udp 8 192.0.2.3 6000 typ host");
    for (size_t i = 0; i < COUNT(remotes); i++) {
        CHECK(emit(&path) > 0);
        answer_check(sent, peer_pwd, remotes[i]);
        world.now += ICE_PACE;
    }
    CHECK(ice_selected(ice, &path) && path.remote.ip[3] == 2);
    struct ice_check check = good_check();
    check.use_candidate = true;
    recv_check(&check, ice_local_pwd(ice), remotes[1]);
    CHECK(ice_selected(ice, &path) && path.remote.ip[3] == 3);
    recv_check(&check, ice_local_pwd(ice), remotes[0]); // All are nominated: the best counts.
    CHECK(ice_selected(ice, &path) && path.remote.ip[3] == 2);
}

// USE-CANDIDATE in the very first check, as browsers send it.
static void a_nomination_before_our_check_is_remembered(void)
{
    struct yodel_path path;

    start();
    struct ice_check check = good_check();
    check.use_candidate = true;
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    CHECK(!ice_selected(ice, &path));
    CHECK(ice_is_valid(
        ice, &(struct yodel_path){.local = ice->locals[0].addr, .remote = ice->remotes[0].addr}));
    CHECK(emit(&path) > 0 && sent[0] == 1);
    CHECK(emit(&path) > 0 && sent[0] == 0);
    answer_check(sent, peer_pwd, "192.0.2.2:6000");
    CHECK(ice_selected(ice, &path));
    CHECK(ice->pairs[0].is_nominated);
}

static void a_reflexive_peer_becomes_what_it_calls_itself(void)
{
    start();
    struct ice_check check = good_check();
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    CHECK_EQ(ice->remotes[0].type, ICE_PRFLX);
    uint64_t priority = ice->pairs[0].priority;
    add_candidate("candidate:2 1 udp 999999 192.0.2.2 6000 typ host");
    CHECK_EQ(ice->remotes[0].type, ICE_HOST);
    CHECK(ice->pairs[0].priority > priority);
    CHECK_EQ(ice->pair_end, 1);
}

// RFC 8445 §6.1.2.3, worked out by hand.
static void pair_priorities_follow_the_formula(void)
{
    for (int is_controlling = 0; is_controlling < 2; is_controlling++) {
        start();
        ice_set_role(ice, is_controlling);
        add_candidate("candidate:2 1 udp 1694498815 192.0.2.2 6000 typ srflx");
        // Ours is 2130706431, the larger: 2^32 * 1694498815 + 2 * 2130706431 + (G > D).
        CHECK_EQ(ice->pairs[0].priority, 7277816997797167102u + (uint64_t)is_controlling);
    }
}

static void a_better_pair_is_waited_for_a_moment(void)
{
    struct yodel_path path;

    start();
    ice_set_role(ice, true);
    add_candidate("candidate:2 1 udp 9 192.0.2.2 6000 typ host");
    add_candidate("candidate:3 1 udp 8 192.0.2.3 6000 typ host");
    CHECK(emit(&path) > 0);
    world.now += ICE_PACE;
    CHECK(emit(&path) > 0);
    yodel_time valid_at = world.now;
    answer_check(sent, peer_pwd, "192.0.2.3:6000");
    CHECK(ice_selected(ice, &path)); // Meanwhile it is used.
    CHECK(!ice->pairs[1].is_nominating);
    world.now = valid_at + ICE_NOMINATE_WAIT - 1;
    ice_tick(ice, world.now);
    CHECK(!ice->pairs[1].is_nominating);
    CHECK_EQ(ice_next_timeout(ice), valid_at + ICE_NOMINATE_WAIT);
    world.now++;
    ice_tick(ice, world.now);
    CHECK(ice->pairs[1].is_nominating);
}

static void answers_of_before_a_restart_are_not_sent_after_it(void)
{
    struct yodel_path path;

    start();
    struct ice_check check = good_check();
    recv_check(&check, ice_local_pwd(ice), "192.0.2.2:6000");
    ice_restart(ice);
    CHECK_EQ(emit(&path), 0);
}

// On a socket that many agents share, each knows its own.
static void only_what_is_for_this_agent_is_claimed(void)
{
    uint8_t room[ICE_DATAGRAM_MAX];
    struct yodel_path path;

    start();
    CHECK_TEXT(ice_previous_ufrag(ice), "");
    for (int i = 0; i < 3; i++) {
        struct ice_check check = good_check();
        char old[ICE_LOCAL_UFRAG_LEN + 1];
        struct writer w = writer_of(span_of(room, sizeof room));

        check.remote_ufrag = i == 2 ? bytes_of_text("nobody") : check.remote_ufrag;
        ice_message_put(&w, &check, bytes_of_text("any password"));
        memcpy(old, ice_local_ufrag(ice), sizeof old);
        if (i == 1) {
            ice_restart(ice);
            CHECK_TEXT(ice_previous_ufrag(ice), old);
        }
        CHECK_EQ(ice_claims(ice, writer_bytes(&w)), i != 2);
    }
    start();
    add_candidate("candidate:2 1 udp 9 192.0.2.2 6000 typ host");
    CHECK(emit(&path) > 0);
    for (int i = 0; i < 3; i++) {
        struct ice_reply reply = {.path.remote = path.local};
        struct writer w = writer_of(span_of(room, sizeof room));

        memcpy(reply.id, sent + 8, STUN_ID_SIZE);
        reply.id[3] ^= i == 1 ? 1 : 0;
        ice_message_put_reply(&w, &reply, bytes_of_text("any password"));
        if (i == 2) {
            CHECK(!ice_claims(ice, bytes_of_text("not STUN")));
            continue;
        }
        CHECK_EQ(ice_claims(ice, writer_bytes(&w)), i == 0);
    }
}

TEST_MAIN(TEST(only_what_is_for_this_agent_is_claimed), TEST(a_better_pair_is_waited_for_a_moment),
    TEST(answers_of_before_a_restart_are_not_sent_after_it),
    TEST(ten_thousand_candidates_are_a_hundred), TEST(useless_candidates_are_never_paired),
    TEST(candidates_of_another_generation_go_when_the_credentials_come),
    TEST(names_are_asked_for_once_and_hold_nothing_up), TEST(a_name_of_the_dns_does_not_lead_home),
    TEST(checks_from_a_thousand_ports_keep_the_latest), TEST(strangers_are_met_with_silence),
    TEST(malformed_requests_are_dropped), TEST(unknown_attributes_are_named_or_skipped),
    TEST(a_wrong_fingerprint_is_dropped), TEST(a_controlled_peer_nominates_nothing),
    TEST(a_request_through_an_unknown_base_is_dropped),
    TEST(answers_from_elsewhere_or_forged_or_repeated_do_not_count),
    TEST(waiting_answers_are_limited), TEST(a_lying_server_does_not_make_a_candidate),
    TEST(what_shares_a_foundation_waits_for_the_first_answer),
    TEST(the_peer_decides_which_pair_is_used), TEST(a_nomination_before_our_check_is_remembered),
    TEST(a_reflexive_peer_becomes_what_it_calls_itself), TEST(pair_priorities_follow_the_formula),
    TEST(a_peer_that_is_heard_after_all_is_answered_and_checked),
    TEST(what_a_peer_saw_first_is_announced_when_a_server_sees_it_too))
