// TURN requests: nonce first, which costs least, then the key of who is named, then the integrity.
//
// Implements  RFC 8489 §9.2.3, §9.2.4

#include "turn/auth.h"

#include "base/assert.h"
#include "crypto/secret.h"
#include "stun/auth.h"
#include "stun/server.h"
#include "turn/allocation.h"
#include "turn/nonce.h"

#define KEYS_MAX (TURN_CREDENTIALS_SECRETS_MAX + 1)

static const struct {
    uint32_t code;
    const char *reason;
} errors[] = {
    [TURN_ERROR_400] = {400, "Bad Request"},
    [TURN_ERROR_401] = {401, "Unauthenticated"},
    [TURN_ERROR_403] = {403, "Forbidden"},
    [TURN_ERROR_420] = {420, "Unknown Attribute"},
    [TURN_ERROR_437] = {437, "Allocation Mismatch"},
    [TURN_ERROR_438] = {438, "Stale Nonce"},
    [TURN_ERROR_440] = {440, "Address Family not Supported"},
    [TURN_ERROR_441] = {441, "Wrong Credentials"},
    [TURN_ERROR_442] = {442, "Unsupported Transport Protocol"},
    [TURN_ERROR_443] = {443, "Peer Address Family Mismatch"},
    [TURN_ERROR_446] = {446, "Connection Already Exists"},
    [TURN_ERROR_447] = {447, "Connection Timeout or Failure"},
    [TURN_ERROR_486] = {486, "Allocation Quota Reached"},
    [TURN_ERROR_500] = {500, "Server Error"},
    [TURN_ERROR_508] = {508, "Insufficient Capacity"},
};

static enum turn_error error_of(uint32_t code)
{
    for (size_t i = 0; i < COUNT(errors); i++) {
        if (errors[i].code == code) {
            return (enum turn_error)i;
        }
    }
    return TURN_ERROR_500;
}

void turn_auth_put_success(struct writer *w, const struct turn_request *request)
{
    stun_msg_put_header(w, request->msg.type | STUN_SUCCESS, request->msg.id);
}

void turn_auth_put_seal(struct writer *w, const struct turn_seal *seal)
{
    // RFC 8489 §9.2.4: with what the request had.
    if (seal->key.len > 0 && seal->is_sha256) {
        stun_auth_put_sha256(w, stun_auth_key_bytes(&seal->key));
    } else if (seal->key.len > 0) {
        stun_auth_put_sha1(w, stun_auth_key_bytes(&seal->key));
    }
    if (seal->has_fingerprint) {
        stun_auth_put_fingerprint(w);
    }
}

void turn_auth_put_error(
    struct turn_server *server, struct writer *w, const struct turn_request *request, uint32_t code)
{
    enum turn_error error = error_of(code);

    stun_msg_put_header(w, request->msg.type | STUN_ERROR, request->msg.id);
    stun_attr_put_error(w, code, errors[error].reason);
    turn_auth_put_seal(w, &request->seal);
    server->stats.errors[error]++;
}

// ---- who has not authenticated

static bool is_stream(const struct turn_request *request)
{
    return request->from->transport != YODEL_UDP;
}

// A challenge has no integrity (§9.2.4), and no reason in words, which would make it long.
static void put_unsealed(struct turn_server *server, struct writer *w,
    const struct turn_request *request, uint32_t code, yodel_time now)
{
    uint8_t nonce[TURN_NONCE_SIZE];

    stun_msg_put_header(w, request->msg.type | STUN_ERROR, request->msg.id);
    stun_attr_put_error(w, code, "");
    if (code != STUN_BAD_REQUEST) {
        turn_nonce_write(nonce, &server->nonce_key, &request->from->addr, now);
        stun_msg_put_attr(w, STUN_REALM, request->realm);
        stun_msg_put_attr(w, STUN_NONCE, bytes_of(nonce, sizeof nonce));
    }
    if (request->seal.has_fingerprint) {
        stun_auth_put_fingerprint(w);
    }
}

