// Unit tests: a thin coat over cmocka, so that a test is a static function whose name is a claim.
//
//   static void an_empty_datagram_is_foreign(void) { CHECK_EQ(…); }
//   TEST_MAIN(TEST(an_empty_datagram_is_foreign), …)

#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/port.h"

struct test {
    const char *name;
    void (*run)(void);
};

static inline void check_run_one(void **state)
{
    const struct test *test = *state;

    test->run();
}

// cmocka takes at most what we give it; a file with more than this many tests holds two ideas.
#define CHECK_TESTS_MAX 128

static inline int check_run_all(struct test *tests, size_t count)
{
    struct CMUnitTest units[CHECK_TESTS_MAX] = {{0}};

    assert_true(count <= CHECK_TESTS_MAX);
    for (size_t i = 0; i < count; i++) {
        units[i] = (struct CMUnitTest){tests[i].name, check_run_one, NULL, NULL, &tests[i]};
    }
    return _cmocka_run_group_tests("tests", units, count, NULL, NULL);
}

#define TEST(f)                                                                                    \
    {                                                                                              \
#f, f                                                                                      \
    }
#define TEST_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        struct test tests[] = {__VA_ARGS__};                                                       \
        return check_run_all(tests, COUNT(tests));                                                 \
    }

#define CHECK(condition) assert_true(condition)
#define CHECK_EQ(got, want) assert_int_equal((got), (want))
#define CHECK_TEXT(got, want) assert_string_equal((got), (want))
#define CHECK_BYTES(got, want)                                                                     \
    do {                                                                                           \
        struct bytes check_got = (got), check_want = (want);                                       \
        CHECK_EQ(check_got.len, check_want.len);                                                   \
        if (check_want.len > 0) {                                                                  \
            assert_memory_equal(check_got.ptr, check_want.ptr, check_want.len);                    \
        }                                                                                          \
    } while (0)

#endif
