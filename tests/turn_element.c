// A TURN server in a simulated network: what its sockets do.

#include "turn_element.h"

#include "base/assert.h"

static void fill_random(void *ctx, struct span out)
{
    struct turn_element *element = ctx;

    for (size_t i = 0; i < out.len; i++) {
        element->seed = element->seed * 6364136223846793005u + 1442695040888963407u;
        out.ptr[i] = (uint8_t)(element->seed >> 56);
    }
}

static void start(struct turn_element *element, const char *const *allow)
{
    struct turn_server_config config = {.env = &element->env,
        .credentials = &element->credentials,
        .listeners = {element->addr},
        .listener_count = 1};

    if (element->addr.family == YODEL_ADDR_V4) {
        config.v4.bound = element->addr;
    } else {
        config.v6.bound = element->addr;
    }
    for (size_t i = 0; allow && allow[i]; i++) {
        YODEL_ASSERT(turn_rules_allow(&config.rules, bytes_of_text(allow[i])) == YODEL_OK);
    }
    YODEL_ASSERT(turn_server_new(&element->server, &config) == YODEL_OK);
}

void turn_element_open(struct turn_element *element, const char *addr, const char *const *allow)
{
    struct bytes user = bytes_of_text("user"), pass = bytes_of_text("pass");

    element->seed = 99;
    element->env = (struct env){.alloc = alloc_system(), .random = fill_random, .ctx = element};
    YODEL_ASSERT(addr_parse(&element->addr, bytes_of_text(addr)) == YODEL_OK);
    turn_credentials_init(&element->credentials, &element->env);
    YODEL_ASSERT(
        turn_credentials_add_realm(&element->credentials, bytes_of_text("sim")) == YODEL_OK);
    YODEL_ASSERT(turn_credentials_add_user(&element->credentials, user, pass) == YODEL_OK);
    start(element, allow);
}

void turn_element_close(struct turn_element *element)
{
    turn_server_free(element->server);
    turn_credentials_deinit(&element->credentials);
}

void turn_element_restart(struct turn_element *element, const char *const *allow)
{
    turn_server_free(element->server);
    element->relay_count = 0;
    start(element, allow);
}

static struct turn_relay *find_relay(
    const struct turn_element *element, const struct yodel_addr *addr)
{
    for (size_t i = 0; i < element->relay_count; i++) {
        if (addr_equal(&element->relays[i]->bound, addr)) {
            return element->relays[i];
        }
    }
    return NULL;
}

bool turn_element_owns(const struct turn_element *element, const struct yodel_addr *addr)
{
    return addr_same_ip(&element->addr, addr);
}

static void send_out(struct turn_element *element, const struct turn_output *out)
{
    uint8_t room[TURN_SERVER_ROOM * 2];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct yodel_path path = {.local = out->relay ? out->relay->bound : element->addr,
        .remote = out->relay ? out->peer : out->client.addr};

    put_bytes(&w, out->head);
    put_bytes(&w, out->body);
    put_zeros(&w, out->padding);
    YODEL_ASSERT(!w.failed);
    element->send(element->ctx, &path, writer_bytes(&w));
}

static void forget(struct turn_element *element, const struct turn_relay *relay)
{
    for (size_t i = 0; i < element->relay_count; i++) {
        if (element->relays[i] == relay) {
            element->relays[i] = element->relays[--element->relay_count];
            return;
        }
    }
}

// Sockets open at once, and always.
static void serve_events(struct turn_element *element, yodel_time now)
{
    uint8_t room[TURN_SERVER_ROOM];
    struct turn_server_event event;
    struct turn_output out;

    while (turn_server_next_event(element->server, &event)) {
        if (event.type == TURN_SERVER_CLOSE) {
            forget(element, event.relay);
            continue;
        }
        YODEL_ASSERT(element->relay_count < TURN_ELEMENT_RELAYS_MAX);
        element->relays[element->relay_count++] = event.relay;
        if (turn_server_opened(
                element->server, event.relay, true, span_of(room, sizeof room), &out, now)) {
            send_out(element, &out);
        }
    }
}

void turn_element_recv(struct turn_element *element, const struct yodel_path *path,
    struct bytes datagram, yodel_time now)
{
    uint8_t room[TURN_SERVER_ROOM];
    struct span span = span_of(room, sizeof room);
    struct turn_relay *relay = find_relay(element, &path->local);
    struct turn_client_id from = {.addr = path->remote, .local = path->local};
    struct turn_output out;
    bool has_output = false;

    if (element->is_down) {
        return;
    }
    if (relay) {
        has_output =
            turn_server_recv_peer(element->server, relay, &path->remote, datagram, span, &out, now);
    } else if (addr_equal(&path->local, &element->addr)) {
        has_output = turn_server_recv(element->server, &from, datagram, span, &out, now);
    }
    if (has_output) {
        send_out(element, &out);
    }
    serve_events(element, now);
}

void turn_element_tick(struct turn_element *element, yodel_time now)
{
    turn_server_tick(element->server, now);
    serve_events(element, now);
}

yodel_time turn_element_next_timeout(const struct turn_element *element)
{
    return turn_server_next_timeout(element->server);
}
