// Core: clients come and go, are counted, checked and listened to.

#include "signaling/core.h"

#include "signaling/actions.h"
#include "signaling/session.h"

#define CHECK_INTERVAL (SIGNALING_PING_INTERVAL / 2)

const char *signaling_core_error_name(enum signaling_error error)
{
    static const char *const names[] = {
        [SIGNALING_BAD_MESSAGE] = "bad-message",
        [SIGNALING_UNKNOWN_TYPE] = "unknown-type",
        [SIGNALING_BAD_ROOM] = "bad-room",
        [SIGNALING_NO_SUCH_PEER] = "no-such-peer",
        [SIGNALING_UNKNOWN_CODE] = "unknown-code",
        [SIGNALING_USED_CODE] = "used-code",
        [SIGNALING_RATE_LIMITED] = "rate-limited",
        [SIGNALING_TOO_MANY] = "too-many",
    };
    return names[error];
}

const char *signaling_core_close_text(enum signaling_close close)
{
    static const char *const texts[] = {
        [SIGNALING_CLOSE_NONE] = "",
        [SIGNALING_CLOSE_BAD_MESSAGES] = "too many bad messages",
        [SIGNALING_CLOSE_FLOOD] = "too many messages",
        [SIGNALING_CLOSE_SLOW] = "messages are not read",
        [SIGNALING_CLOSE_GONE] = "pings are not answered",
        [SIGNALING_CLOSE_NO_MEMORY] = "the server is out of memory",
    };
    return texts[close];
}

void signaling_core_init(struct signaling_core *core, const struct signaling_config *config)
{
    *core = (struct signaling_core){.config = *config};
    if (core->config.clients_max == 0) {
        core->config.clients_max = SIGNALING_CLIENTS_DEFAULT;
    }
    if (core->config.clients_per_source == 0) {
        core->config.clients_per_source = SIGNALING_PER_SOURCE_DEFAULT;
    }
    map_init(&core->by_id, config->env);
    list_init(&core->ready);
    list_init(&core->checks);
    signaling_rooms_init(&core->rooms, config->env);
    signaling_codes_init(&core->codes, config->env->alloc);
    signaling_sources_init(&core->sources, config->env);
}

void signaling_core_deinit(struct signaling_core *core)
{
    YODEL_ASSERT(core->by_id.count == 0);
    signaling_sources_deinit(&core->sources);
    signaling_codes_deinit(&core->codes);
    signaling_rooms_deinit(&core->rooms);
    map_deinit(&core->by_id);
}

bool signaling_core_has_room(const struct signaling_core *core, const struct yodel_addr *addr)
{
    return core->by_id.count < core->config.clients_max &&
           signaling_sources_count(&core->sources, addr) < core->config.clients_per_source;
}