static void refuse(struct turn_server *server, struct writer *w, const struct turn_request *request,
    uint32_t code, yodel_time now)
{
    size_t headers = request->source.family == YODEL_ADDR_V6 ? 48 : 0; // Of IPv6 and UDP.
    size_t asked = request->msg.datagram.len + headers;

    if (is_stream(request)) {
        put_unsealed(server, w, request, code, now);
    } else if (!stun_server_is_answerable(&request->source)) {
        turn_state_drop(server, TURN_DROP_UNANSWERABLE);
        return;
    } else {
        put_unsealed(server, w, request, code, now);
        if (w->failed || (w->len + headers) * 10 > asked * 26) {
            turn_state_drop(server, TURN_DROP_UNANSWERABLE);
            w->failed = true;
            return;
        }
        if (!turn_challenges_take(&server->challenges, &request->source, now)) {
            turn_state_drop(server, TURN_DROP_CHALLENGES);
            w->failed = true;
            return;
        }
    }
    server->stats.errors[error_of(code)]++;
}

// ---- who says who they are

static bool has_key(struct turn_server *server, struct turn_request *request, size_t realm,
    struct bytes username, yodel_time now)
{
    struct stun_auth_key keys[KEYS_MAX];
    struct turn_voucher grants[KEYS_MAX];
    size_t count =
        turn_credentials_find_keys(server->config.credentials, realm, username, keys, grants);
    bool is_good = false;

    for (size_t i = 0; i < count && !is_good; i++) {
        struct bytes identity = turn_credentials_identity(&grants[i], username);
        // The integrity first, whoever it is: what it costs tells nothing.
        is_good = stun_auth_check(&request->msg, stun_auth_key_bytes(&keys[i])) == YODEL_OK &&
                  turn_allocation_is_granted(server, request->realm, identity, &grants[i], now);
        if (is_good) {
            request->seal.key = keys[i];
            request->grant = grants[i];
            request->identity = identity;
        }
    }
    secret_wipe_span(span_of(keys, sizeof keys));
    return is_good;
}

static uint32_t check(struct turn_server *server, struct turn_request *request, yodel_time now)
{
    const struct turn_credentials *credentials = server->config.credentials;
    const struct stun_attr *username = stun_msg_find(&request->msg, STUN_USERNAME);
    const struct stun_attr *realm = stun_msg_find(&request->msg, STUN_REALM);
    const struct stun_attr *nonce = stun_msg_find(&request->msg, STUN_NONCE);
    bool is_known = false;

    request->realm = turn_credentials_realm_name(credentials, 0);
    request->seal.is_sha256 = stun_msg_find(&request->msg, STUN_MESSAGE_INTEGRITY_SHA256) != NULL;
    if (!request->seal.is_sha256 && !stun_msg_find(&request->msg, STUN_MESSAGE_INTEGRITY)) {
        return STUN_UNAUTHENTICATED;
    }
    // Algorithms were never offered, so that none can have been chosen.
    if (!username || !realm || !nonce || username->value.len == 0 ||
        username->value.len > STUN_AUTH_USERNAME_MAX ||
        stun_msg_find(&request->msg, STUN_PASSWORD_ALGORITHM) ||
        stun_msg_find(&request->msg, STUN_PASSWORD_ALGORITHMS)) {
        return STUN_BAD_REQUEST;
    }
    size_t index = turn_credentials_find_realm(credentials, realm->value, &is_known);
    request->realm = turn_credentials_realm_name(credentials, index);
    if (!turn_nonce_is_good(nonce->value, &server->nonce_key, &request->from->addr, now)) {
        return STUN_STALE_NONCE;
    }
    // With a realm that is not ours the key is of the default one, and does not match.
    if (!has_key(server, request, index, username->value, now) || !is_known) {
        return STUN_UNAUTHENTICATED;
    }
    return 0;
}

bool turn_auth_check(
    struct turn_server *server, struct turn_request *request, struct writer *w, yodel_time now)
{
    uint32_t code = check(server, request, now);

    if (code != 0) {
        request->seal.key.len = 0;
        refuse(server, w, request, code, now);
        return false;
    }
    server->stats.requests++;
    return true;
}
