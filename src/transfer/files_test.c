// The files that are sent: what a folder becomes, and what is noticed when a file changes.

#include "transfer/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char root[64];

static const char *at(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    int file = open(at(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);

    CHECK(file >= 0);
    CHECK_EQ(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
}

static void make_root(void)
{
    (void)snprintf(root, sizeof root, "/tmp/yodel-files-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
}

static void remove_root(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf %s", root);
    CHECK_EQ(system(command), 0);
}

static void a_folder_is_listed_in_order_without_links(void)
{
    struct transfer_files files;

    make_root();
    CHECK_EQ(mkdir(at("trip"), 0700), 0);
    CHECK_EQ(mkdir(at("trip/b"), 0700), 0);
    put_file("trip/b/two", "22");
    put_file("trip/a", "1");
    CHECK_EQ(symlink("/etc/passwd", at("trip/link")), 0);
    CHECK_EQ(mkfifo(at("trip/pipe"), 0600), 0);
    transfer_files_init(&files);
    CHECK_EQ(transfer_files_add(&files, at("trip/"), NULL), YODEL_OK);
    CHECK_EQ(files.count, 4);
    CHECK_TEXT(files.items[0].path, "trip");
    CHECK(files.items[0].is_folder);
    CHECK_TEXT(files.items[1].path, "trip/a");
    CHECK_EQ(files.items[1].size, 1);
    CHECK_TEXT(files.items[2].path, "trip/b");
    CHECK_TEXT(files.items[3].path, "trip/b/two");
    CHECK_EQ(files.left_out, 2);
    CHECK(!transfer_files_has_pipe(&files));
    transfer_files_deinit(&files);
    remove_root();
}

static void what_is_not_there_says_so(void)
{
    struct transfer_files files;

    transfer_files_init(&files);
    CHECK_EQ(transfer_files_add(&files, "/nowhere/at/all", NULL), YODEL_ERR_NOT_FOUND);
    CHECK(strstr(files.text, "/nowhere/at/all") != NULL);
    CHECK_EQ(transfer_files_add(&files, "/dev/null", NULL), YODEL_ERR_IO);
    transfer_files_deinit(&files);
}

static void a_file_that_changes_is_noticed(void)
{
    struct transfer_files files;
    uint8_t room[16];
    size_t len;

    make_root();
    put_file("log", "one");
    transfer_files_init(&files);
    CHECK_EQ(transfer_files_add(&files, at("log"), NULL), YODEL_OK);
    struct transfer_source source = transfer_files_source(&files);
    CHECK_EQ(source.open(source.ctx, 0), YODEL_OK);
    CHECK_EQ(source.read(source.ctx, span_of(room, sizeof room), &len), YODEL_OK);
    CHECK_EQ(len, 3);
    CHECK_EQ(source.check(source.ctx), YODEL_OK);
    put_file("log", "three");
    CHECK_EQ(source.check(source.ctx), YODEL_ERR_OPERATION);
    source.close(source.ctx);
    CHECK_EQ(source.open(source.ctx, 0), YODEL_ERR_OPERATION);
    transfer_files_deinit(&files);
    remove_root();
}

static void a_pipe_is_an_item_without_a_size(void)
{
    struct transfer_files files;

    transfer_files_init(&files);
    CHECK_EQ(transfer_files_add(&files, "-", "dump.sql"), YODEL_OK);
    CHECK_TEXT(files.items[0].path, "dump.sql");
    CHECK_EQ(files.items[0].size, -1);
    CHECK(transfer_files_has_pipe(&files));
    transfer_files_deinit(&files);
}

TEST_MAIN(TEST(a_folder_is_listed_in_order_without_links), TEST(what_is_not_there_says_so),
    TEST(a_file_that_changes_is_noticed), TEST(a_pipe_is_an_item_without_a_size))
