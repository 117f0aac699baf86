// TURN credentials: users with a key each, and names that a shared secret vouches for.
//
// Implements  RFC 8489 §9.2.2; draft-uberti-behave-turn-rest-00 §2.2

#include "turn/credentials.h"

#include "base/assert.h"
#include "base/base64.h"
#include "crypto/hash.h"

#define EXPIRY_DIGITS_MAX 15 // Enough for thirty million years, and for no overflow.

struct user {
    struct map_entry by_name;
    struct stun_auth_key key;
    uint64_t id;
    uint8_t name[];
};

static struct user *user_of(struct map_entry *entry)
{
    return entry ? CONTAINER_OF(entry, struct user, by_name) : NULL;
}

void turn_credentials_init(struct turn_credentials *credentials, const struct env *env)
{
    *credentials = (struct turn_credentials){.alloc = env->alloc};
    credentials->dummy.len = CRYPTO_MD5_SIZE;
    env_random(env, span_of(credentials->dummy.bytes, CRYPTO_MD5_SIZE));
    for (size_t i = 0; i < TURN_CREDENTIALS_REALMS_MAX; i++) {
        map_init(&credentials->realms[i].users, env);
    }
}

static void free_user(struct turn_credentials *credentials, struct map *users, struct user *user)
{
    map_remove(users, &user->by_name);
    secret_wipe_span(span_of(&user->key, sizeof user->key));
    alloc_free(credentials->alloc, user);
}

void turn_credentials_deinit(struct turn_credentials *credentials)
{
    for (size_t i = 0; i < TURN_CREDENTIALS_REALMS_MAX; i++) {
        struct map *users = &credentials->realms[i].users;
        struct map_entry *entry;
        while ((entry = map_next(users, NULL))) {
            free_user(credentials, users, user_of(entry));
        }
        map_deinit(users);
    }
    secret_wipe_span(span_of(credentials, sizeof *credentials));
}

enum yodel_err turn_credentials_add_realm(struct turn_credentials *credentials, struct bytes name)
{
    bool is_known = false;

    if (name.len == 0 || name.len > TURN_CREDENTIALS_REALM_MAX) {
        return YODEL_ERR_RANGE;
    }
    (void)turn_credentials_find_realm(credentials, name, &is_known);
    if (is_known) {
        return YODEL_ERR_EXISTS;
    }
    if (credentials->realm_count == TURN_CREDENTIALS_REALMS_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    struct turn_credentials_realm *realm = &credentials->realms[credentials->realm_count++];
    memcpy(realm->name, name.ptr, name.len);
    realm->name_len = name.len;
    return YODEL_OK;
}

static struct turn_credentials_realm *last_realm(struct turn_credentials *credentials)
{
    YODEL_ASSERT(credentials->realm_count > 0);
    return &credentials->realms[credentials->realm_count - 1];
}

// The same for the same secret in credentials that replace these.
static uint64_t id_of(struct bytes what)
{
    uint8_t hash[CRYPTO_SHA256_SIZE];

    crypto_sha256(what, hash);
    struct reader r = reader_of(bytes_of(hash, sizeof hash));
    return read_u64(&r) | 1;
}

static enum yodel_err insert_user(struct turn_credentials *credentials, struct map *users,
    struct bytes name, const struct stun_auth_key *key)
{
    struct user *user = user_of(map_find(users, name));

    if (!user) {
        user = alloc_new(credentials->alloc, sizeof *user + name.len);
        if (!user) {
            return YODEL_ERR_NO_MEMORY;
        }
        memcpy(user->name, name.ptr, name.len);
        enum yodel_err err = map_insert(users, &user->by_name, bytes_of(user->name, name.len));
        if (err != YODEL_OK) {
            alloc_free(credentials->alloc, user);
            return err;
        }
    }
    user->key = *key;
    user->id = id_of(stun_auth_key_bytes(key));
    return YODEL_OK;
}

enum yodel_err turn_credentials_add_user(
    struct turn_credentials *credentials, struct bytes name, struct bytes password)
{
    struct turn_credentials_realm *realm = last_realm(credentials);
    struct bytes realm_name = bytes_of(realm->name, realm->name_len);
    struct stun_auth_key key;

    if (name.len == 0) {
        return YODEL_ERR_RANGE;
    }
    enum yodel_err err = stun_auth_long_term_key(&key, STUN_AUTH_MD5, name, realm_name, password);
    if (err == YODEL_OK) {
        err = insert_user(credentials, &realm->users, name, &key);
    }
    secret_wipe_span(span_of(&key, sizeof key));
    return err;
}

enum yodel_err turn_credentials_add_secret(
    struct turn_credentials *credentials, struct bytes secret)
{
    struct turn_credentials_realm *realm = last_realm(credentials);

