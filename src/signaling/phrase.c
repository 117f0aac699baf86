// Rendezvous codes.
//
// Implements  docs/SIGNALING.md, Rendezvous codes

#include "signaling/phrase.h"

#include <stdio.h>

#define NUMBER_MAX 999999

// A number below SIGNALING_WORDS, each as likely: it is a power of two.
static const char *draw_word(const struct env *env)
{
    return signaling_words[env_random_u32(env) % SIGNALING_WORDS];
}

void signaling_phrase_make(struct signaling_phrase *code, const struct env *env, uint32_t number)
{
    const char *first = draw_word(env), *second = draw_word(env);

    *code = (struct signaling_phrase){.number = number};
    (void)snprintf(code->text, sizeof code->text, "%u-%s-%s", number, first, second);
}

// ---- reading

static bool is_word(struct bytes text)
{
    for (size_t i = 0; i < SIGNALING_WORDS; i++) {
        if (bytes_equal(text, bytes_of_text(signaling_words[i]))) {
            return true;
        }
    }
    return false;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

// How many letters have to change to make one of the other (Levenshtein), for short words.
static unsigned distance(struct bytes a, const char *b)
{
    unsigned row[16];
    size_t len = strlen(b);

    for (unsigned j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= len; j++) {
            unsigned above = row[j];
            row[j] =
                min3(above + 1, row[j - 1] + 1, diagonal + (a.ptr[i - 1] != (uint8_t)b[j - 1]));
            diagonal = above;
        }
    }
    return row[len];
}

static const char *nearest(struct bytes text)
{
    const char *best = signaling_words[0];
    unsigned least = UINT32_MAX;

    for (size_t i = 0; i < SIGNALING_WORDS; i++) {
        unsigned d = distance(text, signaling_words[i]);
        if (d < least) {
            least = d;
            best = signaling_words[i];
        }
    }
    return best;
}

static bool is_separator(uint8_t c)
{
    return c == '-' || c == ' ' || c == '_' || c == '.' || c == ',' || c == '\t' || c == '\n' ||
           c == '\r';
}

// Cuts `text` into parts, in lower case, in `room`. Returns how many, at most `max` + 1.
static size_t cut(
    struct bytes text, char room[SIGNALING_PHRASE_MAX], struct bytes *parts, size_t max)
{
    size_t count = 0, at = 0, start = 0;

    for (size_t i = 0; i <= text.len && at < SIGNALING_PHRASE_MAX; i++) {
        if (i < text.len && !is_separator(text.ptr[i])) {
            uint8_t c = text.ptr[i];
            room[at++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        } else if (at > start) {
            if (count == max) {
                return max + 1;
            }
            parts[count++] = bytes_of(room + start, at - start);
            start = at;
        }
    }
    return count;
}

static bool parse_number(struct bytes text, uint32_t *number)
{
    uint32_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > NUMBER_MAX / 10) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *number = value;
    return value > 0 && text.ptr[0] != '0';
}

// A link's part before "/#" is the server; what is after it, the code.
static bool split_link(struct signaling_phrase *code, struct bytes *text)
{
    const uint8_t *hash = text->len > 0 ? memchr(text->ptr, '#', text->len) : NULL;

    if (!hash) {
        return true;
    }
    size_t len = (size_t)(hash - text->ptr);
    struct bytes server = bytes_sub(*text, 0, len);
    *text = bytes_sub(*text, len + 1, text->len);
    while (server.len > 0 && server.ptr[server.len - 1] == '/') {
        server.len--;
    }
    bool is_url = server.len > 8 && server.len < sizeof code->server &&
                  (memcmp(server.ptr, "http://", 7) == 0 || memcmp(server.ptr, "https://", 8) == 0);
    if (is_url) {
        memcpy(code->server, server.ptr, server.len);
    }
    return is_url;
}

enum yodel_err signaling_phrase_parse(
    struct signaling_phrase *code, struct bytes text, char why[SIGNALING_WHY_MAX])
{
    struct signaling_phrase parsed = {0};
    char room[SIGNALING_PHRASE_MAX];
    struct bytes parts[3] = {0};

    if (!split_link(&parsed, &text) || cut(text, room, parts, 3) != 3 ||
        !parse_number(parts[0], &parsed.number)) {
        (void)snprintf(why, SIGNALING_WHY_MAX,
            "a code is a number and two words, as in 7-amber-falcon, or a whole link");
        return YODEL_ERR_SYNTAX;
    }
    for (size_t i = 1; i < 3; i++) {
        if (parts[i].len > 15 || !is_word(parts[i])) {
            (void)snprintf(why, SIGNALING_WHY_MAX,
                "\"%.*s\" is not one of the words of codes; is it \"%s\"?",
                (int)(parts[i].len > 15 ? 15 : parts[i].len), (const char *)parts[i].ptr,
                nearest(bytes_sub(parts[i], 0, 15)));
            return YODEL_ERR_SYNTAX;
        }
    }
    (void)snprintf(parsed.text, sizeof parsed.text, "%u-%.*s-%.*s", parsed.number,
        (int)parts[1].len, (const char *)parts[1].ptr, (int)parts[2].len,
        (const char *)parts[2].ptr);
    *code = parsed;
    return YODEL_OK;
}
