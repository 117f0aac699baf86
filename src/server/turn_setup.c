// TURN's options: addresses, rules, limits, users and secrets.

#include "server/turn_setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "crypto/secret.h"
#include "server/turn_addresses.h"

#define REALM_DEFAULT "yodel"

// ---- text

// The next line that is neither empty nor a comment, without what surrounds it.
static bool next_line(struct bytes *text, struct bytes *line)
{
    while (text->len > 0) {
        const uint8_t *end = memchr(text->ptr, '\n', text->len);
        size_t len = end ? (size_t)(end - text->ptr) : text->len;
        *line = bytes_sub(*text, 0, len);
        *text = bytes_sub(*text, len + 1, text->len);
        while (line->len > 0 && line->ptr[line->len - 1] <= ' ') {
            line->len--;
        }
        if (line->len > 0 && line->ptr[0] != '#') {
            return true;
        }
    }
    return false;
}

static bool parse_ports(struct turn_limits *limits, const char *text)
{
    unsigned min = 0, max = 0;
    char end;

    if (sscanf(text, "%5u-%5u%c", &min, &max, &end) != 2 || min < 1024 || max > 65535 ||
        min >= max) {
        return false;
    }
    limits->port_min = (uint16_t)min;
    limits->port_max = (uint16_t)max;
    return true;
}

// ---- files

static bool look(struct server_turn_file *file, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return false;
    }
    *file = (struct server_turn_file){
        status.st_mtim, (uint64_t)status.st_size, (uint64_t)status.st_ino};
    return true;
}

static bool has_changed(const struct server_turn_file *file, const char *path)
{
    struct server_turn_file now;

    return path && look(&now, path) &&
           (now.size != file->size || now.inode != file->inode ||
               now.changed.tv_sec != file->changed.tv_sec ||
               now.changed.tv_nsec != file->changed.tv_nsec);
}

// All of a file, in `room`.
static bool read_file(struct server_turn_file *file, const char *path, struct span room,
    struct bytes *text, char why[SERVER_ERROR_MAX])
{
    FILE *stream = look(file, path) ? fopen(path, "rbe") : NULL;

