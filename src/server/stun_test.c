// The STUN responder on a socket for every address, asked under two of loopback's. A test with
// sockets, because where an answer leaves from is the system's doing.

#include "server/stun.h"

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "net/sockaddr.h"
#include "server/listen.h"

static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3};

// A client's socket, and the address as a client of that family sees it.
static int open_client(struct sockaddr_storage *to, socklen_t *len, const struct yodel_addr *server)
{
    *len = sockaddr_write(to, server);
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    return fd;
}

static void ask(uv_loop_t *loop, const struct server_stun *stun, const struct yodel_addr *at)
{
    struct sockaddr_storage to, from;
    socklen_t len, from_len = sizeof from;
    uint8_t answer[100];
    char want[ADDR_TEXT_MAX], got[ADDR_TEXT_MAX];
    uint64_t answered = stun->answered;
    int fd = open_client(&to, &len, at);

    CHECK_EQ(sendto(fd, request, sizeof request, 0, (struct sockaddr *)&to, len), sizeof request);
    (void)uv_run(loop, UV_RUN_ONCE);
    CHECK_EQ(stun->answered, answered + 1);
    CHECK(recvfrom(fd, answer, sizeof answer, 0, (struct sockaddr *)&from, &from_len) > 20);
    struct yodel_addr source = sockaddr_parse((struct sockaddr *)&from);
    CHECK_TEXT(addr_text(&source, got), addr_text(at, want));
    close(fd);
}

static void answers_on(struct yodel_addr local, bool has_v6)
{
    struct server_stun stun;
    char why[SERVER_ERROR_MAX];
    uv_loop_t loop;

    CHECK_EQ(uv_loop_init(&loop), 0);
    int fd = server_listen_udp(&local, why);
    CHECK(fd >= 0);
    CHECK_EQ(server_stun_start(&stun, &loop, fd, &local), YODEL_OK);
    for (uint8_t last = 1; last <= 2; last++) {
        struct yodel_addr at = addr_v4(127, 0, 0, last, local.port);
        ask(&loop, &stun, &at);
    }
    if (has_v6 && local.family == YODEL_ADDR_V6) { // There may be none here.
        struct yodel_addr at = {.family = YODEL_ADDR_V6, .ip = {[15] = 1}, .port = local.port};
        ask(&loop, &stun, &at);
    }
    server_stun_stop(&stun);
    uv_close((uv_handle_t *)&stun.poll, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
}

static void an_answer_leaves_from_the_address_that_was_asked(void)
{
    answers_on(addr_v4(0, 0, 0, 0, 0), false);
    answers_on((struct yodel_addr){.family = YODEL_ADDR_V6}, true);
}

TEST_MAIN(TEST(an_answer_leaves_from_the_address_that_was_asked))
