// The files that are sent.
//
// Each file is measured when it is offered, and held against that when it is opened and when it has
// been read: one that changed in between is an error, never a mixture of two states.

#include "transfer/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"

struct transfer_file {
    char *path; // NULL: standard input.
    struct timespec modified;
    off_t size;
};

void transfer_files_init(struct transfer_files *files)
{
    *files = (struct transfer_files){.open = -1};
}

static void close_file(void *ctx)
{
    struct transfer_files *files = ctx;

    if (files->open > STDIN_FILENO) {
        close(files->open);
    }
    files->open = -1;
}

void transfer_files_deinit(struct transfer_files *files)
{
    close_file(files);
    for (uint32_t i = 0; i < files->count; i++) {
        alloc_free(alloc_system(), files->items[i].path);
        alloc_free(alloc_system(), files->files[i].path);
    }
    alloc_free(alloc_system(), files->items);
    alloc_free(alloc_system(), files->files);
    transfer_files_init(files);
}

static enum yodel_err failed(struct transfer_files *files, const char *what, const char *path)
{
    (void)snprintf(
        files->text, sizeof files->text, "cannot %s \"%.400s\": %s", what, path, strerror(errno));
    return errno == ENOENT ? YODEL_ERR_NOT_FOUND : YODEL_ERR_IO;
}

static enum yodel_err too_much(struct transfer_files *files, const char *text)
{
    (void)snprintf(files->text, sizeof files->text, "%s", text);
    return YODEL_ERR_TOO_LARGE;
}

static char *copy_text(const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = alloc_new(alloc_system(), len);

    if (copy) {
        memcpy(copy, text, len);
    }
    return copy;
}

static bool make_room(struct transfer_files *files)
{
    uint32_t room = files->room ? files->room * 2 : 16;

    if (files->count < files->room) {
        return true;
    }
    struct transfer_item *items = alloc_resize(alloc_system(), files->items, room * sizeof *items);
    if (!items) {
        return false;
    }
    files->items = items;
    struct transfer_file *on_disk =
        alloc_resize(alloc_system(), files->files, room * sizeof *on_disk);
    if (!on_disk) {
        return false;
    }
    files->files = on_disk;
    files->room = room;
    return true;
}

// Adds one item. `offered` is what the other side sees; a name on our disk need not be UTF-8.
static enum yodel_err add_item(
    struct transfer_files *files, const char *path, const char *offered, const struct stat *st)
{
    if (files->count == TRANSFER_ITEMS_MAX) {
        return too_much(files, "more than 100,000 files; send an archive of them");
    }
    char *shown = copy_text(offered);
    char *local = path ? copy_text(path) : NULL;
    if (!shown || (path && !local) || !make_room(files)) {
        alloc_free(alloc_system(), shown);
        alloc_free(alloc_system(), local);
        (void)too_much(files, "there is no memory left");
        return YODEL_ERR_NO_MEMORY;
    }
    if (!utf8_is_valid(bytes_of_text(shown))) {
        for (char *c = shown; *c; c++) {
            *c = (uint8_t)*c < 0x80 ? *c : '_';
        }
    }
    files->items[files->count] = (struct transfer_item){
        .path = shown, .path_len = strlen(shown), .size = -1, .modified = -1};
    files->files[files->count] = (struct transfer_file){.path = local};
    if (st) {
        files->items[files->count].is_folder = S_ISDIR(st->st_mode);
        files->items[files->count].size = S_ISDIR(st->st_mode) ? -1 : (int64_t)st->st_size;
        files->items[files->count].modified = st->st_mtime >= 0 ? (int64_t)st->st_mtime : -1;
        files->files[files->count].modified = st->st_mtim;
        files->files[files->count].size = st->st_size;
    }
    files->count++;
    return YODEL_OK;
}

static enum yodel_err check_readable(struct transfer_files *files, const char *path)
{
    return access(path, R_OK) == 0 ? YODEL_OK : failed(files, "read", path);
}

// A folder that is being listed: its entries in order, and how far we are.
struct level {
    struct dirent **entries;
    int count, next;
    char path[PATH_MAX];
    char offered[TRANSFER_NAME_PATH_MAX];
};

static enum yodel_err enter(
    struct transfer_files *files, struct level *level, const char *path, const char *offered)
{
    level->next = 0;
    (void)snprintf(level->path, sizeof level->path, "%s", path);
    (void)snprintf(level->offered, sizeof level->offered, "%s", offered);
    level->count = scandir(path, &level->entries, NULL, alphasort);
    return level->count < 0 ? failed(files, "list the folder", path) : YODEL_OK;
}

// scandir's memory is the system's, and so alloc_system's to free.
static void leave(struct level *level)
{
    while (level->next < level->count) {
        alloc_free(alloc_system(), level->entries[level->next++]);
    }
    alloc_free(alloc_system(), level->entries);
}

