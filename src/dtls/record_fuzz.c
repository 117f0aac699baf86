// DTLS records: whatever the bytes, a record lies inside its datagram and every verdict is one of
// the list.

#include "base/assert.h"
#include "dtls/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t datagram[4096];
    struct span left = span_of(datagram, size < sizeof datagram ? size : sizeof datagram);

    memcpy(datagram, data, left.len);
    while (left.len > 0) {
        struct dtls_record record;

        if (dtls_record_parse(&record, left) != YODEL_OK) {
            break;
        }
        YODEL_ASSERT(record.whole.ptr == left.ptr && record.whole.len <= left.len);
        YODEL_ASSERT(record.body.len == record.whole.len - DTLS_RECORD_HEADER_SIZE);
        YODEL_ASSERT(dtls_record_is_dtls(bytes_of_span(record.whole)));
        YODEL_ASSERT(dtls_record_judge(&record, false, DTLS_RECORD_OVERHEAD_GCM) < DTLS_DROP_COUNT);
        // Once connected, nothing passes that is not sealed.
        enum dtls_drop connected = dtls_record_judge(&record, true, DTLS_RECORD_OVERHEAD_GCM);
        YODEL_ASSERT(connected != DTLS_DROP_NONE || record.epoch == 1);
        left = span_sub(left, record.whole.len, left.len);
    }
    return 0;
}
