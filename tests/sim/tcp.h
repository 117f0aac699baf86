// TCP of the simulator's: bytes in order over a network that loses, reorders and cuts them up.
//
// Segments are datagrams of the network's, with its NATs, delays and outages; what is lost comes later.
//
// Implements  RFC 9293 §3.4 to §3.10 in outline (opening, reset, half-close, a window), RFC 6298 (when
//             to send again), RFC 5681 §3.2 (three repeated acknowledgements)
// Not here    congestion control, options, TIME-WAIT (no port is used twice); TLS is a stream to
//             another port, its bytes in the clear
// Ownership   sockets are allocated, and freed by tcp_close, tcp_reset or tcp_deinit; borrows the
//             network
// Limits      TCP_SOCKETS_MAX; TCP_ROOM bytes each way, what is more must wait
// Departs     sequence numbers begin at 0 and never wrap; a window is told as its end

#ifndef SIM_TCP_H
#define SIM_TCP_H

#include "network.h"

#define TCP_SOCKETS_MAX 64
#define TCP_ROOM 32768u
#define TCP_SEGMENT_MAX 1400
#define TCP_RTO YODEL_SECONDS(1)  // Before a round trip was measured,
#define TCP_RTO_MIN YODEL_MS(200) // and then.
#define TCP_OPENING_TRIES 4       // At 0, 1, 3 and 7 s: timed out after 15.
#define TCP_TRIES 9               // 100 s and more.

enum tcp_state {
    TCP_CONNECTING,
    TCP_OPEN,
    TCP_REFUSED,
    TCP_RESET,
    TCP_TIMED_OUT,
};

struct tcp_socket {
    enum tcp_state state;
    bool is_passive;
    int link;
    int origin;             // Whose the other end is, where it called.
    struct yodel_path path; // With the local port.
    uint64_t id;

    // What is sent: acked <= sent <= written, and the end behind it.
    uint64_t acked, sent, written;
    uint64_t limit; // What the other side has room for.
    bool is_shut;   // Nothing more is written: an end follows.
    bool is_closed; // Nobody reads any more; it goes when the end is acknowledged.
    uint32_t tries, repeats;
    uint64_t recovered; // Until here what is missing is sent at once.
    uint64_t timed;     // The round trip of the byte before this is measured; 0: of none.
    yodel_time timed_at, retry_at;
    yodel_duration rtt;
    uint8_t out[TCP_ROOM];

    // What is received: taken <= arrived, then with gaps.
    uint64_t taken, arrived;
    uint64_t end;  // Where the other side's end is; UINT64_MAX: not known.
    uint64_t told; // The end of the window that the other side knows of.
    uint8_t in[TCP_ROOM];
    bool has[TCP_ROOM];
};

struct tcp {
    struct network *network;
    uint64_t opened;
    uint64_t repeated; // Segments that were sent again.
    struct tcp_socket *sockets[TCP_SOCKETS_MAX];
};

void tcp_init(struct tcp *tcp, struct network *network);
void tcp_deinit(struct tcp *tcp);

// Opens a stream from a link; the port of `path->local` is chosen here. NULL: no socket is left.
struct tcp_socket *tcp_connect(
    struct tcp *tcp, int link, const struct yodel_path *path, yodel_time now);

// Takes a segment. Where it opens a stream, and somebody listens, its socket is returned, else NULL.
struct tcp_socket *tcp_take(
    struct tcp *tcp, const struct network_arrival *arrival, bool is_listening, yodel_time now);

// All of it, or, where there is no room, nothing: false.
bool tcp_write(struct tcp *tcp, struct tcp_socket *socket, struct bytes data, yodel_time now);
size_t tcp_read(struct tcp *tcp, struct tcp_socket *socket, struct span room, yodel_time now);

// Whether the other side ended, and all was read.
bool tcp_is_at_end(const struct tcp_socket *socket);

// Ends one direction; both, in order; both, at once. The socket is gone after the latter two.
void tcp_shut(struct tcp *tcp, struct tcp_socket *socket, yodel_time now);
void tcp_close(struct tcp *tcp, struct tcp_socket *socket, yodel_time now);
void tcp_reset(struct tcp *tcp, struct tcp_socket *socket, yodel_time now);

void tcp_tick(struct tcp *tcp, yodel_time now);
yodel_time tcp_next_at(const struct tcp *tcp);

#endif
