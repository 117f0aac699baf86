// Members of a room around the server's own core, in virtual time: links that break, paths that
// come and go, programs that start again. What is asked of every seed: of the two ends of a
// connection at most one made its first offer; nobody has more partners than places; and once the
// faults have stopped, all who should have each other do, within a bound, on both sides.

#include "signaling/member.h"

#include "check.h"
#include "signaling/fixture.h"

#define MEMBERS_MAX 4
#define FAULTS_UNTIL YODEL_SECONDS(120)
#define SETTLED_BY                                                                                 \
    YODEL_SECONDS(240) // 45 s without a path, 3 until one joins again, 15 for a link.
#define DELAY_MAX YODEL_MS(100)
#define PATH_TIME YODEL_MS(300) // From an answer to a path.
#define AGAIN_MAX_MS 5000
#define MAIL_MAX 4096
#define SEEDS 60
#define CONNECTIONS_MAX 64

struct connection {
    uint32_t number; // 0: the place is free.
    bool is_first;
    bool has_offered;              // As its peer connection would have it: have-local-offer.
    uint64_t our_life, their_life; // What an offer and its answer have introduced to each other.
    bool is_up;
    yodel_time up_at;
};

struct node {
    struct signaling_member member;
    struct signaling_client *client;
    uint32_t links; // Of all times: mail for one that is gone is lost.
    bool is_running, wants_link;
    yodel_time link_at;
    enum signaling_call_role role;
    char id[8];
    struct connection connections[CONNECTIONS_MAX];
    yodel_time again_at; // A person who was told that there is no path tries again.
};

struct mail {
    yodel_time at;
    uint32_t link;
    uint8_t node;
    bool is_for_server;
    char *text;
};

static struct fixture f;
static struct node nodes[MEMBERS_MAX];
static size_t node_count;
static struct mail mails[MAIL_MAX];
static size_t mail_count;
static uint64_t seed, last_life;
static bool is_path_broken;   // For everybody.
static bool is_server_broken; // Nobody gets a link.

static uint32_t chance(uint32_t of)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % of;
}

// ---- the wire to the server: in order, each way

static void post(size_t node, bool is_for_server, const char *text, size_t len)
{
    yodel_time at = f.now + YODEL_MS(1) + chance((uint32_t)DELAY_MAX);

    for (size_t i = 0; i < mail_count; i++) {
        if (mails[i].node == node && mails[i].is_for_server == is_for_server && mails[i].at > at) {
            at = mails[i].at;
        }
    }
    CHECK(mail_count < MAIL_MAX);
    char *copy = alloc_new(alloc_system(), len + 1);
    CHECK(copy);
    memcpy(copy, text, len);
    mails[mail_count++] = (struct mail){at, nodes[node].links, (uint8_t)node, is_for_server, copy};
}

static void cut_link(struct node *node)
{
    if (node->client) {
        signaling_core_disconnect(&f.core, node->client, f.now);
        node->client = NULL;
        node->links++;
    }
    node->wants_link = false;
}

static void take_link(struct node *node)
{
    struct yodel_addr addr = addr_v4(10, 0, 0, (uint8_t)(node - nodes), 1);

    CHECK(!node->client);
    node->wants_link = false;
    if (is_server_broken) {
        signaling_member_disconnected(&node->member, f.now);
        return;
    }
    CHECK_EQ(signaling_core_connect(&f.core,
                 &(struct signaling_arrival){.addr = &addr, .user = node}, &node->client, f.now),
        YODEL_OK);
    signaling_member_connected(&node->member, f.now);
}

// ---- a peer connection, as far as it matters here

static struct connection *find(struct node *node, uint32_t number)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (node->connections[i].number == number) {
            return &node->connections[i];
        }
    }
    return NULL;
}

// The text of a description is whose connection made it, and whose it answers.
static void describe(struct node *node, struct connection *connection, const char *type)
{
    char sdp[64];

    (void)snprintf(sdp, sizeof sdp, "%llu %llu", (unsigned long long)connection->our_life,
        (unsigned long long)connection->their_life);
    signaling_member_signal(&node->member, connection->number,
        json_pack("{s:{s:s, s:s}}", "description", "type", type, "sdp", sdp));
}