static void make_id(const struct signaling_core *core, char id[SIGNALING_ID_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[SIGNALING_ID_SIZE / 2];

    env_random(core->config.env, span_of(random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++) {
        id[2 * i] = digits[random[i] >> 4];
        id[2 * i + 1] = digits[random[i] & 15];
    }
    id[SIGNALING_ID_SIZE] = 0;
}

static void check_later(
    struct signaling_core *core, struct signaling_client *client, yodel_time now)
{
    client->check_at = time_after(now, CHECK_INTERVAL);
    list_push_back(&core->checks, &client->check);
}

enum yodel_err signaling_core_connect(struct signaling_core *core,
    const struct signaling_arrival *arrival, struct signaling_client **connected, yodel_time now)
{
    if (!signaling_core_has_room(core, arrival->addr)) {
        core->stats.refused++;
        return YODEL_ERR_TOO_LARGE;
    }
    struct alloc *alloc = core->config.env->alloc;
    struct signaling_client *client = alloc_new(alloc, sizeof *client);
    if (!client) {
        return YODEL_ERR_NO_MEMORY;
    }
    client->user = arrival->user;
    client->unanswered_since = YODEL_NEVER;
    list_init(&client->codes);
    make_id(core, client->id);
    enum yodel_err err = map_insert(&core->by_id, &client->by_id, bytes_of_text(client->id));
    client->source =
        err == YODEL_OK ? signaling_sources_enter(&core->sources, arrival->addr) : NULL;
    if (!client->source) {
        map_remove(&core->by_id, &client->by_id);
        alloc_free(alloc, client);
        return YODEL_ERR_NO_MEMORY;
    }
    core->stats.connections++;
    check_later(core, client, now);
    signaling_session_say(core, client,
        "{\"type\":\"hello\",\"protocol\":1,\"server\":\"%s\",\"id\":\"%s\",\"ice_servers\":%s}",
        core->config.server, client->id, arrival->ice_servers ? arrival->ice_servers : "[]");
    *connected = client;
    return YODEL_OK;
}

void signaling_core_disconnect(
    struct signaling_core *core, struct signaling_client *client, yodel_time now)
{
    signaling_actions_leave_all(core, client, now);
    signaling_sources_leave(&core->sources, client->source, now);
    map_remove(&core->by_id, &client->by_id);
    list_remove(&client->check);
    if (list_is_linked(&client->ready)) {
        list_remove(&client->ready);
    }
    signaling_queue_deinit(&client->queue, core->config.env->alloc);
    alloc_free(core->config.env->alloc, client);
}

// Counts a message. The first over the limit within a second is answered, the others are dropped.
static bool is_allowed(struct signaling_core *core, struct signaling_client *client, yodel_time now)
{
    if (client->second_count == 0 || time_since(now, client->second) >= YODEL_SECONDS(1)) {
        client->second = now;
        client->second_count = 0;
    }
    client->second_count++;
    if (client->second_count == SIGNALING_MESSAGES_A_SECOND + 1) {
        signaling_session_fail(core, client,
            &(struct signaling_failure){SIGNALING_RATE_LIMITED,
                "more than 100 messages in a second; the rest of this second is dropped", ""});
    }
    if (client->second_count > SIGNALING_FLOOD_A_SECOND) {
        signaling_session_close(core, client, SIGNALING_CLOSE_FLOOD);
    }
    return client->second_count <= SIGNALING_MESSAGES_A_SECOND;
}

static void refuse(struct signaling_core *core, struct signaling_client *client,
    const struct signaling_message *message)
{
    signaling_session_fail(core, client,
        &(struct signaling_failure){SIGNALING_BAD_MESSAGE, message->why, message->type_text});
    if (++client->bad_count >= SIGNALING_BAD_MESSAGES_MAX) {
        signaling_session_close(core, client, SIGNALING_CLOSE_BAD_MESSAGES);
    }
}

void signaling_core_recv(
    struct signaling_core *core, struct signaling_client *client, struct bytes text, yodel_time now)
{
    struct signaling_message message;

    signaling_core_pong(client);
    if (client->close != SIGNALING_CLOSE_NONE || !is_allowed(core, client, now)) {
        return;
    }
    core->stats.received++;
    if (signaling_message_parse(&message, text) == YODEL_OK) {
        signaling_actions_run(core, client, &message, now);
    } else {
        refuse(core, client, &message);
    }
    signaling_message_deinit(&message);
}

void signaling_core_pong(struct signaling_client *client)
{
    client->unanswered_since = YODEL_NEVER;
}

static void check(struct signaling_core *core, struct signaling_client *client, yodel_time now)
{
    yodel_time gone_at = time_after(client->unanswered_since, SIGNALING_PONG_TIMEOUT);

    list_remove(&client->check);
    check_later(core, client, now);
    if (now >= gone_at) {
        signaling_session_close(core, client, SIGNALING_CLOSE_GONE);
        return;
    }
    if (client->ping_next) {
        client->wants_ping = true;
        client->unanswered_since = time_min(client->unanswered_since, now);
        signaling_session_make_ready(core, client);
    }
    client->ping_next = !client->ping_next;
}

static struct signaling_client *next_check(const struct signaling_core *core)
{
    struct list_node *node = list_first(&core->checks);

    return node ? CONTAINER_OF(node, struct signaling_client, check) : NULL;
}

void signaling_core_tick(struct signaling_core *core, yodel_time now)
{
    struct signaling_client *client;

    while ((client = next_check(core)) && now >= client->check_at) {
        check(core, client, now);
    }
    signaling_sources_tick(&core->sources, now);
}

yodel_time signaling_core_next_timeout(const struct signaling_core *core)
{
    const struct signaling_client *client = next_check(core);

    return time_min(
        client ? client->check_at : YODEL_NEVER, signaling_sources_next_timeout(&core->sources));
}

struct signaling_client *signaling_core_next_ready(struct signaling_core *core)
{
    struct list_node *node = list_pop_front(&core->ready);

    return node ? CONTAINER_OF(node, struct signaling_client, ready) : NULL;
}

void *signaling_core_user(const struct signaling_client *client)
{
    return client->user;
}

struct signaling_client *signaling_core_next(
    const struct signaling_core *core, const struct signaling_client *client)
{
    struct map_entry *entry = map_next(&core->by_id, client ? &client->by_id : NULL);

    return entry ? CONTAINER_OF(entry, struct signaling_client, by_id) : NULL;
}

const char *signaling_core_id(const struct signaling_client *client)
{
    return client->id;
}

enum signaling_close signaling_core_close(const struct signaling_client *client)
{
    return client->close;
}

struct signaling_output signaling_core_next_output(struct signaling_client *client)
{
    struct signaling_output output = {
        .text = signaling_queue_first(&client->queue),
        .wants_ping = client->wants_ping,
        .close = client->close,
    };
    client->wants_ping = false;
    return output;
}

void signaling_core_sent(struct signaling_core *core, struct signaling_client *client)
{
    signaling_queue_pop(&client->queue, core->config.env->alloc);
    core->stats.sent++;
}