    if (!stream) {
        snprintf(why, SERVER_ERROR_MAX, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    size_t len = fread(room.ptr, 1, room.len, stream);
    int error = ferror(stream) ? errno : 0; // Of a folder, only reading fails.
    (void)fclose(stream);
    if (error) {
        snprintf(why, SERVER_ERROR_MAX, "cannot read %s: %s", path, strerror(error));
        return false;
    }
    if (len == room.len) {
        snprintf(why, SERVER_ERROR_MAX, "%s is longer than %d bytes", path, SERVER_TURN_FILE_MAX);
        return false;
    }
    *text = bytes_of(room.ptr, len);
    return true;
}

// ---- credentials

// "NAME:PASSWORD"; the first colon parts them.
static enum yodel_err add_user(struct turn_credentials *credentials, struct bytes text)
{
    const uint8_t *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    size_t len = colon ? (size_t)(colon - text.ptr) : 0;

    if (len == 0 || len + 1 == text.len) {
        return YODEL_ERR_SYNTAX;
    }
    return turn_credentials_add_user(
        credentials, bytes_sub(text, 0, len), bytes_sub(text, len + 1, text.len));
}

static enum yodel_err add_users(struct turn_credentials *credentials,
    const struct server_turn_options *options, char why[SERVER_ERROR_MAX])
{
    for (size_t i = 0; i < options->user_count; i++) {
        enum yodel_err err = add_user(credentials, bytes_of_text(options->users[i]));
        if (err) {
            // Not the text itself: it may hold a password.
            snprintf(why, SERVER_ERROR_MAX, "--turn-user wants NAME:PASSWORD, neither empty");
            return err;
        }
    }
    return YODEL_OK;
}

static enum yodel_err add_user_file(struct server_turn_setup *setup,
    struct turn_credentials *credentials, struct span room, char why[SERVER_ERROR_MAX])
{
    struct bytes text, line;
    const char *path = setup->options->user_file;

    if (!read_file(&setup->user_file, path, room, &text, why)) {
        return YODEL_ERR_IO;
    }
    while (next_line(&text, &line)) {
        enum yodel_err err = add_user(credentials, line);
        if (err) {
            snprintf(why, SERVER_ERROR_MAX, "%s wants lines of NAME:PASSWORD", path);
            return err;
        }
    }
    return YODEL_OK;
}

static enum yodel_err add_secret_file(struct server_turn_setup *setup,
    struct turn_credentials *credentials, struct span room, char why[SERVER_ERROR_MAX])
{
    struct bytes text, line;
    const char *path = setup->options->secret_file;
    size_t count = 0;

    if (!read_file(&setup->secret_file, path, room, &text, why)) {
        return YODEL_ERR_IO;
    }
    enum yodel_err err = YODEL_OK;
    for (; err == YODEL_OK && next_line(&text, &line); count++) {
        err = turn_credentials_add_secret(credentials, line);
    }
    if (err || count == 0) {
        snprintf(why, SERVER_ERROR_MAX, "%s wants one or %d lines, each a secret", path,
            TURN_CREDENTIALS_SECRETS_MAX);
        return YODEL_ERR_SYNTAX;
    }
    return YODEL_OK;
}

static enum yodel_err fill(struct server_turn_setup *setup, struct turn_credentials *credentials,
    struct span room, char why[SERVER_ERROR_MAX])
{
    const struct server_turn_options *options = setup->options;
    const char *realm = options->realm ? options->realm : REALM_DEFAULT;
    enum yodel_err err = turn_credentials_add_realm(credentials, bytes_of_text(realm));

    if (err) {
        snprintf(why, SERVER_ERROR_MAX, "--turn-realm wants a name of 1 to %d bytes",
            TURN_CREDENTIALS_REALM_MAX);
        return YODEL_ERR_SYNTAX;
    }
    err = add_users(credentials, options, why);
    if (err == YODEL_OK && options->user_file) {
        err = add_user_file(setup, credentials, room, why);
    }
    if (err == YODEL_OK && options->secret_file) {
        return add_secret_file(setup, credentials, room, why);
    }
    return err ? err
               : turn_credentials_add_secret(
                     credentials, bytes_of(setup->own_secret, sizeof setup->own_secret));
}

static void free_credentials(struct turn_credentials *credentials, const struct env *env)
{
    if (credentials) {
        turn_credentials_deinit(credentials);
        alloc_free(env->alloc, credentials);
    }
}

static enum yodel_err make_credentials(struct server_turn_setup *setup, const struct env *env,
    struct turn_credentials **made, char why[SERVER_ERROR_MAX])
{
    struct turn_credentials *credentials = alloc_new(env->alloc, sizeof *credentials);
    uint8_t *room = alloc_resize(env->alloc, NULL, SERVER_TURN_FILE_MAX);

    snprintf(why, SERVER_ERROR_MAX, "no memory");
    if (!credentials || !room) {
        alloc_free(env->alloc, credentials);
        alloc_free(env->alloc, room);
        return YODEL_ERR_NO_MEMORY;
    }
    turn_credentials_init(credentials, env);
    enum yodel_err err = fill(setup, credentials, span_of(room, SERVER_TURN_FILE_MAX), why);
    secret_wipe_span(span_of(room, SERVER_TURN_FILE_MAX));
    alloc_free(env->alloc, room);
    if (err) {
        free_credentials(credentials, env);
        return err;
    }
    *made = credentials;
    return YODEL_OK;
}

// ---- addresses, rules and limits

struct own {
    struct turn_rules *rules;
    enum yodel_err err;
};

static void add_own(void *ctx, const struct yodel_addr *addr)
{
    struct own *own = ctx;

    own->err = own->err ? own->err : turn_rules_add_own(own->rules, addr);
}

enum yodel_err server_turn_setup_read_own(struct turn_rules *rules)
{
    struct own own = {.rules = rules};

    rules->own_count = 0;
    enum yodel_err err = interfaces_visit(add_own, &own);
    return err ? err : own.err;
}

static enum yodel_err read_rules(struct turn_server_config *core,
    const struct server_turn_options *options, char why[SERVER_ERROR_MAX])
{
    enum yodel_err err = server_turn_setup_read_own(&core->rules); // None of ours is a peer.

    if (err) {
        snprintf(why, SERVER_ERROR_MAX, "this machine has more than %d addresses, or none is known",
            TURN_RULES_OWN_MAX);
        return err;
    }
    for (size_t i = 0; i < options->allow_count; i++) {
        if (turn_rules_allow(&core->rules, bytes_of_text(options->allow[i])) != YODEL_OK) {
            snprintf(why, SERVER_ERROR_MAX,
                "--turn-allow wants an address or a network like 10.0.0.0/8, and at most %d of "
                "them, "
                "not \"%.100s\"",
                TURN_RULES_ALLOW_MAX, options->allow[i]);
            return YODEL_ERR_SYNTAX;
        }
    }
    return YODEL_OK;
}

static enum yodel_err read_core(
    struct server_turn_setup *setup, const struct yodel_addr *local, char why[SERVER_ERROR_MAX])
{
    const struct server_turn_options *options = setup->options;
    struct turn_server_config *core = &setup->core;
    struct interface_list all = {0};

    if (interfaces_read(&all) != YODEL_OK) {
        snprintf(why, SERVER_ERROR_MAX, "cannot read the addresses of this machine");
        return YODEL_ERR_NETWORK;
    }
    enum yodel_err err = server_turn_addresses_find(core, options, local, &all, why);
    if (err) {
        return err;
    }
    core->limits.allocations = options->allocations;
    core->limits.allocations_per_user = options->allocations_per_user;
    core->limits.bytes_per_second = options->bytes_per_second;
    core->has_tcp_relays = options->has_tcp_relays;
    if (options->is_off) {
        return YODEL_OK;
    }
    setup->has_relays =
        core->v4.bound.family != YODEL_ADDR_NONE || core->v6.bound.family != YODEL_ADDR_NONE;
    if (options->ports && !parse_ports(&core->limits, options->ports)) {
        snprintf(why, SERVER_ERROR_MAX,
            "--turn-ports wants a range between 1024 and 65535, like 49152-65535, not \"%.100s\"",
            options->ports);
        return YODEL_ERR_SYNTAX;
    }
    return read_rules(core, options, why);
}

// Said once, because it is what self-hosting fails from most.
static void warn_of_private(const struct server_turn_setup *setup, const struct env *env)
{
    const struct turn_relay_address *v4 = &setup->core.v4;
    char text[ADDR_TEXT_MAX];

    if (v4->bound.family == YODEL_ADDR_NONE || v4->public_addr.family != YODEL_ADDR_NONE ||
        server_turn_addresses_is_public(&v4->bound)) {
        return;
    }
    log_info(env, "turn",
        "relays are at %s, which only %s reaches: --turn-external says what the world's address "
        "is; "
        "peers in private networks are refused, but for other relays, unless --turn-allow names "
        "them",
        addr_ip_text(&v4->bound, text),
        addr_is_loopback(&v4->bound) ? "this machine" : "its network");
}

// ---- all of it

enum yodel_err server_turn_setup_read(struct server_turn_setup *setup,
    const struct server_turn_options *options, const struct env *env,
    const struct yodel_addr *local, char why[SERVER_ERROR_MAX])
{
    *setup = (struct server_turn_setup){.options = options};
    env_random(env, span_of(setup->own_secret, sizeof setup->own_secret));
    enum yodel_err err = read_core(setup, local, why);
    if (err == YODEL_OK) {
        err = make_credentials(setup, env, &setup->credentials, why);
    }
    if (err == YODEL_OK) {
        warn_of_private(setup, env);
    }
    return err;
}

enum yodel_err server_turn_setup_copy(struct server_turn_setup *copy,
    const struct server_turn_setup *setup, const struct env *env, char why[SERVER_ERROR_MAX])
{
    *copy = *setup;
    copy->credentials = copy->old = NULL;
    return make_credentials(copy, env, &copy->credentials, why);
}

void server_turn_setup_forget(struct server_turn_setup *setup, const struct env *env)
{
    free_credentials(setup->old, env);
    setup->old = NULL;
}

void server_turn_setup_free(struct server_turn_setup *setup, const struct env *env)
{
    server_turn_setup_forget(setup, env);
    free_credentials(setup->credentials, env);
    setup->credentials = NULL;
    secret_wipe_span(span_of(setup->own_secret, sizeof setup->own_secret));
}

bool server_turn_setup_reload(struct server_turn_setup *setup, const struct env *env)
{
    char why[SERVER_ERROR_MAX];
    struct turn_credentials *made;

    if (!has_changed(&setup->user_file, setup->options->user_file) &&
        !has_changed(&setup->secret_file, setup->options->secret_file)) {
        return false;
    }
    if (make_credentials(setup, env, &made, why) != YODEL_OK) {
        log_warn(env, "turn", "users and secrets stay as they were: %s", why);
        return false;
    }
    server_turn_setup_forget(setup, env);
    setup->old = setup->credentials;
    setup->credentials = made;
    return true;
}

bool server_turn_setup_grant(const struct server_turn_setup *setup, const struct env *env,
    uint64_t unix_s, struct server_turn_grant *grant)
{
    if (!setup->has_relays) {
        return false;
    }
    const struct turn_credentials_realm *realm = &setup->credentials->realms[0];
    int len = snprintf(grant->name, sizeof grant->name, "%" PRIu64 ":%016" PRIx64,
        unix_s + SERVER_TURN_GRANT_S, env_random_u64(env));
    struct writer w = writer_of(span_of(grant->password, TURN_CREDENTIALS_PASSWORD_SIZE));
    turn_credentials_put_password(
        &w, secret_bytes(&realm->secrets[0].value), bytes_of(grant->name, (size_t)len));
    YODEL_ASSERT(!w.failed);
    grant->password[w.len] = 0;
    return true;
}
