// TURN peers of one allocation: against a plain array, from one to hundreds, coming and expiring.

#include "turn/peers.h"

#include "check.h"
#include "turn/server_fixture.h"

enum { MAX = 256, STEPS = 20000 };

struct row {
    struct yodel_addr addr;
    uint16_t port, channel;
    yodel_time expires;
};

static struct row rows[2 * MAX];
static size_t row_count;

static struct row *find(const struct yodel_addr *addr, uint16_t port)
{
    for (size_t i = 0; i < row_count; i++) {
        if (addr_same_ip(&rows[i].addr, addr) && rows[i].port == port) {
            return &rows[i];
        }
    }
    return NULL;
}

static void expire(yodel_time now)
{
    size_t kept = 0;

    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].expires > now) {
            rows[kept++] = rows[i];
        }
    }
    row_count = kept;
}

static uint32_t count(bool is_channel)
{
    uint32_t n = 0;

    for (size_t i = 0; i < row_count; i++) {
        n += (rows[i].channel != 0) == is_channel;
    }
    return n;
}

static void check_all(struct turn_peers *peers)
{
    CHECK_EQ(peers->count, row_count);
    for (size_t i = 0; i < row_count; i++) {
        const struct turn_peer *peer = turn_peers_find(peers, &rows[i].addr, rows[i].port);
        CHECK(peer && peer->expires == rows[i].expires && peer->channel == rows[i].channel);
        CHECK(rows[i].channel == 0 || turn_peers_find_channel(peers, rows[i].channel) == peer);
    }
}

static void it_holds_what_a_plain_array_holds(void)
{
    struct capped_alloc memory = capped_alloc(SIZE_MAX);
    struct turn_peers peers;
    uint64_t chance = 9;
    yodel_time now = 1;

    turn_peers_init(&peers);
    for (size_t step = 0; step < STEPS; step++) {
        uint32_t roll;
        world_random(&chance, span_of((uint8_t *)&roll, sizeof roll));
        struct yodel_addr addr = addr_v4(8, 8, (uint8_t)(roll & 1), (uint8_t)(roll >> 8), 0);
        uint16_t port = roll & 2 ? 1000 : 0;
        uint16_t channel = port ? (uint16_t)(0x4000 + ((roll & 1) << 8 | (roll >> 8 & 255))) : 0;
        struct row *row = find(&addr, port);
        struct turn_peer *peer = turn_peers_find(&peers, &addr, port);
        CHECK_EQ(peer != NULL, row != NULL);
        if (row) {
            row->expires = peer->expires = now + 1 + (roll >> 20);
        } else if (turn_peers_reserve(&peers, &memory.alloc, port == 0, port != 0, MAX, now) ==
                   YODEL_OK) {
            expire(now);
            peer = turn_peers_add(&peers, &addr, port, channel);
            peer->expires = now + 1 + (roll >> 20);
            rows[row_count++] = (struct row){addr, port, channel, peer->expires};
        } else {
            expire(now);
            CHECK_EQ(count(port != 0), MAX);
        }
        if (step % 64 == 0) {
            check_all(&peers);
        }
        now += step % 4000 < 2000 ? 1 : 40; // Full, and then nearly empty.
    }
    turn_peers_deinit(&peers, &memory.alloc);
    CHECK_EQ(memory.held, 0);
}

static void a_few_take_no_memory_and_none_changes_nothing(void)
{
    struct capped_alloc memory = capped_alloc(0);
    struct yodel_addr addr = addr_v4(8, 8, 8, 8, 0);
    struct turn_peers peers;

    turn_peers_init(&peers);
    for (uint8_t i = 0; i < TURN_PEERS_INLINE; i++) {
        CHECK_EQ(turn_peers_reserve(&peers, &memory.alloc, 1, 0, MAX, 0), YODEL_OK);
        addr.ip[3] = i;
        turn_peers_add(&peers, &addr, 0, 0)->expires = 10;
    }
    CHECK_EQ(turn_peers_reserve(&peers, &memory.alloc, 1, 0, MAX, 0), YODEL_ERR_NO_MEMORY);
    CHECK_EQ(peers.count, TURN_PEERS_INLINE);
    CHECK_EQ(
        turn_peers_reserve(&peers, &memory.alloc, 1, 0, TURN_PEERS_INLINE, 0), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(turn_peers_reserve(&peers, &memory.alloc, 1, 0, MAX, 10), YODEL_OK); // All expired.
    CHECK_EQ(peers.count, 0);
    turn_peers_deinit(&peers, &memory.alloc);
}

TEST_MAIN(
    TEST(it_holds_what_a_plain_array_holds), TEST(a_few_take_no_memory_and_none_changes_nothing))
