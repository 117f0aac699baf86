// Standard output as a receiver's sink.

#include "transfer/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void transfer_pipe_init(struct transfer_pipe *pipe)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    *pipe = (struct transfer_pipe){0};
    if (flags >= 0 && flags & O_NONBLOCK) {
        (void)fcntl(STDOUT_FILENO, F_SETFL, flags & ~O_NONBLOCK); // Who has it open too set that.
    }
}

static enum yodel_err refuse(struct transfer_pipe *pipe, const char *text)
{
    (void)snprintf(pipe->text, sizeof pipe->text, "%s", text);
    return YODEL_ERR_IO;
}

static enum yodel_err make_folder(void *ctx, const char *path)
{
    (void)path;
    return refuse(ctx, "a folder does not fit into a pipe; use --output FOLDER");
}

static int64_t find_part(void *ctx, const char *path, int64_t size)
{
    (void)ctx;
    (void)path;
    (void)size;
    return 0;
}

static enum yodel_err open_pipe(void *ctx, const char *path, int64_t offset)
{
    struct transfer_pipe *pipe = ctx;

    (void)path;
    if (offset > 0 || pipe->files++ > 0) {
        return refuse(pipe, "only one file fits into a pipe; use --output FOLDER");
    }
    return YODEL_OK;
}

static enum yodel_err read_pipe(void *ctx, struct span room, size_t *len)
{
    (void)room;
    (void)len;
    return refuse(ctx, "a pipe is not read");
}

static enum yodel_err write_pipe(void *ctx, struct bytes piece)
{
    while (piece.len > 0) {
        ssize_t put = write(STDOUT_FILENO, piece.ptr, piece.len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return refuse(ctx, "whoever reads standard output has stopped");
        }
        piece = bytes_sub(piece, (size_t)put, piece.len);
    }
    return YODEL_OK;
}

static enum yodel_err finish_pipe(void *ctx, int64_t modified, char final[TRANSFER_NAME_PATH_MAX])
{
    (void)ctx;
    (void)modified;
    (void)snprintf(final, TRANSFER_NAME_PATH_MAX, "-");
    return YODEL_OK;
}

static void close_pipe(void *ctx)
{
    (void)ctx;
}

static const char *error_code(void *ctx)
{
    (void)ctx;
    return "io";
}

static const char *error_text(void *ctx)
{
    const struct transfer_pipe *pipe = ctx;

    return pipe->text;
}

struct transfer_sink transfer_pipe_sink(struct transfer_pipe *pipe)
{
    return (struct transfer_sink){
        .make_folder = make_folder,
        .find_part = find_part,
        .open = open_pipe,
        .read = read_pipe,
        .write = write_pipe,
        .finish = finish_pipe,
        .close = close_pipe,
        .remove = close_pipe,
        .error_code = error_code,
        .error_text = error_text,
        .ctx = pipe,
    };
}