    if (secret.len == 0 || secret.len > SECRET_SIZE_MAX) {
        return YODEL_ERR_RANGE;
    }
    if (realm->secret_count == TURN_CREDENTIALS_SECRETS_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    struct turn_credentials_secret *added = &realm->secrets[realm->secret_count++];
    secret_set(&added->value, secret);
    added->id = id_of(secret);
    return YODEL_OK;
}

size_t turn_credentials_find_realm(
    const struct turn_credentials *credentials, struct bytes name, bool *is_known)
{
    for (size_t i = 0; i < credentials->realm_count; i++) {
        if (bytes_equal(turn_credentials_realm_name(credentials, i), name)) {
            *is_known = true;
            return i;
        }
    }
    *is_known = false;
    return 0;
}

// How many bytes of `username` are its expiry, the colon included; 0: it has none.
static size_t read_expiry(struct bytes username, uint64_t *expires_s)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; i < username.len && username.ptr[i] != ':'; i++) {
        if (username.ptr[i] < '0' || username.ptr[i] > '9' || i == EXPIRY_DIGITS_MAX) {
            return 0;
        }
        value = value * 10 + (uint64_t)(username.ptr[i] - '0');
    }
    *expires_s = value;
    return i == 0 || i == username.len ? i : i + 1;
}

void turn_credentials_put_password(struct writer *w, struct bytes secret, struct bytes username)
{
    uint8_t mac[CRYPTO_SHA1_SIZE];

    crypto_hmac_sha1(secret, username, mac);
    base64_write(w, bytes_of(mac, sizeof mac));
    secret_wipe_span(span_of(mac, sizeof mac));
}

static bool make_shared_key(
    struct stun_auth_key *key, struct bytes secret, struct bytes realm, struct bytes username)
{
    uint8_t password[TURN_CREDENTIALS_PASSWORD_SIZE];
    struct writer w = writer_of(span_of(password, sizeof password));

    turn_credentials_put_password(&w, secret, username);
    bool is_good =
        stun_auth_long_term_key(key, STUN_AUTH_MD5, username, realm, writer_bytes(&w)) == YODEL_OK;
    secret_wipe_span(span_of(password, sizeof password));
    return is_good;
}

size_t turn_credentials_find_keys(const struct turn_credentials *credentials, size_t realm_index,
    struct bytes username, struct stun_auth_key keys[TURN_CREDENTIALS_SECRETS_MAX + 1],
    struct turn_voucher grants[TURN_CREDENTIALS_SECRETS_MAX + 1])
{
    const struct turn_credentials_realm *realm = &credentials->realms[realm_index];
    struct bytes realm_name = turn_credentials_realm_name(credentials, realm_index);
    const struct user *user = user_of(map_find(&realm->users, username));
    uint64_t expires_s = 0;
    bool has_expiry = read_expiry(username, &expires_s) > 0;
    size_t count = 0;

    // A user that has a key, or the key that is nobody's: always one.
    keys[count] = user ? user->key : credentials->dummy;
    grants[count++] = (struct turn_voucher){user ? user->id : 0, UINT64_MAX};
    for (size_t i = 0; has_expiry && i < realm->secret_count; i++) {
        const struct turn_credentials_secret *secret = &realm->secrets[i];
        if (make_shared_key(&keys[count], secret_bytes(&secret->value), realm_name, username)) {
            grants[count++] = (struct turn_voucher){secret->id, expires_s};
        }
    }
    return count;
}

bool turn_credentials_has(const struct turn_credentials *credentials, struct bytes realm_name,
    struct bytes identity, const struct turn_voucher *grant)
{
    bool is_known = false;
    size_t index = turn_credentials_find_realm(credentials, realm_name, &is_known);
    const struct turn_credentials_realm *realm = &credentials->realms[index];

    if (!is_known) {
        return false;
    }
    if (grant->expires_s == UINT64_MAX) {
        const struct user *user = user_of(map_find(&realm->users, identity));
        return user && user->id == grant->id;
    }
    for (size_t i = 0; i < realm->secret_count; i++) {
        if (realm->secrets[i].id == grant->id) {
            return true;
        }
    }
    return false;
}

struct bytes turn_credentials_identity(const struct turn_voucher *grant, struct bytes username)
{
    uint64_t expires_s = 0;
    size_t expiry_len = grant->expires_s == UINT64_MAX ? 0 : read_expiry(username, &expires_s);

    return expiry_len < username.len ? bytes_sub(username, expiry_len, username.len) : username;
}
