// Hostile JSON: whatever a client says, the answer is an error or nothing, and the others go on.

#include <stdio.h>

#include "check.h"
#include "signaling/fixture.h"

static struct fixture f;
static struct signaling_client *client, *other;

static void start(void)
{
    fixture_init(&f);
    client = fixture_connect(&f, 1);
    other = fixture_connect(&f, 2);
    (void)fixture_hear(&f, client);
    (void)fixture_hear(&f, other);
}

static void end(void)
{
    signaling_core_disconnect(&f.core, client, f.now);
    signaling_core_disconnect(&f.core, other, f.now);
    signaling_core_deinit(&f.core);
    CHECK_EQ(f.heap.blocks, 0);
}

static void is_answered(struct bytes text, const char *code)
{
    char want[100];

    start();
    signaling_core_recv(&f.core, client, text, f.now);
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    const char *heard = fixture_hear(&f, client);
    if (!strstr(heard, want)) {
        fprintf(stderr, "%.100s: ", (const char *)text.ptr);
        CHECK_TEXT(heard, want);
    }
    CHECK_TEXT(fixture_hear(&f, client), "");
    CHECK_TEXT(fixture_hear(&f, other), "");
    end();
}

static void all_are_answered(const char *const *texts, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++) {
        is_answered(bytes_of_text(texts[i]), code);
    }
}

static char big[SIGNALING_TEXT_MAX + 2];

static void n1_depth_is_bounded_before_it_is_recursed_into(void)
{
    memset(big, '[', SIGNALING_TEXT_MAX);
    is_answered(bytes_of(big, SIGNALING_TEXT_MAX), "bad-message");
    for (size_t i = 0; i + 5 <= SIGNALING_TEXT_MAX; i += 5) {
        memcpy(big + i, "{\"a\":", 5);
    }
    is_answered(bytes_of(big, SIGNALING_TEXT_MAX), "bad-message");
    // Brackets inside a string are no depth.
    is_answered(
        bytes_of_text("{\"type\":\"x\",\"y\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"}"),
        "unknown-type");
}

static void n2_numbers_are_whole_and_in_range(void)
{
    static const char *const texts[] = {
        "{\"type\":\"use-code\",\"number\":1e999}",
        "{\"type\":\"use-code\",\"number\":18446744073709551616}",
        "{\"type\":\"use-code\",\"number\":4294967296}",
        "{\"type\":\"use-code\",\"number\":-0}",
        "{\"type\":\"use-code\",\"number\":0}",
        "{\"type\":\"use-code\",\"number\":-1}",
        "{\"type\":\"use-code\",\"number\":1.0}",
        "{\"type\":\"use-code\",\"number\":01}",
        "{\"type\":\"unpair\",\"number\":\"1\"}",
        "{\"type\":\"unpair\",\"number\":null}",
    };
    all_are_answered(texts, COUNT(texts), "bad-message");
    size_t len = (size_t)snprintf(big, sizeof big, "{\"type\":\"use-code\",\"number\":");
    memset(big + len, '9', 60000);
    big[len + 60000] = '}';
    is_answered(bytes_of(big, len + 60001), "bad-message");
}

static void n3_n5_only_strict_json_counts(void)
{
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "1",
        "\"join\"",
        "[]",
        "{\"type\":\"leave\",\"type\":\"leave\"}",
        "{\"type\":\"leave\",\"x\":{\"a\":1,\"a\":1}}",
        "{\"type\":\"leave\"}x",
        "{\"type\":\"leave\"}{\"type\":\"leave\"}",
        "{\"type\":\"leave\",}",
        "{\"type\":\"leave\"} // why",
        "/**/{\"type\":\"leave\"}",
        "{\"type\":\"leave\",\"x\":NaN}",
        "{\"type\":\"leave\",\"x\":Infinity}",
        "{'type':'leave'}",
        "{type:\"leave\"}",
        "{\"type\":\"leave\"",
        "\xef\xbb\xbf{\"type\":\"leave\"}",
    };
    all_are_answered(texts, COUNT(texts), "bad-message");
}

static void n4_strings_are_unicode_without_nul(void)
{
    static const char *const texts[] = {
        "{\"type\":\"leave\",\"x\":\"\\ud800\"}",
        "{\"type\":\"leave\",\"x\":\"\\udc00\\ud800\"}",
        "{\"type\":\"leave\",\"x\":\"\\u0000\"}",
        "{\"type\":\"leave\",\"x\":\"\xc0\xaf\"}",
        "{\"type\":\"leave\",\"x\":\"\xed\xa0\x80\"}",
        "{\"type\":\"leave\",\"x\":\"\xff\"}",
        "{\"type\":\"leave\",\"x\":\"\n\"}",
    };
    all_are_answered(texts, COUNT(texts), "bad-message");
    is_answered(bytes_of("{\"type\":\"leave\"}\0", 17), "bad-message");
}

