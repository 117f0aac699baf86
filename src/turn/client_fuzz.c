// The TURN client, fuzzed: a script of calls, time, and a server that knows the key or does not.

#include "base/assert.h"
#include "turn/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ROOM 1500
#define STEPS_MAX 2000

static struct turn_client client;
static struct stun_auth_key key;
static yodel_time now;
static uint64_t seed;
static uint8_t asked_id[STUN_ID_SIZE];
static uint16_t asked_method;

static void fill_random(void *ctx, struct span out)
{
    (void)ctx;
    for (size_t i = 0; i < out.len; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(seed >> 56);
    }
}

static struct yodel_addr peer_addr(uint8_t pick)
{
    if (pick % 8 == 7) {
        return (struct yodel_addr){
            .family = YODEL_ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, [15] = pick}, .port = 5000};
    }
    return pick % 2 ? addr_v4(10, 0, 0, pick, 5000) : addr_v4(198, 51, 100, pick, 5000);
}

// Drains the client, and holds it to its promises.
static void drain(void)
{
    uint8_t room[ROOM];
    struct yodel_path path;
    size_t turns = 0;
    struct stun_msg msg;
    size_t len;
    bool opens;

    do {
        YODEL_ASSERT(++turns < 100);
        len = turn_client_emit(&client, span_of(room, sizeof room), now);
        if (len > 0) {
            YODEL_ASSERT(stun_msg_parse(&msg, bytes_of(room, len)) == YODEL_OK);
            memcpy(asked_id, msg.id, sizeof asked_id);
            asked_method = stun_msg_method(&msg);
        }
        while (turn_client_next_stream(&client, &path, &opens)) {
        }
    } while (len > 0);
    YODEL_ASSERT(turn_client_next_timeout(&client) > now);
    YODEL_ASSERT((client.state == TURN_CLIENT_FAILED) == (client.failure != NULL));
    YODEL_ASSERT(client.hops <= TURN_CLIENT_HOPS_MAX);
}

static void recv_answer(struct reader *r)
{
    static const uint32_t codes[] = {300, 400, 401, 403, 437, 438, 441, 486, 508, 600};
    uint8_t flags = read_u8(r), room[ROOM];
    struct writer w = writer_of(span_of(room, sizeof room));
    uint8_t pick = read_u8(r);
    struct yodel_addr addr = peer_addr(pick);
    struct turn_client_data data;

    stun_msg_put_header(&w, asked_method | (flags & 1 ? STUN_SUCCESS : STUN_ERROR), asked_id);
    if (!(flags & 1)) {
        stun_attr_put_error(&w, codes[pick % COUNT(codes)], "");
    }
    if (flags & 2) {
        stun_msg_put_attr(&w, STUN_REALM, bytes_of_text("realm"));
        stun_msg_put_attr(&w, STUN_NONCE, bytes_of(&pick, 1));
    }
    if (flags & 4) {
        stun_attr_put_xor_addr(&w, TURN_ATTR_XOR_RELAYED_ADDRESS, &addr);
        stun_attr_put_u32(&w, TURN_ATTR_LIFETIME, flags & 8 ? read_u32(r) : 600);
    }
    if (flags & 16) {
        stun_attr_put_addr(&w, STUN_ALTERNATE_SERVER, &addr);
    }
    put_bytes(&w, read_bytes(r, flags & 32 ? read_u8(r) : 0));
    if (flags & 64) {
        stun_auth_put_sha1(&w, stun_auth_key_bytes(&key));
    }
    if (!w.failed) {
        (void)turn_client_recv(&client, span_of(room, w.len), &data, now);
    }
}

static void recv_raw(struct reader *r, uint8_t first)
{
    uint8_t room[ROOM] = {first};
    struct bytes bytes = read_bytes(r, read_u8(r));
    struct turn_client_data data;

    memcpy(room + 1, bytes.ptr ? bytes.ptr : room, bytes.len);
    if (turn_client_recv(&client, span_of(room, bytes.len + 1), &data, now)) {
        YODEL_ASSERT(data.payload.len <= bytes.len);
        YODEL_ASSERT(data.payload.len == 0 ||
                     (data.payload.ptr >= room &&
                         data.payload.ptr + data.payload.len <= room + bytes.len + 1));
    }
}

static void send(struct reader *r)
{
    uint8_t room[ROOM];
    struct yodel_addr peer = peer_addr(read_u8(r));
    size_t len = read_u16(r) % 1400;
    size_t whole = turn_client_wrap(&client, span_of(room, sizeof room), &peer, len, now);

    YODEL_ASSERT(whole == 0 || (whole >= turn_client_head(&client, &peer) + len &&
                                   whole <= len + TURN_CLIENT_HEAD_MAX + TURN_CLIENT_TAIL_MAX));
}

static void step(struct reader *r)
{
    struct yodel_addr peer;

    switch (read_u8(r) % 10) {
    case 0:
        now += YODEL_MS(read_u8(r));
        break;
    case 1:
        now += YODEL_SECONDS(read_u8(r));
        break;
    case 2:
        peer = peer_addr(read_u8(r));
        (void)turn_client_permit(&client, &peer);
        break;
    case 3:
        peer = peer_addr(read_u8(r));
        turn_client_bind(&client, &peer);
        break;
    case 4:
        send(r);
        break;
    case 5:
        turn_client_connected(&client, &client.path);
        break;
    case 6:
        if (read_u8(r) < 16) {
            turn_client_disconnected(&client, &client.path);
        } else if (read_u8(r) < 16) {
            turn_client_close(&client);
        } else {
            turn_client_release_all(&client);
        }
        break;
    case 7:
        recv_raw(r, read_u8(r));
        break;
    default:
        recv_answer(r);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct reader r = reader_of(bytes_of(data, len));
    struct env env = {.random = fill_random};
    struct turn_client_config config = {
        .path = {.local = addr_v4(192, 0, 2, 1, 5000),
            .remote = addr_v4(192, 0, 2, 9, 3478),
            .transport = (enum yodel_transport)(read_u8(&r) % 3)},
        .username = "user",
        .password = "pass",
    };

    now = YODEL_SECONDS(1);
    seed = 1;
    YODEL_ASSERT(stun_auth_long_term_key(&key, STUN_AUTH_MD5, bytes_of_text("user"),
                     bytes_of_text("realm"), bytes_of_text("pass")) == YODEL_OK);
    turn_client_init(&client, &env, &config);
    turn_client_start(&client, now);
    drain();
    for (int i = 0; r.left > 0 && i < STEPS_MAX; i++) {
        step(&r);
        drain();
    }
    turn_client_deinit(&client);
    return 0;
}