static void offer(struct node *node, struct connection *connection)
{
    connection->has_offered = true;
    describe(node, connection, "offer");
}

static void take_signal(struct node *node, struct connection *connection, const json_t *data)
{
    const json_t *description = json_object_get(data, "description");
    const char *type = json_string_value(json_object_get(description, "type"));
    const char *sdp = json_string_value(json_object_get(description, "sdp"));
    bool is_offer = type && strcmp(type, "offer") == 0;

    if (!sdp) {
        return;
    }
    // Another certificate than the one before: a peer connection refuses that.
    uint64_t theirs = strtoull(sdp, NULL, 10);
    CHECK(is_offer || connection->has_offered);
    connection->has_offered = false;
    if (connection->their_life && connection->their_life != theirs) {
        return;
    }
    connection->their_life = theirs;
    connection->up_at = f.now + PATH_TIME;
    if (is_offer) {
        describe(node, connection, "answer");
    }
}

static void begin(struct node *node, uint32_t number)
{
    const struct signaling_member_partner *partner = signaling_member_find(&node->member, number);
    struct connection *connection = find(node, 0);

    CHECK(partner && connection);
    *connection = (struct connection){.number = number,
        .is_first = !partner->is_polite,
        .our_life = ++last_life,
        .up_at = YODEL_NEVER};
    if (connection->is_first) {
        offer(node, connection);
    }
}

// The other end, where the two have agreed on each other.
static struct connection *other_end(const struct connection *connection, struct node **owner)
{
    for (size_t n = 0; n < node_count; n++) {
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            struct connection *other = &nodes[n].connections[i];
            if (other->number && other->our_life == connection->their_life &&
                other->their_life == connection->our_life) {
                *owner = &nodes[n];
                return other;
            }
        }
    }
    return NULL;
}

// `is_said`: the message `leave` goes before.
static void close_connection(struct connection *connection, bool is_said)
{
    struct node *owner = NULL;
    struct connection *other = connection->is_up ? other_end(connection, &owner) : NULL;

    *connection = (struct connection){0};
    if (!other || !other->is_up) {
        return; // Nothing arrives.
    }
    if (is_said) {
        signaling_member_left(&owner->member, other->number);
    } else {
        signaling_member_closed(&owner->member, other->number, f.now);
    }
}

static void move_path(struct node *node, struct connection *connection)
{
    struct node *owner = NULL;
    struct connection *other = other_end(connection, &owner);
    bool may = other && !is_path_broken;

    if (connection->is_up && !may) {
        connection->is_up = false;
        connection->up_at = YODEL_NEVER; // Until new credentials are agreed on.
        signaling_member_path_lost(&node->member, connection->number, f.now);
    } else if (!connection->is_up && may && f.now >= connection->up_at && f.now >= other->up_at) {
        CHECK(connection->is_first != other->is_first); // One of the two made the first offer.
        connection->is_up = other->is_up = true;
        signaling_member_path_up(&node->member, connection->number, f.now);
        signaling_member_path_up(&owner->member, other->number, f.now);
    }
}

// ---- what a member tells

static void take_partner_event(struct node *node, const struct signaling_member_event *event)
{
    struct connection *connection = find(node, event->partner);

    CHECK((connection == NULL) == (event->type == SIGNALING_MEMBER_EVENT_PARTNER));
    if (event->type == SIGNALING_MEMBER_EVENT_PARTNER) {
        begin(node, event->partner);
    } else if (event->type == SIGNALING_MEMBER_EVENT_SIGNAL) {
        take_signal(node, connection, event->data);
    } else if (event->type == SIGNALING_MEMBER_EVENT_ROLLBACK) {
        connection->has_offered = false;
    } else if (event->type == SIGNALING_MEMBER_EVENT_RESTART) {
        offer(node, connection);
    } else {
        close_connection(connection, false);
        if (event->why == SIGNALING_MEMBER_NO_PATH && node->role != SIGNALING_CALL_ROLE_PUBLISH) {
            node->again_at = f.now + YODEL_MS(chance(AGAIN_MAX_MS));
        }
    }
}

