// The folder that files are received into.
//
// Each path is walked part by part with openat2 below the folder's own descriptor, without a
// symbolic link, so that neither a name nor a link that somebody put there leads outside. A
// finished part gets its name by a rename that refuses to replace.
//
// Implements  docs/TRANSFER.md, Names and Parts

#include "transfer/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NUMBERS_MAX 9999 // "a (9999).jpg" is the last name tried.
#define RENAME_NOREPLACE_FLAG 1u

static enum yodel_err failed(struct transfer_folder *folder, const char *what, const char *path)
{
    folder->error = errno;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
        (void)snprintf(folder->text, sizeof folder->text,
            "the disk is full; make room and receive again: what has arrived is kept");
    } else {
        (void)snprintf(folder->text, sizeof folder->text, "cannot %s \"%.300s\": %s", what, path,
            strerror(errno));
    }
    return YODEL_ERR_IO;
}

static int open_below(int dir, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

// Opens one folder in `dir`, making it where it is not there.
static int enter(int dir, const char *name)
{
    if (mkdirat(dir, name, 0777) != 0 && errno != EEXIST) {
        return -1;
    }
    return open_below(dir, name, O_RDONLY | O_DIRECTORY, 0);
}

// Opens the folder that holds the last part of `path`, making those on the way. *name is that part.
static int open_parent(int root, const char *path, const char **name)
{
    char part[TRANSFER_NAME_PATH_MAX];
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
    const char *slash;

    while (dir >= 0 && (slash = strchr(path, '/'))) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        int below = enter(dir, part);
        int error = errno;
        close(dir);
        errno = error;
        dir = below;
        path = slash + 1;
    }
    *name = path;
    return dir;
}

enum yodel_err transfer_folder_init(struct transfer_folder *folder, const char *path)
{
    char room[4096];

    *folder = (struct transfer_folder){.root = -1, .parent = -1, .file = -1};
    if (snprintf(room, sizeof room, "%s/", path) >= (int)sizeof room || !path[0]) {
        errno = ENAMETOOLONG;
        return failed(folder, "use the folder", path);
    }
    for (char *slash = strchr(room + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(room, 0777) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES) {
            return failed(folder, "make the folder", room);
        }
        *slash = '/';
    }
    folder->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->root < 0) {
        return failed(folder, "open the folder", path);
    }
    if (faccessat(folder->root, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        enum yodel_err err = failed(folder, "write into the folder", path);
        transfer_folder_deinit(folder);
        return err;
    }
    return YODEL_OK;
}

static void close_file(void *ctx)
{
    struct transfer_folder *folder = ctx;

    if (folder->file >= 0) {
        close(folder->file);
        close(folder->parent);
    }
    folder->file = -1;
    folder->parent = -1;
}

void transfer_folder_deinit(struct transfer_folder *folder)
{
    close_file(folder);
    if (folder->root >= 0) {
        close(folder->root);
        folder->root = -1;
    }
}

