// The muxer's file: see the header.

#include "device/muxer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum yodel_err muxer_file_open(struct muxer_file *file, const char *path, bool overwrites)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (overwrites ? O_TRUNC : O_EXCL);

    *file = (struct muxer_file){.fd = open(path, flags, 0666)};
    if (file->fd >= 0) {
        return YODEL_OK;
    }
    file->error = errno;
    return errno == EEXIST ? YODEL_ERR_EXISTS : YODEL_ERR_IO;
}

bool muxer_file_write(struct muxer_file *file, struct bytes bytes)
{
    while (bytes.len > 0 && file->error == 0) {
        ssize_t len = pwrite(file->fd, bytes.ptr, bytes.len, (off_t)file->at);
        if (len > 0) {
            file->at += (uint64_t)len;
            bytes = bytes_sub(bytes, (size_t)len, SIZE_MAX);
        } else if (len == 0 || errno != EINTR) {
            file->error = len == 0 ? EIO : errno;
        }
    }
    file->len = file->at > file->len ? file->at : file->len;
    return file->error == 0;
}

enum yodel_err muxer_file_close(struct muxer_file *file)
{
    // What is no file of a disk cannot be waited for: EINVAL.
    if (fsync(file->fd) != 0 && errno != EINVAL && file->error == 0) {
        file->error = errno;
    }
    if (close(file->fd) != 0 && errno != EINTR && file->error == 0) {
        file->error = errno;
    }
    file->fd = -1;
    return file->error ? YODEL_ERR_IO : YODEL_OK;
}

void muxer_file_put_error(struct writer *w, const struct muxer_file *file, const char *path)
{
    if (file->error == ENOSPC || file->error == EDQUOT || file->error == EFBIG) {
        put_format(w, "the disk is full: \"%.200s\" ends here", path);
    } else if (file->error == EEXIST) {
        put_format(w, "\"%.200s\" is there already, and is not overwritten", path);
    } else {
        put_format(w, "cannot write \"%.200s\": %s", path, strerror(file->error));
    }
}
