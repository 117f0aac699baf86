// A member's post: what waits to be said to the server, and what waits to be told to the owner.
//
// The server drops what is over 100 messages in a second (docs/SIGNALING.md, Errors), and who
// publishes to many says more than that when it comes back: so what waits is handed out evenly.
//
// Ownership   owns the texts and the JSON in it until deinit; what is handed out is borrowed until
//             the next call of the same kind
// Limits      POST_OUT_MAX texts and POST_NEWS_MAX news wait; POST_BURST texts at once, and one each
//             POST_INTERVAL after that

#ifndef SIGNALING_MEMBER_POST_H
#define SIGNALING_MEMBER_POST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/time.h"

#define SIGNALING_MEMBER_POST_OUT_MAX 2048
#define SIGNALING_MEMBER_POST_NEWS_MAX 512
#define SIGNALING_MEMBER_POST_SIGNALS_MAX 128 // Of the news, for what others say at will.
#define SIGNALING_MEMBER_POST_BURST 40
#define SIGNALING_MEMBER_POST_INTERVAL YODEL_MS(20) // 40 and 50 in a second, where 100 are allowed.

// `type` and `why` are enumerators of signaling/member.h.
struct signaling_member_news {
    int type;
    int why;
    uint32_t partner;
    json_t *data;
};

struct signaling_member_post {
    char *out[SIGNALING_MEMBER_POST_OUT_MAX];
    uint32_t out_first, out_count;
    char *given;        // The text handed out last.
    yodel_time free_at; // When all that was handed out would have gone at an even pace.
    struct signaling_member_news news[SIGNALING_MEMBER_POST_NEWS_MAX];
    uint32_t news_first, news_count;
    struct signaling_member_news told;
};

// Zeroed is a post with nothing in it.
void signaling_member_post_deinit(struct signaling_member_post *post);

// Queues a message, which it takes over. One over the limit is lost, as on a link that breaks.
void signaling_member_post_say(struct signaling_member_post *post, json_t *message);
// The link is gone, and with it what waits.
void signaling_member_post_clear(struct signaling_member_post *post);
// The next text, or NULL: there is none, or it is not yet time for it.
const char *signaling_member_post_next_out(struct signaling_member_post *post, yodel_time now);
yodel_time signaling_member_post_next_timeout(const struct signaling_member_post *post);

// Queues news, whose data it takes over. What others say at will is lost where too much of it waits.
void signaling_member_post_tell(
    struct signaling_member_post *post, const struct signaling_member_news *news);
void signaling_member_post_pass_on(
    struct signaling_member_post *post, const struct signaling_member_news *news);
// NULL after the last.
const struct signaling_member_news *signaling_member_post_next_news(
    struct signaling_member_post *post);

#endif
