// Pool, against a list of who has which block: no two takers may see each other's bytes.

#include "base/pool.h"

#include "capped_alloc.h"
#include "fuzz.h"

#define TAKERS 64

FUZZ(input)
{
    struct reader r = reader_of(input);
    size_t size = read_u16(&r) % 4000 + 1;
    size_t limit = read_u8(&r) % TAKERS;
    struct capped_alloc memory = capped_alloc(read_u8(&r) % 8);
    uint8_t *blocks[TAKERS] = {0};
    size_t taken = 0;
    struct pool pool;

    pool_init(&pool, &memory.alloc, size, limit);
    while (!r.failed && r.left > 0) {
        size_t who = read_u8(&r) % TAKERS;
        if (blocks[who]) {
            FUZZ_CHECK(blocks[who][0] == who && blocks[who][size - 1] == who);
            pool_give(&pool, blocks[who]);
            blocks[who] = NULL;
            taken--;
        } else {
            blocks[who] = pool_take(&pool);
            FUZZ_CHECK(blocks[who] || taken == limit || memory.allowed == 0);
            if (blocks[who]) {
                memset(blocks[who], (int)who, size);
                taken++;
            }
        }
        FUZZ_CHECK(pool.taken == taken && taken <= limit);
    }
    for (size_t who = 0; who < TAKERS; who++) {
        if (blocks[who]) {
            FUZZ_CHECK(blocks[who][0] == who && blocks[who][size - 1] == who);
            pool_give(&pool, blocks[who]);
        }
    }
    pool_deinit(&pool);
    FUZZ_CHECK(memory.held == 0);
}
