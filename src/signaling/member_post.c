// A member's post: two rings, and a pace (a generic cell rate algorithm, ITU-T I.371).

#include "signaling/member_post.h"

#include "base/alloc.h"
#include "base/assert.h"

#define OUT_MAX SIGNALING_MEMBER_POST_OUT_MAX
#define NEWS_MAX SIGNALING_MEMBER_POST_NEWS_MAX
#define INTERVAL SIGNALING_MEMBER_POST_INTERVAL
#define BURST_TIME ((SIGNALING_MEMBER_POST_BURST - 1) * INTERVAL)

// ---- out

static char *take_text(struct signaling_member_post *post)
{
    char *text = post->out[post->out_first];

    post->out_first = (post->out_first + 1) % OUT_MAX;
    post->out_count--;
    return text;
}

void signaling_member_post_say(struct signaling_member_post *post, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);

    json_decref(message);
    if (!text || post->out_count == OUT_MAX) {
        alloc_free(alloc_system(), text);
        return;
    }
    post->out[(post->out_first + post->out_count++) % OUT_MAX] = text;
}

void signaling_member_post_clear(struct signaling_member_post *post)
{
    while (post->out_count > 0) {
        alloc_free(alloc_system(), take_text(post));
    }
    post->free_at = 0; // The server counts for each link.
}

yodel_time signaling_member_post_next_timeout(const struct signaling_member_post *post)
{
    if (post->out_count == 0) {
        return YODEL_NEVER;
    }
    return post->free_at > BURST_TIME ? post->free_at - BURST_TIME : 0;
}

const char *signaling_member_post_next_out(struct signaling_member_post *post, yodel_time now)
{
    if (signaling_member_post_next_timeout(post) > now) {
        return NULL;
    }
    alloc_free(alloc_system(), post->given);
    post->given = take_text(post);
    post->free_at = (post->free_at > now ? post->free_at : now) + INTERVAL;
    return post->given;
}

// ---- news

void signaling_member_post_tell(
    struct signaling_member_post *post, const struct signaling_member_news *news)
{
    YODEL_ASSERT(post->news_count < NEWS_MAX); // The owner takes them after each input.
    post->news[(post->news_first + post->news_count++) % NEWS_MAX] = *news;
}

void signaling_member_post_pass_on(
    struct signaling_member_post *post, const struct signaling_member_news *news)
{
    if (post->news_count < SIGNALING_MEMBER_POST_SIGNALS_MAX) {
        signaling_member_post_tell(post, news);
    } else {
        json_decref(news->data);
    }
}

const struct signaling_member_news *signaling_member_post_next_news(
    struct signaling_member_post *post)
{
    if (post->news_count == 0) {
        return NULL;
    }
    json_decref(post->told.data);
    post->told = post->news[post->news_first];
    post->news_first = (post->news_first + 1) % NEWS_MAX;
    post->news_count--;
    return &post->told;
}

void signaling_member_post_deinit(struct signaling_member_post *post)
{
    signaling_member_post_clear(post);
    alloc_free(alloc_system(), post->given);
    while (signaling_member_post_next_news(post)) {
    }
    json_decref(post->told.data);
    *post = (struct signaling_member_post){0};
}
