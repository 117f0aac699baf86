// TURN credentials: who may relay. Realms, each with users of its own and with shared secrets by
// which somebody else (signaling, a web service) lets users in for a time.
//
// A user by a shared secret is named "EXPIRY" or "EXPIRY:NAME", where EXPIRY is in seconds since
// 1970, and has the password base64(HMAC-SHA1(secret, name)). Two secrets may count at a time, so
// that one can follow the other.
//
// Implements  RFC 8489 §9.2.2 (keys); draft-uberti-behave-turn-rest-00 §2.2 (names with an expiry)
// Not here    checking a message (turn/auth.h), SASLprep: names and passwords are taken as they are
// Ownership   owns names, keys and secrets, and wipes them at the end
// Limits      TURN_CREDENTIALS_REALMS_MAX realms, TURN_CREDENTIALS_SECRETS_MAX secrets each; names as
//             in stun/auth.h, but a realm TURN_CREDENTIALS_REALM_MAX: a longer one would make a
//             challenge an amplifier

#ifndef TURN_CREDENTIALS_H
#define TURN_CREDENTIALS_H

#include "base/env.h"
#include "base/err.h"
#include "base/map.h"
#include "crypto/secret.h"
#include "stun/auth.h"

#define TURN_CREDENTIALS_REALMS_MAX 8
#define TURN_CREDENTIALS_SECRETS_MAX 2
#define TURN_CREDENTIALS_REALM_MAX 24
#define TURN_CREDENTIALS_PASSWORD_SIZE 28 // Of a password by a shared secret.

struct turn_credentials_secret {
    struct secret value;
    uint64_t id; // Never 0.
};

struct turn_credentials_realm {
    char name[TURN_CREDENTIALS_REALM_MAX];
    size_t name_len;
    struct map users;
    size_t secret_count;
    struct turn_credentials_secret secrets[TURN_CREDENTIALS_SECRETS_MAX];
};

struct turn_credentials {
    struct alloc *alloc;
    struct stun_auth_key dummy; // For who is unknown: the same work as for who is not.
    size_t realm_count;
    struct turn_credentials_realm realms[TURN_CREDENTIALS_REALMS_MAX];
};

// What lets a user in, for as long as it does.
struct turn_voucher {
    uint64_t id;        // Of the user's key or of the shared secret; 0: of nobody.
    uint64_t expires_s; // Since 1970; UINT64_MAX: never.
};

void turn_credentials_init(struct turn_credentials *credentials, const struct env *env);
void turn_credentials_deinit(struct turn_credentials *credentials);

// The first realm is the one that strangers are asked for. Fails with RANGE (no or too long a name),
// EXISTS, TOO_LARGE (too many).
YODEL_MUST_USE enum yodel_err turn_credentials_add_realm(
    struct turn_credentials *credentials, struct bytes name);

// To the realm added last. A user there already gets the new password. RANGE: no or too long a name.
YODEL_MUST_USE enum yodel_err turn_credentials_add_user(
    struct turn_credentials *credentials, struct bytes name, struct bytes password);

// To the realm added last. RANGE: none, or more than SECRET_SIZE_MAX bytes.
YODEL_MUST_USE enum yodel_err turn_credentials_add_secret(
    struct turn_credentials *credentials, struct bytes secret);

static inline struct bytes turn_credentials_realm_name(
    const struct turn_credentials *credentials, size_t realm)
{
    return bytes_of(credentials->realms[realm].name, credentials->realms[realm].name_len);
}

// The index of a realm; the default one where there is none of that name.
size_t turn_credentials_find_realm(
    const struct turn_credentials *credentials, struct bytes name, bool *is_known);

// The keys by which `username` may have sealed a request, one for each thing that may vouch for it;
// their count, at least 1: a stranger has a key that nobody knows.
size_t turn_credentials_find_keys(const struct turn_credentials *credentials, size_t realm,
    struct bytes username, struct stun_auth_key keys[TURN_CREDENTIALS_SECRETS_MAX + 1],
    struct turn_voucher grants[TURN_CREDENTIALS_SECRETS_MAX + 1]);

// Whether what let `identity` in is still there, in these credentials or newer ones. Its expiry is
// the caller's to judge.
bool turn_credentials_has(const struct turn_credentials *credentials, struct bytes realm,
    struct bytes identity, const struct turn_voucher *grant);

// Who a name is, for quotas and ownership: the NAME of "EXPIRY:NAME", or all of it.
struct bytes turn_credentials_identity(const struct turn_voucher *grant, struct bytes username);

// Makes a user by a shared secret: its password, for the one who hands it out.
void turn_credentials_put_password(struct writer *w, struct bytes secret, struct bytes username);

#endif
