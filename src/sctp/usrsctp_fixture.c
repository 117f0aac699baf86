// Another SCTP: usrsctp without threads.

#include "sctp/usrsctp_fixture.h"

#include <string.h>
#include <sys/time.h>
#include <usrsctp.h>

#include "base/assert.h"

#define PORT 5000
#define BUFFER (1 << 20)
#define ADDRESS ((void *)&seen)

static struct oracle_seen seen;
static struct socket *socket_of_it;
static void (*send_packet)(const void *data, size_t len);

// It asks the system how old a chunk is before repeating it: in this program the system's clock is the test's.
static uint64_t elapsed = 1000;

YODEL_API int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    at->tv_sec = (time_t)(elapsed / 1000);
    at->tv_usec = (suseconds_t)(elapsed % 1000 * 1000);
    return 0;
}

static int on_output(void *address, void *data, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)address;
    (void)tos;
    (void)set_df;
    send_packet(data, len);
    return 0;
}

static void set_option(int level, int name, const void *value, size_t len)
{
    int result = usrsctp_setsockopt(socket_of_it, level, name, value, (socklen_t)len);

    YODEL_ASSERT(result == 0);
}

static struct sockaddr_conn address(void)
{
    struct sockaddr_conn a = {.sconn_family = AF_CONN, .sconn_addr = ADDRESS};

    a.sconn_port = htons(PORT);
    return a;
}

void oracle_init(void (*output)(const void *data, size_t len))
{
    static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT};
    struct sockaddr_conn a = address();
    struct sctp_assoc_value resets = {
        .assoc_id = SCTP_ALL_ASSOC, .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ};
    struct sctp_initmsg init = {.sinit_num_ostreams = 1024, .sinit_max_instreams = 1024};
    uint32_t on = 1;
    int buffer = BUFFER;

    memset(&seen, 0, sizeof seen);
    send_packet = output;
    usrsctp_init_nothreads(0, on_output, NULL);
    usrsctp_sysctl_set_sctp_blackhole(2);
    usrsctp_register_address(ADDRESS);
    socket_of_it = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    YODEL_ASSERT(socket_of_it);
    YODEL_ASSERT(usrsctp_set_non_blocking(socket_of_it, 1) == 0);
    set_option(IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    set_option(IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets);
    set_option(IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
    for (size_t i = 0; i < COUNT(events); i++) {
        struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = events[i], .se_on = 1};
        set_option(IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
    }
    set_option(SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    set_option(SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    int bound = usrsctp_bind(socket_of_it, (struct sockaddr *)&a, sizeof a);
    YODEL_ASSERT(bound == 0);
}

void oracle_connect(void)
{
    struct sockaddr_conn a = address();
    struct sctp_paddrparams params = {.spp_flags = SPP_PMTUD_DISABLE, .spp_pathmtu = 1200};

    memcpy(&params.spp_address, &a, sizeof a);
    (void)usrsctp_connect(socket_of_it, (struct sockaddr *)&a, sizeof a);
    set_option(IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &params, sizeof params);
}

void oracle_recv(const void *data, size_t len)
{
    usrsctp_conninput(ADDRESS, data, len, 0);
}

static void on_notification(const union sctp_notification *note)
{
    uint16_t flags = note->sn_strreset_event.strreset_flags;

    if (note->sn_header.sn_type == SCTP_ASSOC_CHANGE) {
        seen.is_connected |= note->sn_assoc_change.sac_state == SCTP_COMM_UP;
        seen.has_ended |= note->sn_assoc_change.sac_state == SCTP_SHUTDOWN_COMP ||
                          note->sn_assoc_change.sac_state == SCTP_COMM_LOST;
    } else if (note->sn_header.sn_type == SCTP_STREAM_RESET_EVENT) {
        seen.resets += (flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
        seen.resets_done += (flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0;
    }
}

static void take(const uint8_t *data, size_t len)
{
    seen.messages++;
    seen.bytes += len;
    for (size_t i = 0; i < len; i++) {
        seen.is_wrong |= data[i] != oracle_pattern(i);
    }
}

static void listen_to_it(void)
{
    static uint8_t data[BUFFER];
    static size_t have;

    for (;;) {
        int flags = 0;
        unsigned int info_type;
        struct sctp_rcvinfo info;
        socklen_t info_len = sizeof info;
        ssize_t len = usrsctp_recvv(socket_of_it, data + have, sizeof data - have, NULL, NULL,
            &info, &info_len, &info_type, &flags);

        if (len <= 0) {
            return;
        }
        if (flags & MSG_NOTIFICATION) {
            union sctp_notification note = {0};
            memcpy(&note, data + have, (size_t)len < sizeof note ? (size_t)len : sizeof note);
            on_notification(&note);
            continue;
        }
        have += (size_t)len;
        if (flags & MSG_EOR) {
            take(data, have);
            have = 0;
        }
    }
}

void oracle_step(uint32_t elapsed_ms)
{
    elapsed += elapsed_ms;
    usrsctp_handle_timers(elapsed_ms);
    listen_to_it();
}

bool oracle_send(uint16_t stream, const void *data, size_t len, bool unordered, bool may_be_lost)
{
    struct sctp_sendv_spa how = {
        .sendv_flags = SCTP_SEND_SNDINFO_VALID | (may_be_lost ? SCTP_SEND_PRINFO_VALID : 0u),
        .sendv_sndinfo = {.snd_sid = stream,
            .snd_flags = (uint16_t)(unordered ? SCTP_UNORDERED : 0)},
        .sendv_prinfo = {.pr_policy = SCTP_PR_SCTP_RTX, .pr_value = 0}};

    return usrsctp_sendv(socket_of_it, data, len, NULL, 0, &how, sizeof how, SCTP_SENDV_SPA, 0) ==
           (ssize_t)len;
}

void oracle_reset_stream(uint16_t stream)
{
    union {
        struct sctp_reset_streams reset;
        uint8_t room[sizeof(struct sctp_reset_streams) + sizeof(uint16_t)];
    } request = {.reset = {.srs_flags = SCTP_STREAM_RESET_OUTGOING, .srs_number_streams = 1}};

    request.reset.srs_stream_list[0] = stream;
    set_option(IPPROTO_SCTP, SCTP_RESET_STREAMS, &request, sizeof request);
}

void oracle_shutdown(void)
{
    (void)usrsctp_shutdown(socket_of_it, SHUT_RDWR);
}

struct oracle_seen oracle_seen(void)
{
    return seen;
}

void oracle_deinit(void)
{
    struct linger at_once = {.l_onoff = 1};

    set_option(SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    usrsctp_close(socket_of_it);
    usrsctp_deregister_address(ADDRESS);
    for (int i = 0; i < 100 && usrsctp_finish() != 0; i++) {
        usrsctp_handle_timers(100);
    }
}
