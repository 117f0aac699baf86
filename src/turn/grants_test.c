// Grants: asked for in time, together where that is wise, and renewed before they end.

#include "turn/grants.h"

#include "check.h"

static struct turn_grants grants;

static struct yodel_addr peer(int i)
{
    return addr_v4(198, 51, 100, (uint8_t)i, (uint16_t)(9000 + i));
}

static size_t asked(void)
{
    size_t count = 0;

    for (size_t i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        count += grants.permissions[i].is_asked;
    }
    return count;
}

static void permissions_are_asked_for_together_and_private_ones_apart(void)
{
    grants = (struct turn_grants){0};
    for (int i = 0; i < 10; i++) {
        struct yodel_addr public = peer(i), private = addr_v4(10, 0, 0, (uint8_t)i, 1);
        CHECK_EQ(turn_grants_permit(&grants, &private), TURN_GRANT_WANTED);
        CHECK_EQ(turn_grants_permit(&grants, &public), TURN_GRANT_WANTED);
        public.port++; // RFC 8656 §9: whatever the port.
        CHECK_EQ(turn_grants_permit(&grants, &public), TURN_GRANT_WANTED);
    }
    static const size_t want[] = {8, 2, 8, 2};
    for (size_t i = 0; i < COUNT(want); i++) {
        CHECK(turn_grants_ask_permissions(&grants, 0));
        CHECK_EQ(asked(), want[i]);
        turn_grants_given(&grants, 0);
        struct yodel_addr first = peer(0), private = addr_v4(10, 0, 0, 0, 1);
        CHECK(turn_grants_is_permitted(&grants, &first));
        CHECK_EQ(turn_grants_is_permitted(&grants, &private), i >= 2);
    }
    CHECK(!turn_grants_ask_permissions(&grants, 0));
}

static void one_that_is_forbidden_does_not_take_the_others_along(void)
{
    struct yodel_addr good = peer(1), bad = peer(2);

    grants = (struct turn_grants){0};
    (void)turn_grants_permit(&grants, &good);
    (void)turn_grants_permit(&grants, &bad);
    CHECK(turn_grants_ask_permissions(&grants, 0));
    CHECK_EQ(asked(), 2);
    turn_grants_refused(&grants);
    CHECK(turn_grants_ask_permissions(&grants, 0));
    CHECK_EQ(asked(), 1);
    turn_grants_given(&grants, 0);
    CHECK(turn_grants_ask_permissions(&grants, 0));
    turn_grants_refused(&grants);
    CHECK(!turn_grants_ask_permissions(&grants, 0));
    CHECK_EQ(turn_grants_permit(&grants, &good), TURN_GRANT_GIVEN);
    CHECK_EQ(turn_grants_permit(&grants, &bad), TURN_GRANT_REFUSED);
    turn_grants_release(&grants); // A new beginning is a new chance.
    CHECK_EQ(turn_grants_permit(&grants, &bad), TURN_GRANT_WANTED);
}

static void a_permission_is_renewed_after_four_minutes_and_a_channel_after_nine(void)
{
    struct yodel_addr one = peer(1);
    yodel_time now = 0;

    grants = (struct turn_grants){0};
    (void)turn_grants_permit(&grants, &one);
    CHECK(turn_grants_ask_permissions(&grants, now));
    turn_grants_given(&grants, now);
    CHECK_EQ(turn_grants_next_timeout(&grants), YODEL_SECONDS(240));
    turn_grants_bind(&grants, &one);
    CHECK(turn_grants_ask_channel(&grants, now));
    CHECK(!turn_grants_find_channel(&grants, &one));
    CHECK(turn_grants_find_number(&grants, 0x4000) != NULL);
    turn_grants_given(&grants, now);
    CHECK(turn_grants_find_channel(&grants, &one) != NULL);

    now = YODEL_SECONDS(240);
    CHECK(turn_grants_ask_permissions(&grants, now));
    turn_grants_given(&grants, now);
    now = YODEL_SECONDS(480);
    CHECK(turn_grants_ask_permissions(&grants, now));
    turn_grants_given(&grants, now);
    CHECK_EQ(turn_grants_next_timeout(&grants), YODEL_SECONDS(540));
    now = YODEL_SECONDS(540);
    CHECK(turn_grants_ask_channel(&grants, now));
    turn_grants_given(&grants, now); // And with it the permission.
    CHECK_EQ(turn_grants_next_timeout(&grants), YODEL_SECONDS(780));
}

static void what_nobody_needs_is_let_go(void)
{
    struct yodel_addr one = peer(1);

    grants = (struct turn_grants){0};
    (void)turn_grants_permit(&grants, &one);
    CHECK(turn_grants_ask_permissions(&grants, 0));
    turn_grants_given(&grants, 0);
    turn_grants_release(&grants);
    CHECK(!turn_grants_ask_permissions(&grants, YODEL_SECONDS(250)));
    turn_grants_tick(&grants, YODEL_SECONDS(300));
    CHECK(!turn_grants_is_permitted(&grants, &one));
    CHECK_EQ(turn_grants_next_timeout(&grants), YODEL_NEVER);
}

static void the_limits_hold(void)
{
    grants = (struct turn_grants){0};
    for (int i = 0; i < TURN_GRANTS_PERMISSIONS_MAX; i++) {
        struct yodel_addr one = peer(i);
        CHECK_EQ(turn_grants_permit(&grants, &one), TURN_GRANT_WANTED);
    }
    struct yodel_addr more = peer(200);
    CHECK_EQ(turn_grants_permit(&grants, &more), TURN_GRANT_REFUSED);
    turn_grants_release(&grants);
    CHECK_EQ(turn_grants_permit(&grants, &more), TURN_GRANT_WANTED);

    for (int i = 0; i < 5000; i++) {
        struct yodel_addr one = addr_v4(198, 51, 100, (uint8_t)(i % 200), (uint16_t)(9000 + i));
        turn_grants_bind(&grants, &one);
        if (turn_grants_ask_channel(&grants, 0)) {
            turn_grants_given(&grants, 0);
            CHECK_EQ(turn_grants_find_channel(&grants, &one)->channel, 0x4000 + i);
        }
    }
    CHECK_EQ(grants.channels_made, 4096); // RFC 8656 §12: no number twice, and none beyond 0x4FFF.
}

TEST_MAIN(TEST(permissions_are_asked_for_together_and_private_ones_apart),
    TEST(one_that_is_forbidden_does_not_take_the_others_along),
    TEST(a_permission_is_renewed_after_four_minutes_and_a_channel_after_nine),
    TEST(what_nobody_needs_is_let_go), TEST(the_limits_hold))
