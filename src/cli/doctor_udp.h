// The doctor's datagrams: a STUN server, what is between it and us, and how large they may be.
//
// Two sockets ask about the NAT (doctor/nat.h), a third one about sizes (doctor/mtu.h).
//
// Ownership   the caller owns the struct, and keeps it until its handles are closed
// Limits      those of the two engines, which end by themselves in ten seconds

#ifndef CLI_DOCTOR_UDP_H
#define CLI_DOCTOR_UDP_H

#include <uv.h>

#include "doctor/mtu.h"
#include "doctor/nat.h"

#define DOCTOR_UDP_SOCKETS 3

struct doctor_udp_probe;

struct doctor_udp_socket {
    struct doctor_udp_probe *probe;
    uint32_t index; // 0 and 1 of the NAT's, 2 of the sizes'.
    uv_udp_t udp;
    bool is_open;
    struct yodel_addr local;
};

struct doctor_udp_probe {
    struct doctor_udp_socket sockets[DOCTOR_UDP_SOCKETS];
    uv_timer_t timer;
    bool has_timer;
    struct doctor_nat nat;
    struct doctor_mtu mtu;
    bool can_size; // The system forbids fragments for us.
    bool has_sized;
    bool is_done;
    uint8_t room[2048];
    void (*on_done)(void *ctx);
    void *ctx;
};

// False where no socket can be opened towards the server.
bool doctor_udp_start(struct doctor_udp_probe *probe, uv_loop_t *loop, const struct env *env,
    const struct yodel_addr *server, const struct yodel_addr *second, void (*on_done)(void *ctx),
    void *ctx);
void doctor_udp_close(struct doctor_udp_probe *probe);

#endif