static bool take_events(struct node *node)
{
    struct signaling_member_event event;
    bool has_any = false;

    while (signaling_member_next_event(&node->member, &event)) {
        has_any = true;
        if (event.type == SIGNALING_MEMBER_EVENT_CONNECT) {
            node->wants_link = true;
            node->link_at = f.now + YODEL_MS(1) + chance((uint32_t)DELAY_MAX);
        } else if (event.type == SIGNALING_MEMBER_EVENT_FULL) {
            node->again_at = f.now + YODEL_MS(chance(AGAIN_MAX_MS));
        } else if (event.partner) {
            take_partner_event(node, &event);
        }
        CHECK(event.type != SIGNALING_MEMBER_EVENT_FAILED);
        CHECK(event.type != SIGNALING_MEMBER_EVENT_FOREIGN);
    }
    return has_any;
}

static bool speak(struct node *node)
{
    bool has_any = take_events(node);
    const char *text;

    while (node->client && (text = signaling_member_next_out(&node->member, f.now))) {
        post((size_t)(node - nodes), true, text, strlen(text));
        has_any = true;
    }
    while (node->client) {
        struct signaling_output output = signaling_core_next_output(node->client);
        if (output.text.len == 0) {
            CHECK_EQ(output.close, SIGNALING_CLOSE_NONE);
            break;
        }
        post((size_t)(node - nodes), false, (const char *)output.text.ptr, output.text.len);
        signaling_core_sent(&f.core, node->client);
        signaling_core_pong(node->client);
        has_any = true;
    }
    return has_any;
}

// ---- time

static void start(struct node *node)
{
    struct signaling_member_options options = {
        .env = &f.env, .room = "r", .id = node->id, .role = node->role};

    CHECK_EQ(signaling_member_init(&node->member, &options), YODEL_OK);
    node->is_running = true;
    node->again_at = YODEL_NEVER;
}

// As a program that ends: its connections close where there is a path.
static void stop(struct node *node, bool is_said)
{
    cut_link(node);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (node->connections[i].number) {
            close_connection(&node->connections[i], is_said);
        }
    }
    signaling_member_deinit(&node->member);
    node->is_running = false;
}

static void deliver(void)
{
    size_t kept = 0, count = mail_count;
    struct mail due[64];
    size_t due_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (mails[i].at <= f.now && due_count < COUNT(due)) {
            due[due_count++] = mails[i];
        } else {
            mails[kept++] = mails[i];
        }
    }
    mail_count = kept;
    for (size_t i = 0; i < due_count; i++) {
        struct node *node = &nodes[due[i].node];
        struct bytes text = bytes_of_text(due[i].text);
        if (node->client && node->links == due[i].link) {
            if (due[i].is_for_server) {
                signaling_core_recv(&f.core, node->client, text, f.now);
            } else {
                signaling_member_recv(&node->member, text, f.now);
            }
        }
        alloc_free(alloc_system(), due[i].text);
    }
}

static void turn(void)
{
    bool moves = true;

    deliver();
    for (size_t n = 0; n < node_count; n++) {
        if (nodes[n].is_running && f.now >= nodes[n].again_at) {
            stop(&nodes[n], false);
            start(&nodes[n]);
        }
        if (nodes[n].is_running) {
            signaling_member_tick(&nodes[n].member, f.now);
            if (nodes[n].wants_link && f.now >= nodes[n].link_at) {
                take_link(&nodes[n]);
            }
            for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
                if (nodes[n].connections[i].number) {
                    move_path(&nodes[n], &nodes[n].connections[i]);
                }
            }
        }
    }
    while (moves) {
        moves = false;
        for (size_t n = 0; n < node_count; n++) {
            moves = (nodes[n].is_running && speak(&nodes[n])) || moves;
        }
    }
}

// A step of 10 ms at most, and no further than what is next.
static void run_until(yodel_time until)
{
    while (f.now < until) {
        f.now = time_min(until, f.now + YODEL_MS(10));
        turn();
    }
}

