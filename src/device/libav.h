// What all that use FFmpeg's libraries share.

#ifndef DEVICE_LIBAV_H
#define DEVICE_LIBAV_H

// They write lines to stderr, of what hostile files say, too, by one level for the whole process. An application that
// set one keeps it; else none are written.
void device_libav_quiet(void);

#endif
