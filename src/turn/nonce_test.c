// TURN nonces: good for their client, for a while, and for nobody else.

#include "turn/nonce.h"

#include "check.h"

static const struct siphash_key key = {{1, 2}}, other_key = {{1, 3}};

static void a_nonce_is_good_for_its_client_for_a_while(void)
{
    static const yodel_time starts[] = {0, YODEL_SECONDS(7), YODEL_SECONDS(8 * 65536) - 1,
        YODEL_SECONDS(8 * 65536), YODEL_SECONDS(8 * 65536 * 3) + 5};
    struct yodel_addr client = addr_v4(198, 51, 100, 7, 4000), other_port = client,
                      other_ip = client;
    uint8_t nonce[TURN_NONCE_SIZE];
    struct bytes text = bytes_of(nonce, sizeof nonce);

    other_port.port++;
    other_ip.ip[3]++;
    for (size_t i = 0; i < COUNT(starts); i++) {
        yodel_time now = starts[i];

        turn_nonce_write(nonce, &key, &client, now);
        CHECK(turn_nonce_is_good(text, &key, &client, now));
        CHECK(
            turn_nonce_is_good(text, &key, &client, now + TURN_NONCE_LIFETIME - YODEL_SECONDS(8)));
        CHECK(
            !turn_nonce_is_good(text, &key, &client, now + TURN_NONCE_LIFETIME + YODEL_SECONDS(8)));
        // When the 16 bits of its time have come round, it is still old.
        CHECK(!turn_nonce_is_good(text, &key, &client, now + YODEL_SECONDS(8 * 65536)));
        CHECK(!turn_nonce_is_good(text, &other_key, &client, now));
        CHECK(!turn_nonce_is_good(text, &key, &other_port, now));
        CHECK(!turn_nonce_is_good(text, &key, &other_ip, now));
    }
}

static void a_nonce_that_was_touched_is_none(void)
{
    struct yodel_addr client = addr_v4(198, 51, 100, 7, 4000);
    uint8_t nonce[TURN_NONCE_SIZE + 1] = {0};
    yodel_time now = YODEL_SECONDS(1000000);

    turn_nonce_write(nonce, &key, &client, now);
    for (size_t i = 0; i < TURN_NONCE_SIZE; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            nonce[i] ^= (uint8_t)(1u << bit);
            CHECK(!turn_nonce_is_good(bytes_of(nonce, TURN_NONCE_SIZE), &key, &client, now));
            nonce[i] ^= (uint8_t)(1u << bit);
        }
        CHECK(!turn_nonce_is_good(bytes_of(nonce, i), &key, &client, now));
    }
    CHECK(!turn_nonce_is_good(bytes_of(nonce, sizeof nonce), &key, &client, now));
}

TEST_MAIN(TEST(a_nonce_is_good_for_its_client_for_a_while), TEST(a_nonce_that_was_touched_is_none))