// ---- runs

static void open(uint64_t run, size_t count, const enum signaling_call_role roles[])
{
    seed = run * 7919 + 1;
    node_count = count;
    mail_count = 0;
    is_path_broken = is_server_broken = false;
    fixture_init(&f);
    f.seed = run;
    memset(nodes, 0, sizeof nodes);
    for (size_t n = 0; n < count; n++) {
        nodes[n].role = roles[n];
        (void)snprintf(nodes[n].id, sizeof nodes[n].id, "m%zu", n);
    }
}

static void close_all(void)
{
    for (size_t n = 0; n < node_count; n++) {
        if (nodes[n].is_running) {
            stop(&nodes[n], true);
        }
    }
    for (size_t i = 0; i < mail_count; i++) {
        alloc_free(alloc_system(), mails[i].text);
    }
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0);
}

static void fault(void)
{
    struct node *node = &nodes[chance((uint32_t)node_count)];

    switch (chance(6)) {
    case 0:
        cut_link(node);
        signaling_member_disconnected(&node->member, f.now);
        break;
    case 1: // The server starts again.
        for (size_t n = 0; n < node_count; n++) {
            cut_link(&nodes[n]);
            signaling_member_disconnected(&nodes[n].member, f.now);
        }
        break;
    case 2:
        is_path_broken = !is_path_broken;
        break;
    case 3:
        is_server_broken = !is_server_broken;
        break;
    case 4: // A program that starts again, or a page that is reloaded.
        stop(node, false);
        start(node);
        break;
    default: // A channel that closes: the other side notices.
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            if (node->connections[i].number && node->connections[i].is_up) {
                signaling_member_closed(&node->member, node->connections[i].number, f.now);
                return;
            }
        }
    }
}

static size_t count_up(const struct node *node)
{
    size_t count = 0;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        const struct connection *connection = &node->connections[i];
        CHECK((connection->number != 0) ==
              (signaling_member_find(&node->member, connection->number) != NULL));
        count += connection->number && connection->is_up;
        CHECK(!connection->number || connection->is_up); // Nothing is held by one side only.
    }
    return count;
}

static void run(
    uint64_t number, size_t count, const enum signaling_call_role roles[], const size_t want[])
{
    open(number, count, roles);
    for (size_t n = 0; n < count; n++) {
        start(&nodes[n]);
        run_until(f.now + (chance(2) ? YODEL_MS(1) : YODEL_MS(chance(5000))));
    }
    while (f.now < FAULTS_UNTIL) {
        run_until(f.now + YODEL_MS(chance(chance(2) ? 500 : 20000)));
        fault();
        turn(); // Events are taken after each input.
    }
    is_path_broken = is_server_broken = false;
    run_until(SETTLED_BY);
    for (size_t n = 0; n < count; n++) {
        if (count_up(&nodes[n]) != want[n]) {
            print_error("seed %llu: member %zu has %zu\n", (unsigned long long)number, n,
                count_up(&nodes[n]));
        }
        CHECK_EQ(count_up(&nodes[n]), want[n]);
    }
    close_all();
}

static void two_find_each_other_whatever_breaks(void)
{
    static const enum signaling_call_role roles[] = {
        SIGNALING_CALL_ROLE_CALL, SIGNALING_CALL_ROLE_CALL};

    for (uint64_t i = 0; i < SEEDS; i++) {
        run(i, 2, roles, (const size_t[]){1, 1});
    }
}

static void three_who_play_find_the_one_who_publishes_whatever_breaks(void)
{
    static const enum signaling_call_role roles[] = {SIGNALING_CALL_ROLE_PUBLISH,
        SIGNALING_CALL_ROLE_PLAY, SIGNALING_CALL_ROLE_PLAY, SIGNALING_CALL_ROLE_PLAY};

    for (uint64_t i = 0; i < SEEDS; i++) {
        run(i, 4, roles, (const size_t[]){3, 1, 1, 1});
    }
}

TEST_MAIN(TEST(two_find_each_other_whatever_breaks),
    TEST(three_who_play_find_the_one_who_publishes_whatever_breaks))
