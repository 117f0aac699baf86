// A client's tests: the server's part.

#include "turn/client_fixture.h"

#include "check.h"

static void fill_random(void *ctx, struct span out)
{
    struct client_fixture *f = ctx;

    for (size_t i = 0; i < out.len; i++) {
        f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(f->seed >> 56);
    }
}

void client_fixture_open(struct client_fixture *f, enum yodel_transport transport)
{
    struct turn_client_config config = {
        .path = {.local = addr_v4(192, 0, 2, 1, transport == YODEL_UDP ? 5000 : 0),
            .remote = addr_v4(192, 0, 2, 9, 3478),
            .transport = transport},
        .username = "user",
        .password = "pass",
    };

    *f = (struct client_fixture){.seed = 1, .now = YODEL_SECONDS(1)};
    f->env = (struct env){.random = fill_random, .ctx = f};
    CHECK_EQ(stun_auth_long_term_key(&f->key, STUN_AUTH_MD5, bytes_of_text("user"),
                 bytes_of_text("realm"), bytes_of_text("pass")),
        YODEL_OK);
    turn_client_init(&f->client, &f->env, &config);
    turn_client_start(&f->client, f->now);
}

void client_fixture_expect(struct client_fixture *f, uint16_t method)
{
    size_t len = turn_client_emit(&f->client, span_of(f->request, sizeof f->request), f->now);

    CHECK_EQ(stun_msg_parse(&f->asked, bytes_of(f->request, len)), YODEL_OK);
    CHECK_EQ(f->asked.type, method | STUN_REQUEST);
    CHECK_EQ(stun_auth_check_fingerprint(&f->asked), YODEL_OK);
}

void client_fixture_expect_none(struct client_fixture *f)
{
    CHECK_EQ(turn_client_emit(&f->client, span_of(f->request, sizeof f->request), f->now), 0);
    CHECK(turn_client_next_timeout(&f->client) > f->now);
}

void client_fixture_begin(struct client_fixture *f, uint16_t class)
{
    f->w = writer_of(span_of(f->answer, sizeof f->answer));
    stun_msg_put_header(&f->w, stun_msg_method(&f->asked) | class, f->asked.id);
}

bool client_fixture_recv(
    struct client_fixture *f, struct bytes datagram, struct turn_client_data *data)
{
    if (datagram.ptr != f->answer) {
        memcpy(f->answer, datagram.ptr, datagram.len);
    }
    return turn_client_recv(&f->client, span_of(f->answer, datagram.len), data, f->now);
}

void client_fixture_end(struct client_fixture *f, bool is_signed)
{
    struct turn_client_data data;

    if (is_signed) {
        stun_auth_put_sha1(&f->w, stun_auth_key_bytes(&f->key));
    }
    CHECK(!client_fixture_recv(f, writer_bytes(&f->w), &data));
}

void client_fixture_error(struct client_fixture *f, uint32_t code, bool is_signed)
{
    client_fixture_begin(f, STUN_ERROR);
    stun_attr_put_error(&f->w, code, "so it is");
    client_fixture_end(f, is_signed);
}

void client_fixture_challenge(struct client_fixture *f, uint32_t code, const char *nonce)
{
    client_fixture_begin(f, STUN_ERROR);
    stun_attr_put_error(&f->w, code, "");
    stun_msg_put_attr(&f->w, STUN_REALM, bytes_of_text("realm"));
    stun_msg_put_attr(&f->w, STUN_NONCE, bytes_of_text(nonce));
    client_fixture_end(f, false);
}

void client_fixture_allocated(struct client_fixture *f, const struct yodel_addr *relayed)
{
    struct yodel_addr mapped = addr_v4(198, 18, 0, 1, 6000);

    client_fixture_begin(f, STUN_SUCCESS);
    stun_attr_put_xor_addr(&f->w, TURN_ATTR_XOR_RELAYED_ADDRESS, relayed);
    stun_attr_put_u32(&f->w, TURN_ATTR_LIFETIME, 600);
    stun_attr_put_xor_addr(&f->w, STUN_XOR_MAPPED_ADDRESS, &mapped);
    client_fixture_end(f, true);
}

void client_fixture_ok(struct client_fixture *f)
{
    client_fixture_begin(f, STUN_SUCCESS);
    stun_attr_put_u32(&f->w, TURN_ATTR_LIFETIME, 600);
    client_fixture_end(f, true);
}

void client_fixture_wait(struct client_fixture *f)
{
    yodel_time at = turn_client_next_timeout(&f->client);

    CHECK(at != YODEL_NEVER);
    f->now = at > f->now ? at : f->now;
    turn_client_tick(&f->client, f->now);
}

void client_fixture_ready(struct client_fixture *f, enum yodel_transport transport)
{
    struct yodel_addr relayed = addr_v4(203, 0, 113, 1, 7000);
    struct yodel_path path;
    bool opens;

    client_fixture_open(f, transport);
    if (transport != YODEL_UDP) {
        client_fixture_expect_none(f);
        CHECK(turn_client_next_stream(&f->client, &path, &opens) && opens);
        turn_client_connected(&f->client, &path);
    }
    client_fixture_expect(f, TURN_ALLOCATE);
    client_fixture_challenge(f, STUN_UNAUTHENTICATED, "first");
    client_fixture_expect(f, TURN_ALLOCATE);
    client_fixture_allocated(f, &relayed);
    CHECK_EQ(f->client.state, TURN_CLIENT_READY);
    client_fixture_expect_none(f);
}

struct yodel_addr client_fixture_peer(uint8_t last)
{
    return addr_v4(198, 51, 100, last, 9000);
}
