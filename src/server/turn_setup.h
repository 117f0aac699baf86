// What the options of TURN mean: a configuration for the core, and credentials, from text and files.
//
// Without users and secrets there is still one secret, made now: signaling hands out credentials by it
// to its own clients, and nobody else can relay.
//
// Not here    sockets (server/turn.h); what is refused by itself (turn/rules.h)
// Ownership   owns its credentials; borrows the options' texts
// Limits      SERVER_TURN_FILE_MAX bytes of a file; SERVER_TURN_GRANT_S seconds for a client of
//             signaling's, who gets new ones when it connects again

#ifndef SERVER_TURN_SETUP_H
#define SERVER_TURN_SETUP_H

#include <sys/stat.h>

#include "server/server.h"
#include "turn/server.h"

#define SERVER_TURN_FILE_MAX 65536
#define SERVER_TURN_GRANT_S (12 * 3600)
#define SERVER_TURN_SECRET_SIZE 32
#define SERVER_TURN_NAME_MAX 48 // "EXPIRY:NAME" of ours, with its NUL.

// Credentials for a while, as texts.
struct server_turn_grant {
    char name[SERVER_TURN_NAME_MAX];
    char password[TURN_CREDENTIALS_PASSWORD_SIZE + 1];
};

// A file as it was when it was read.
struct server_turn_file {
    struct timespec changed;
    uint64_t size, inode;
};

struct server_turn_setup {
    const struct server_turn_options *options;
    struct turn_server_config core; // Without env and credentials.
    struct turn_credentials *credentials;
    struct turn_credentials *old; // Until the core has the new ones.
    uint8_t own_secret[SERVER_TURN_SECRET_SIZE];
    struct server_turn_file user_file, secret_file;
    bool has_relays;
};

// Reads it all, for a server whose clients are at `local`. On failure `why` is a sentence, and there is
// nothing to free.
YODEL_MUST_USE enum yodel_err server_turn_setup_read(struct server_turn_setup *setup,
    const struct server_turn_options *options, const struct env *env,
    const struct yodel_addr *local, char why[SERVER_ERROR_MAX]);
// The same for another thread, with credentials of its own.
YODEL_MUST_USE enum yodel_err server_turn_setup_copy(struct server_turn_setup *copy,
    const struct server_turn_setup *setup, const struct env *env, char why[SERVER_ERROR_MAX]);
void server_turn_setup_free(struct server_turn_setup *setup, const struct env *env);

// Makes the own addresses of `rules` those that this machine has now. Fails where there are more than
// TURN_RULES_OWN_MAX, or none can be read.
YODEL_MUST_USE enum yodel_err server_turn_setup_read_own(struct turn_rules *rules);

// Where a file has changed, and can be read: makes new credentials, and returns true. The old ones stay
// until they are forgotten.
bool server_turn_setup_reload(struct server_turn_setup *setup, const struct env *env);
void server_turn_setup_forget(struct server_turn_setup *setup, const struct env *env);

// Credentials for a client of signaling's. False where there are no relays.
bool server_turn_setup_grant(const struct server_turn_setup *setup, const struct env *env,
    uint64_t unix_s, struct server_turn_grant *grant);

#endif