static void n6_long_messages_and_many_members_are_refused(void)
{
    memset(big, ' ', sizeof big);
    memcpy(big, "{\"type\":\"none\"}", 15);
    is_answered(bytes_of(big, SIGNALING_TEXT_MAX), "unknown-type");
    is_answered(bytes_of(big, SIGNALING_TEXT_MAX + 1), "bad-message");
    size_t len = (size_t)snprintf(big, sizeof big, "{\"type\":\"none\"");
    for (int i = 0; len < sizeof big - 20 && i < 5000; i++) {
        len += (size_t)snprintf(big + len, sizeof big - len, ",\"%d\":0", i);
    }
    big[len++] = '}';
    is_answered(bytes_of(big, len), "bad-message");
}

static void n7_each_member_has_its_type(void)
{
    static const char *const values[] = {"null", "true", "1", "1.5", "[]", "{}", "\"x\""};
    static const struct {
        const char *format;
        unsigned good; // A bit for each of `values`.
    } rows[] = {
        {"{\"type\":%s}", 1u << 6},
        {"{\"type\":\"join\",\"room\":%s}", 1u << 6},
        {"{\"type\":\"signal\",\"data\":1,\"to\":%s}", 1u << 6},
        {"{\"type\":\"use-code\",\"number\":%s}", 1u << 2},
        {"{\"type\":\"reopen-code\",\"number\":%s}", 1u << 2},
        {"{\"type\":\"release-code\",\"number\":%s}", 1u << 2},
        {"{\"type\":\"unpair\",\"number\":%s}", 1u << 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; j < COUNT(values); j++) {
            char text[100];
            snprintf(text, sizeof text, rows[i].format, values[j]);
            if (!(rows[i].good & 1u << j)) {
                is_answered(bytes_of_text(text), "bad-message");
            }
        }
    }
    static const char *const missing[] = {"{}", "{\"type\":\"join\"}",
        "{\"type\":\"signal\",\"to\":\"x\"}", "{\"type\":\"signal\",\"data\":1}",
        "{\"type\":\"use-code\"}", "{\"type\":\"reopen-code\"}", "{\"type\":\"release-code\"}"};
    all_are_answered(missing, COUNT(missing), "bad-message");
    static const char *const unknown[] = {"{\"type\":\"\"}", "{\"type\":\"JOIN\"}",
        "{\"type\":\"hello\"}", "{\"type\":\"peer-left\",\"peer\":\"x\"}",
        "{\"type\":\"__proto__\"}", "{\"type\":\"<script>\"}"};
    all_are_answered(unknown, COUNT(unknown), "unknown-type");
}

#define SIXTEEN "aaaaaaaaaaaaaaaa"

static void n8_names_keep_to_their_alphabet(void)
{
    static const char *const texts[] = {
        "{\"type\":\"join\",\"room\":\"\"}",
        "{\"type\":\"join\",\"room\":\"../x\"}",
        "{\"type\":\"join\",\"room\":\"<img onerror=x>\"}",
        "{\"type\":\"join\",\"room\":\"\\u202etxt\"}",
        "{\"type\":\"join\",\"room\":\"a\\u200b\"}",
        "{\"type\":\"join\",\"room\":\"\xf0\x9f\x98\x80\"}",
        "{\"type\":\"join\",\"room\":\"a\\r\\nb\"}",
        "{\"type\":\"join\",\"room\":\"a b\"}",
        "{\"type\":\"join\",\"room\":\"a/b\"}",
        "{\"type\":\"join\",\"room\":\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "a\"}",
    };
    all_are_answered(texts, COUNT(texts), "bad-room");
    start();
    fixture_say(&f, client, "{\"type\":\"join\",\"room\":\"__proto__\"}"); // Only a name, here.
    CHECK_TEXT(
        fixture_hear(&f, client), "{\"type\":\"joined\",\"room\":\"__proto__\",\"peers\":[]}");
    end();
}

// A type that is not harmless is not quoted back; one that is, is.
static void an_error_quotes_only_what_is_harmless(void)
{
    start();
    fixture_say(&f, client, "{\"type\":\"</script>\\\"}\"}");
    CHECK(!strstr(fixture_hear(&f, client), "script"));
    fixture_say(&f, client, "{\"type\":\"no-such\"}");
    CHECK(strstr(fixture_hear(&f, client), "\"re\":\"no-such\"}"));
    end();
}

// No prefix of a good message is accepted, and no flipped bit crashes.
static void cut_and_flipped_messages_do_no_harm(void)
{
    static const char good[] = "{\"type\":\"join\",\"room\":\"den\",\"x\":[1,{\"y\":\"\\u00e9\"}]}";

    for (size_t len = 0; len < sizeof good - 1; len++) {
        is_answered(bytes_of(good, len), "bad-message");
    }
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        char flipped[sizeof good];
        memcpy(flipped, good, sizeof good);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << bit % 8));
        start();
        signaling_core_recv(&f.core, client, bytes_of(flipped, sizeof good - 1), f.now);
        end();
    }
}

TEST_MAIN(TEST(n1_depth_is_bounded_before_it_is_recursed_into),
    TEST(n2_numbers_are_whole_and_in_range), TEST(n3_n5_only_strict_json_counts),
    TEST(n4_strings_are_unicode_without_nul), TEST(n6_long_messages_and_many_members_are_refused),
    TEST(n7_each_member_has_its_type), TEST(n8_names_keep_to_their_alphabet),
    TEST(an_error_quotes_only_what_is_harmless), TEST(cut_and_flipped_messages_do_no_harm))
