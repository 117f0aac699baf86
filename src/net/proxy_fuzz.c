// Fuzzer: a proxy's answer, however it is cut, is the same answer; and a URL that is taken gives a
// request of its own lines only.

#include "base/assert.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct bytes text, size_t step)
{
    struct proxy_answer whole = {0}, cut = {0};
    size_t used, total = 0, one;
    enum proxy_result want = proxy_recv(&whole, text, &used);
    enum proxy_result got = PROXY_MORE;

    for (size_t i = 0; i < text.len && got == PROXY_MORE; i += step) {
        got = proxy_recv(&cut, bytes_sub(text, i, step), &one);
        total += one;
    }
    YODEL_ASSERT(got == want && total == used && cut.status == whole.status);
    YODEL_ASSERT(used <= text.len && (want == PROXY_MALFORMED || whole.len <= PROXY_ANSWER_MAX));
}

static void url(struct bytes text)
{
    char copy[1024];
    uint8_t room[PROXY_REQUEST_MAX];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct proxy_url url;
    size_t lines = 0;

    if (text.len >= sizeof copy) {
        return;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (proxy_parse_url(&url, copy) != YODEL_OK) {
        return;
    }
    YODEL_ASSERT(proxy_put_request(&w, url.host, url.port, url.credentials) == YODEL_OK);
    for (size_t i = 0; i < w.len; i++) {
        lines += room[i] == '\n';
    }
    YODEL_ASSERT(lines == (url.credentials[0] ? 4 : 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        answer(bytes_of(data + 1, size - 1), 1 + data[0] % 16);
        url(bytes_of(data + 1, size - 1));
    }
    return 0;
}