// Adds the next entry of a folder; *below is set where it is a folder itself.
static enum yodel_err add_entry(struct transfer_files *files, struct level *level, bool *below,
    char path[PATH_MAX], char offered[TRANSFER_NAME_PATH_MAX])
{
    const char *name = level->entries[level->next]->d_name;
    struct stat st;

    *below = false;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return YODEL_OK;
    }
    if (snprintf(path, PATH_MAX, "%s/%s", level->path, name) >= PATH_MAX ||
        snprintf(offered, TRANSFER_NAME_PATH_MAX, "%s/%s", level->offered, name) >=
            TRANSFER_NAME_PATH_MAX) {
        return too_much(files, "a path is too long; send an archive of the folder");
    }
    if (lstat(path, &st) != 0) {
        return failed(files, "look at", path);
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        files->left_out++;
        return YODEL_OK;
    }
    *below = S_ISDIR(st.st_mode);
    enum yodel_err err = check_readable(files, path);
    return err ? err : add_item(files, path, offered, &st);
}

// Walks a folder without recursion, so that depth costs no stack.
static enum yodel_err add_folder(
    struct transfer_files *files, const char *path, const char *offered)
{
    struct level *levels = alloc_new(alloc_system(), TRANSFER_NAME_DEPTH_MAX * sizeof *levels);
    char below_path[PATH_MAX], below_offered[TRANSFER_NAME_PATH_MAX];
    size_t depth = 0;
    enum yodel_err err = levels ? enter(files, &levels[0], path, offered) : YODEL_ERR_NO_MEMORY;

    depth = err ? 0 : 1;
    while (depth > 0 && !err) {
        struct level *level = &levels[depth - 1];
        bool below = false;

        if (level->next == level->count) {
            leave(level);
            depth--;
            continue;
        }
        err = add_entry(files, level, &below, below_path, below_offered);
        alloc_free(alloc_system(), level->entries[level->next++]);
        if (!err && below && depth == TRANSFER_NAME_DEPTH_MAX - 1) {
            err = too_much(files, "the folders are too deep; send an archive of them");
        } else if (!err && below) {
            err = enter(files, &levels[depth], below_path, below_offered);
            depth += err ? 0 : 1;
        }
    }
    while (depth > 0) {
        leave(&levels[--depth]);
    }
    alloc_free(alloc_system(), levels);
    return err;
}

// What a path is called: the last part as it was typed, or, for "." and "..", what they stand for.
static void name_of(const char *path, char name[TRANSFER_NAME_PATH_MAX])
{
    char real[PATH_MAX];
    size_t end = strlen(path);

    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    size_t len = end - start;
    if (len > 0 && !(len <= 2 && strspn(path + start, ".") >= len)) {
        (void)snprintf(name, TRANSFER_NAME_PATH_MAX, "%.*s", (int)len, path + start);
        return;
    }
    const char *slash = realpath(path, real) ? strrchr(real, '/') : NULL;
    (void)snprintf(
        name, TRANSFER_NAME_PATH_MAX, "%.1000s", slash && slash[1] ? slash + 1 : "files");
}

enum yodel_err transfer_files_add(struct transfer_files *files, const char *path, const char *name)
{
    char offered[TRANSFER_NAME_PATH_MAX];
    struct stat st;

    if (strcmp(path, "-") == 0) {
        return add_item(files, NULL, name ? name : "stdin", NULL);
    }
    if (stat(path, &st) != 0) {
        return failed(files, "read", path);
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        (void)snprintf(files->text, sizeof files->text,
            "\"%.300s\" is neither a file nor a folder; send \"-\" and redirect it", path);
        return YODEL_ERR_IO;
    }
    name_of(path, offered);
    if (name) {
        (void)snprintf(offered, sizeof offered, "%s", name);
    }
    enum yodel_err err = check_readable(files, path);
    if (!err) {
        err = add_item(files, path, offered, &st);
    }
    return !err && S_ISDIR(st.st_mode) ? add_folder(files, path, offered) : err;
}

bool transfer_files_has_pipe(const struct transfer_files *files)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (!files->files[i].path) {
            return true;
        }
    }
    return false;
}

// ---- the source

static enum yodel_err check_file(void *ctx)
{
    struct transfer_files *files = ctx;
    const struct transfer_file *file = &files->files[files->item];
    struct stat st;

    if (!file->path) {
        return YODEL_OK;
    }
    if (fstat(files->open, &st) != 0) {
        return failed(files, "read", file->path);
    }
    bool is_same = S_ISREG(st.st_mode) && st.st_size == file->size &&
                   st.st_mtim.tv_sec == file->modified.tv_sec &&
                   st.st_mtim.tv_nsec == file->modified.tv_nsec;
    return is_same ? YODEL_OK : YODEL_ERR_OPERATION;
}

static enum yodel_err open_file(void *ctx, uint32_t item)
{
    struct transfer_files *files = ctx;
    const struct transfer_file *file = &files->files[item];

    files->item = item;
    if (!file->path) {
        files->open = STDIN_FILENO;
        return YODEL_OK;
    }
    files->open = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (files->open < 0) {
        return failed(files, "read", file->path);
    }
    enum yodel_err err = check_file(files);
    if (err) {
        close_file(files);
    }
    return err;
}

static enum yodel_err read_file(void *ctx, struct span room, size_t *len)
{
    struct transfer_files *files = ctx;
    ssize_t got;

    do {
        got = read(files->open, room.ptr, room.len);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return YODEL_ERR_WOULD_BLOCK;
    }
    if (got < 0) {
        const char *path = files->files[files->item].path;
        return failed(files, "read", path ? path : "standard input");
    }
    *len = (size_t)got;
    return YODEL_OK;
}

struct transfer_source transfer_files_source(struct transfer_files *files)
{
    return (struct transfer_source){open_file, read_file, check_file, close_file, files};
}
