// TURN ports: a bit for each, looked through by words from a place that chance chose.

#include "turn/ports.h"

#include "base/assert.h"

#define WORD 64u
#define EVEN_BITS 0x5555555555555555u

static uint32_t first_word(const struct turn_ports *ports)
{
    return ports->min / WORD;
}

static uint32_t word_count(const struct turn_ports *ports)
{
    return ports->max / WORD - first_word(ports) + 1;
}

static uint64_t *word_of(const struct turn_ports *ports, uint16_t port)
{
    return &ports->taken[port / WORD - first_word(ports)];
}

static uint64_t bit_of(uint16_t port)
{
    return (uint64_t)1 << port % WORD;
}

enum yodel_err turn_ports_init(
    struct turn_ports *ports, const struct env *env, uint16_t min, uint16_t max)
{
    *ports = (struct turn_ports){.env = env, .min = min, .max = max};
    if (min == 0 || min > max) {
        return YODEL_ERR_RANGE;
    }
    uint32_t words = word_count(ports);
    ports->taken = alloc_new(env->alloc, words * sizeof *ports->taken);
    return ports->taken ? YODEL_OK : YODEL_ERR_NO_MEMORY;
}

void turn_ports_deinit(struct turn_ports *ports)
{
    if (ports->env) {
        alloc_free(ports->env->alloc, ports->taken);
    }
    *ports = (struct turn_ports){0};
}

// The ports of a word that may be taken: within the range, not taken, even where they must be, with
// the neighbour above where that is needed, too.
static uint64_t takeable(const struct turn_ports *ports, uint32_t word, enum turn_ports_kind kind)
{
    uint64_t bits = ~ports->taken[word];
    uint32_t start = (first_word(ports) + word) * WORD;

    if (start < ports->min) {
        bits &= ~(uint64_t)0 << (ports->min - start);
    }
    if (start + WORD - 1 > ports->max) {
        bits &= ~(uint64_t)0 >> (start + WORD - 1 - ports->max);
    }
    if (kind == TURN_PORTS_PAIR) {
        bits &= bits >> 1;
    }
    return kind == TURN_PORTS_ANY ? bits : bits & EVEN_BITS;
}

// One of the bits that are set, from a place that chance chose: the first at it or above, or else
// the first of all.
static uint32_t pick_bit(uint64_t bits, uint32_t place)
{
    uint64_t above = bits >> place << place;

    return (uint32_t)__builtin_ctzll(above != 0 ? above : bits);
}

uint16_t turn_ports_take(struct turn_ports *ports, enum turn_ports_kind kind)
{
    uint32_t words = word_count(ports), chance = env_random_u32(ports->env);
    uint32_t first = (chance >> 6) % words;

    for (uint32_t i = 0; i < words; i++) {
        uint32_t word = (first + i) % words;
        uint64_t bits = takeable(ports, word, kind);
        if (bits == 0) {
            continue;
        }
        uint32_t bit = pick_bit(bits, chance % WORD);
        ports->taken[word] |= (uint64_t)(kind == TURN_PORTS_PAIR ? 3 : 1) << bit;
        ports->count += kind == TURN_PORTS_PAIR ? 2 : 1;
        return (uint16_t)((first_word(ports) + word) * WORD + bit);
    }
    return 0;
}

bool turn_ports_is_taken(const struct turn_ports *ports, uint16_t port)
{
    return ports->taken && port >= ports->min && port <= ports->max &&
           (*word_of(ports, port) & bit_of(port)) != 0;
}

void turn_ports_give(struct turn_ports *ports, uint16_t port)
{
    YODEL_ASSERT(turn_ports_is_taken(ports, port));
    *word_of(ports, port) &= ~bit_of(port);
    ports->count--;
}