int64_t transfer_folder_space(const struct transfer_folder *folder)
{
    struct statvfs fs;

    if (fstatvfs(folder->root, &fs) != 0) {
        return -1;
    }
    return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void part_name(const char *path, char part[TRANSFER_NAME_PATH_MAX])
{
    (void)snprintf(part, TRANSFER_NAME_PATH_MAX, "%.255s" TRANSFER_PART_SUFFIX, name_of(path));
}

static enum yodel_err make_folder(void *ctx, const char *path)
{
    struct transfer_folder *folder = ctx;
    const char *name;
    int parent = open_parent(folder->root, path, &name);
    int made = parent < 0 ? -1 : enter(parent, name);

    if (made < 0) {
        enum yodel_err err = failed(folder, "make the folder", path);
        if (parent >= 0) {
            close(parent);
        }
        return err;
    }
    close(made);
    close(parent);
    return YODEL_OK;
}

// Opens the part of `path` for reading and writing; it must be a plain file that nobody else
// writes.
static enum yodel_err open_part(struct transfer_folder *folder, const char *path, uint64_t flags)
{
    char part[TRANSFER_NAME_PATH_MAX];
    const char *name;
    struct stat st;

    folder->parent = open_parent(folder->root, path, &name);
    if (folder->parent < 0) {
        return failed(folder, "make the folder of", path);
    }
    part_name(path, part);
    folder->file = open_below(folder->parent, part, O_RDWR | O_NONBLOCK | flags, flags ? 0666 : 0);
    if (folder->file < 0) {
        enum yodel_err err = failed(folder, "write", path);
        close(folder->parent);
        folder->parent = -1;
        return err;
    }
    if (fstat(folder->file, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        errno = EINVAL;
    } else if (flock(folder->file, LOCK_EX | LOCK_NB) != 0) {
        errno = EBUSY;
    } else {
        return YODEL_OK;
    }
    enum yodel_err err = failed(folder, "write", part);
    close_file(folder);
    return err;
}

static int64_t find_part(void *ctx, const char *path, int64_t size)
{
    struct transfer_folder *folder = ctx;
    struct stat st;
    int64_t have = 0;

    if (open_part(folder, path, 0) != YODEL_OK) {
        return 0;
    }
    if (fstat(folder->file, &st) == 0 && st.st_size <= size) {
        have = st.st_size;
    }
    close_file(folder);
    return have;
}

static enum yodel_err open_file(void *ctx, const char *path, int64_t offset)
{
    struct transfer_folder *folder = ctx;
    enum yodel_err err = open_part(folder, path, O_CREAT);

    if (err) {
        return err;
    }
    if (ftruncate(folder->file, offset) != 0) {
        err = failed(folder, "write", path);
        close_file(folder);
        return err;
    }
    (void)snprintf(folder->path, sizeof folder->path, "%s", path);
    folder->read_position = 0;
    folder->write_position = offset;
    return YODEL_OK;
}

static enum yodel_err read_file(void *ctx, struct span room, size_t *len)
{
    struct transfer_folder *folder = ctx;
    ssize_t got = pread(folder->file, room.ptr, room.len, folder->read_position);

    if (got < 0) {
        return failed(folder, "read", folder->path);
    }
    folder->read_position += got;
    *len = (size_t)got;
    return YODEL_OK;
}

static enum yodel_err write_file(void *ctx, struct bytes piece)
{
    struct transfer_folder *folder = ctx;

    while (piece.len > 0) {
        ssize_t put = pwrite(folder->file, piece.ptr, piece.len, folder->write_position);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return failed(folder, "write", folder->path);
        }
        folder->write_position += put;
        piece = bytes_sub(piece, (size_t)put, piece.len);
    }
    return YODEL_OK;
}

// Renames without replacing, also where the file system cannot do it in one step.
static int rename_new(int dir, const char *from, const char *to)
{
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE_FLAG) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    if (linkat(dir, from, dir, to, 0) != 0) {
        return -1;
    }
    return unlinkat(dir, from, 0);
}

// Gives the part the first free of its names: "a.jpg", "a (1).jpg", …
static enum yodel_err rename_part(
    struct transfer_folder *folder, const char *part, char final[TRANSFER_NAME_PATH_MAX])
{
    (void)snprintf(final, TRANSFER_NAME_PATH_MAX, "%s", folder->path);
    for (unsigned number = 1; number <= NUMBERS_MAX; number++) {
        if (rename_new(folder->parent, part, name_of(final)) == 0) {
            return YODEL_OK;
        }
        if (errno != EEXIST || transfer_name_number(folder->path, number, final) != YODEL_OK) {
            break;
        }
    }
    return failed(folder, "name", folder->path);
}

static enum yodel_err finish_file(void *ctx, int64_t modified, char final[TRANSFER_NAME_PATH_MAX])
{
    struct transfer_folder *folder = ctx;
    char part[TRANSFER_NAME_PATH_MAX];

    if (modified >= 0) {
        struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = modified}};
        (void)futimens(folder->file, times); // Nice to have.
    }
    part_name(folder->path, part);
    enum yodel_err err = rename_part(folder, part, final);
    if (err == YODEL_OK) {
        close_file(folder);
    }
    return err;
}

static void remove_file(void *ctx)
{
    struct transfer_folder *folder = ctx;
    char part[TRANSFER_NAME_PATH_MAX];

    part_name(folder->path, part);
    (void)unlinkat(folder->parent, part, 0);
    close_file(folder);
}

static const char *error_code(void *ctx)
{
    const struct transfer_folder *folder = ctx;

    return folder->error == ENOSPC || folder->error == EDQUOT || folder->error == EFBIG
               ? "disk-full"
               : "io";
}

static const char *error_text(void *ctx)
{
    const struct transfer_folder *folder = ctx;

    return folder->text;
}

struct transfer_sink transfer_folder_sink(struct transfer_folder *folder)
{
    return (struct transfer_sink){
        .make_folder = make_folder,
        .find_part = find_part,
        .open = open_file,
        .read = read_file,
        .write = write_file,
        .finish = finish_file,
        .close = close_file,
        .remove = remove_file,
        .error_code = error_code,
        .error_text = error_text,
        .ctx = folder,
    };
}
