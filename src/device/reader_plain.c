// A reader where the build has no devices: see the header.

#include <stdio.h>

#include "base/assert.h"
#include "device/reader.h"

enum yodel_err device_reader_open(struct device_reader **reader,
    const struct device_reader_config *config, char why[DEVICE_TEXT_MAX])
{
    (void)reader;
    (void)config;
    (void)snprintf(why, DEVICE_TEXT_MAX, "this was built without files and devices");
    return YODEL_ERR_NOT_SUPPORTED;
}

void device_reader_close(struct device_reader *reader)
{
    YODEL_ASSERT(!reader);
}

const struct device_reader_about *device_reader_about(const struct device_reader *reader)
{
    static const struct device_reader_about nothing;

    YODEL_ASSERT(!reader);
    return &nothing;
}

enum yodel_err device_reader_next(
    struct device_reader *reader, struct yodel_raw *raw, char why[DEVICE_TEXT_MAX])
{
    (void)raw;
    YODEL_ASSERT(!reader);
    why[0] = 0;
    return YODEL_ERR_NOT_SUPPORTED;
}

uint64_t device_reader_damaged(const struct device_reader *reader)
{
    YODEL_ASSERT(!reader);
    return 0;
}

enum yodel_err device_reader_rewind(struct device_reader *reader, char why[DEVICE_TEXT_MAX])
{
    YODEL_ASSERT(!reader);
    why[0] = 0;
    return YODEL_ERR_NOT_SUPPORTED;
}
