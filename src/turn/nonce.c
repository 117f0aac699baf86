// TURN nonces: a time and a MAC, in Base64.

#include "turn/nonce.h"

#include "base/base64.h"
#include "crypto/hmac.h"

#define TICK YODEL_SECONDS(8) // So that 16 bits last for six days.
#define MAC_SIZE 7

static void write_at(uint8_t nonce[TURN_NONCE_SIZE], const struct siphash_key *key,
    const struct yodel_addr *client, uint64_t tick)
{
    uint8_t covered[8 + 2 + 1 + 16], raw[2 + 8];
    struct writer c = writer_of(span_of(covered, sizeof covered));
    struct writer r = writer_of(span_of(raw, sizeof raw));
    struct writer text = writer_of(span_of(nonce, TURN_NONCE_SIZE));

    put_u64(&c, tick);
    put_u16(&c, client->port);
    put_u8(&c, (uint8_t)client->family);
    put_bytes(&c, bytes_of(client->ip, sizeof client->ip));
    put_u16(&r, (uint16_t)tick);
    put_u64(&r, siphash(key, writer_bytes(&c)));
    base64_write(&text, bytes_of(raw, 2 + MAC_SIZE));
}

void turn_nonce_write(uint8_t nonce[TURN_NONCE_SIZE], const struct siphash_key *key,
    const struct yodel_addr *client, yodel_time now)
{
    write_at(nonce, key, client, now / TICK);
}

bool turn_nonce_is_good(struct bytes nonce, const struct siphash_key *key,
    const struct yodel_addr *client, yodel_time now)
{
    uint8_t raw[2 + MAC_SIZE], want[TURN_NONCE_SIZE];
    size_t len = 0;
    uint64_t tick = now / TICK;

    if (nonce.len != TURN_NONCE_SIZE ||
        base64_parse(span_of(raw, sizeof raw), nonce, &len) != YODEL_OK) {
        return false;
    }
    uint16_t low = (uint16_t)(raw[0] << 8 | raw[1]);
    uint16_t age = (uint16_t)(tick - low);
    if (age > TURN_NONCE_LIFETIME / TICK || age > tick) {
        return false;
    }
    write_at(want, key, client, tick - age);
    return crypto_equal(nonce, bytes_of(want, sizeof want));
}
