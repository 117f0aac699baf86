// The messages of checks: what is put is read, and an agent is found by them.

#include "ice/message.h"

#include "check.h"
#include "stun/attr.h"
#include "stun/auth.h"

static uint8_t room[640];

static struct ice_check full_check(void)
{
    return (struct ice_check){.id = "abcdefghijkl",
        .local_ufrag = bytes_of_text("left"),
        .remote_ufrag = bytes_of_text("right"),
        .priority = 0x6e0001ff,
        .has_role = true,
        .is_controlling = true,
        .tie_breaker = 0x0102030405060708,
        .use_candidate = true};
}

static void what_is_put_is_read(void)
{
    for (unsigned kinds = 0; kinds < 4; kinds++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        struct ice_check check = full_check(), got;
        struct stun_msg msg;

        check.is_controlling = kinds & 1;
        check.use_candidate = kinds & 2;
        ice_message_put(&w, &check, bytes_of_text("password"));
        CHECK_EQ(stun_msg_parse(&msg, writer_bytes(&w)), YODEL_OK);
        CHECK_EQ(stun_auth_check(&msg, bytes_of_text("password")), YODEL_OK);
        CHECK_EQ(stun_auth_check_fingerprint(&msg), YODEL_OK);
        CHECK_BYTES(stun_msg_find(&msg, STUN_USERNAME)->value, bytes_of_text("right:left"));
        CHECK(ice_message_read(&got, &msg));
        CHECK_EQ(got.is_controlling, check.is_controlling);
        CHECK_EQ(got.use_candidate, check.use_candidate);
        CHECK_EQ(got.tie_breaker, check.tie_breaker);
        CHECK_EQ(got.priority, check.priority);
        CHECK_BYTES(got.local_ufrag, check.local_ufrag);
        CHECK_BYTES(got.remote_ufrag, check.remote_ufrag);
    }
}

// Case I12, S15: the fragment is bytes; nothing is assumed of it but the colon behind it.
static void an_agent_is_found_by_the_first_half_of_the_name(void)
{
    static const struct {
        const char *username;
        size_t len;
        const char *want; // NULL: not found.
    } rows[] = {
        {"right:left", 10, "right"},
        {"right:", 6, "right"},
        {"a:b:c", 5, "a"},
        {":left", 5, ""},
        {"right", 5, NULL},
        {"", 0, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        static const uint8_t id[STUN_ID_SIZE];
        struct bytes ufrag;

        stun_msg_put_header(&w, STUN_BINDING, id);
        stun_msg_put_attr(&w, STUN_USERNAME, bytes_of(rows[i].username, rows[i].len));
        CHECK_EQ(ice_message_peek(&ufrag, writer_bytes(&w)), rows[i].want != NULL);
        if (rows[i].want) {
            CHECK_BYTES(ufrag, bytes_of_text(rows[i].want));
        }
        room[1] = 0x11; // An indication.
        CHECK(!ice_message_peek(&ufrag, writer_bytes(&w)));
    }
    CHECK(!ice_message_peek(&(struct bytes){0}, bytes_of_text("hello")));
}

static void the_longest_names_fit(void)
{
    static char ufrag[256];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_check check = full_check();

    memset(ufrag, 'x', sizeof ufrag);
    check.local_ufrag = check.remote_ufrag = bytes_of(ufrag, sizeof ufrag);
    ice_message_put(&w, &check, bytes_of_text("password"));
    CHECK(!w.failed);
}

static void an_answer_is_smaller_than_the_question(void)
{
    struct writer w = writer_of(span_of(room, sizeof room));
    struct ice_check check = full_check();

    ice_message_put(&w, &check, bytes_of_text("password"));
    size_t asked = w.len;
    for (uint32_t error = 0; error <= STUN_ROLE_CONFLICT; error += STUN_ROLE_CONFLICT) {
        struct ice_reply reply = {
            .error = error, .path.remote = {.family = YODEL_ADDR_V6, .port = 1}};
        w = writer_of(span_of(room, sizeof room));
        ice_message_put_reply(&w, &reply, bytes_of_text("password"));
        CHECK(w.len <= asked);
    }
}

TEST_MAIN(TEST(what_is_put_is_read), TEST(an_agent_is_found_by_the_first_half_of_the_name),
    TEST(the_longest_names_fit), TEST(an_answer_is_smaller_than_the_question))
