// SCTP streams: the table and the news.

#include "sctp/stream.h"

void sctp_streams_init(struct sctp_streams *streams, const struct env *env)
{
    memset(streams, 0, sizeof *streams);
    streams->env = env;
}

void sctp_streams_deinit(struct sctp_streams *streams)
{
    for (size_t i = 0; i < SCTP_STREAM_PAGES; i++) {
        alloc_free(streams->env->alloc, streams->pages[i]);
    }
}

struct sctp_stream *sctp_streams_find(const struct sctp_streams *streams, uint16_t id)
{
    struct sctp_stream *page = streams->pages[id / SCTP_STREAM_PAGE];

    return page ? &page[id % SCTP_STREAM_PAGE] : NULL;
}

struct sctp_stream *sctp_streams_open(struct sctp_streams *streams, uint16_t id)
{
    struct sctp_stream **page = &streams->pages[id / SCTP_STREAM_PAGE];

    if (YODEL_UNLIKELY(!*page)) {
        *page = alloc_new(streams->env->alloc, SCTP_STREAM_PAGE * sizeof **page);
        if (!*page) {
            return NULL;
        }
        for (uint16_t i = 0; i < SCTP_STREAM_PAGE; i++) {
            (*page)[i].id = (uint16_t)(id - id % SCTP_STREAM_PAGE + i);
            (*page)[i].ssn_in = (uint64_t)1 << 16; // As unwrap_start_u16 makes of the first one, 0.
        }
    }
    return &(*page)[id % SCTP_STREAM_PAGE];
}

void sctp_streams_tell(
    struct sctp_streams *streams, struct sctp_stream *stream, enum sctp_stream_news news)
{
    stream->news |= (uint32_t)news;
    if (stream->in_news) {
        return;
    }
    stream->in_news = true;
    stream->next_news = NULL;
    if (streams->news_tail) {
        streams->news_tail->next_news = stream;
    } else {
        streams->news_head = stream;
    }
    streams->news_tail = stream;
}

bool sctp_streams_next_news(struct sctp_streams *streams, uint16_t *id, enum sctp_stream_news *news)
{
    struct sctp_stream *stream = streams->news_head;

    if (!stream) {
        return false;
    }
    *id = stream->id;
    *news =
        stream->news & SCTP_STREAM_BUFFERED_LOW ? SCTP_STREAM_BUFFERED_LOW : SCTP_STREAM_RESET_DONE;
    stream->news &= ~(uint32_t)*news;
    if (stream->news == 0) {
        stream->in_news = false;
        streams->news_head = stream->next_news;
        if (!streams->news_head) {
            streams->news_tail = NULL;
        }
    }
    return true;
}
