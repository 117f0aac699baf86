// Ring: order across the seam, growth, and the limit.

#include "base/ring.h"

#include "capped_alloc.h"
#include "check.h"

static void put_text_into(struct ring *ring, const char *text)
{
    CHECK_EQ(ring_put(ring, text, strlen(text)), YODEL_OK);
}

static void bytes_come_out_in_order(void)
{
    struct ring ring;
    char out[8] = "";

    ring_init(&ring, alloc_system(), 1, 100);
    CHECK_EQ(ring_view(&ring, 0).len, 0);
    put_text_into(&ring, "abc");
    put_text_into(&ring, "def");
    ring_drop(&ring, 2);
    ring_copy(&ring, 1, out, 3);
    CHECK_TEXT(out, "def");
    CHECK_BYTES(ring_view(&ring, 0), bytes_of("cdef", 4));
    ring_deinit(&ring);
}

static void the_seam_is_crossed(void)
{
    struct ring ring;
    char out[9] = "";

    ring_init(&ring, alloc_system(), 1, 8); // So that there are exactly eight places.
    put_text_into(&ring, "abcdef");
    ring_drop(&ring, 5);
    put_text_into(&ring, "ghijkl");
    CHECK_BYTES(ring_view(&ring, 0), bytes_of("fgh", 3));
    CHECK_BYTES(ring_view(&ring, 3), bytes_of("ijkl", 4));
    ring_copy(&ring, 0, out, 7);
    CHECK_TEXT(out, "fghijkl");
    CHECK_EQ(*(char *)ring_at(&ring, 6), 'l');
    ring_deinit(&ring);
}

static void growing_keeps_the_order(void)
{
    struct ring ring;
    uint32_t first = 0;
    uint32_t next = 0;

    ring_init(&ring, alloc_system(), sizeof next, 10000);
    for (int turn = 0; turn < 1000; turn++) {
        for (int i = 0; i < 7; i++, next++) {
            CHECK_EQ(ring_put(&ring, &next, 1), YODEL_OK);
        }
        for (int i = 0; i < 3; i++, first++) {
            CHECK_EQ(*(uint32_t *)ring_at(&ring, 0), first);
            ring_drop(&ring, 1);
        }
    }
    CHECK_EQ(ring.count, next - first);
    CHECK_EQ(*(uint32_t *)ring_at(&ring, ring.count - 1), next - 1);
    ring_deinit(&ring);
}

static void over_the_limit_all_or_nothing(void)
{
    struct ring ring;

    ring_init(&ring, alloc_system(), 1, 5);
    put_text_into(&ring, "abc");
    CHECK_EQ(ring_put(&ring, "def", 3), YODEL_ERR_TOO_LARGE);
    CHECK_EQ(ring.count, 3);
    put_text_into(&ring, "de");
    CHECK_EQ(ring_put(&ring, "f", 1), YODEL_ERR_TOO_LARGE);
    CHECK_BYTES(ring_view(&ring, 0), bytes_of("abcde", 5));
    ring_deinit(&ring);
}

static void without_memory_nothing_changes(void)
{
    static const uint8_t zeros[1000];
    struct capped_alloc memory = capped_alloc(1);
    struct ring ring;

    ring_init(&ring, &memory.alloc, 1, 2000);
    put_text_into(&ring, "abc");
    CHECK_EQ(ring_put(&ring, zeros, sizeof zeros), YODEL_ERR_NO_MEMORY);
    CHECK_BYTES(ring_view(&ring, 0), bytes_of("abc", 3));
    ring_deinit(&ring);
    CHECK_EQ(memory.held, 0);
}

TEST_MAIN(TEST(bytes_come_out_in_order), TEST(the_seam_is_crossed), TEST(growing_keeps_the_order),
    TEST(over_the_limit_all_or_nothing), TEST(without_memory_nothing_changes))
