// libsrtp2 by dlopen, with no symbol of it in the program.

#include "libsrtp.h"

#include <dlfcn.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 1024

typedef srtp_err_status_t (*transform)(srtp_t, void *, int *);

struct libsrtp {
    srtp_t session;
    srtp_err_status_t (*dealloc)(srtp_t);
    transform protect[2], unprotect[2]; // RTP, RTCP.
};

// A function is no object to the language; POSIX promises that it fits all the same.
static bool look_up(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);

    memcpy(function, &found, sizeof found);
    return found != NULL;
}

struct libsrtp *libsrtp_new(uint16_t profile, const uint8_t *master, bool is_sender)
{
    void *library = dlopen("libsrtp2.so.1", RTLD_NOW | RTLD_LOCAL);
    struct libsrtp *it = calloc(1, sizeof *it);
    srtp_err_status_t (*init)(void), (*create)(srtp_t *, const srtp_policy_t *);
    srtp_err_status_t (*set_rtp)(srtp_crypto_policy_t *, srtp_profile_t);
    srtp_err_status_t (*set_rtcp)(srtp_crypto_policy_t *, srtp_profile_t);
    static bool is_begun; // It refuses to begin twice.
    srtp_policy_t policy;

    if (!it || !library || !look_up(library, "srtp_init", &init) ||
        !look_up(library, "srtp_create", &create) ||
        !look_up(library, "srtp_crypto_policy_set_from_profile_for_rtp", &set_rtp) ||
        !look_up(library, "srtp_crypto_policy_set_from_profile_for_rtcp", &set_rtcp) ||
        !look_up(library, "srtp_dealloc", &it->dealloc) ||
        !look_up(library, "srtp_protect", &it->protect[0]) ||
        !look_up(library, "srtp_protect_rtcp", &it->protect[1]) ||
        !look_up(library, "srtp_unprotect", &it->unprotect[0]) ||
        !look_up(library, "srtp_unprotect_rtcp", &it->unprotect[1])) {
        free(it);
        return NULL;
    }
    memset(&policy, 0, sizeof policy);
    policy.ssrc.type = is_sender ? ssrc_any_outbound : ssrc_any_inbound;
    policy.key = (unsigned char *)(uintptr_t)master; // Only read.
    policy.window_size = WINDOW;
    is_begun = is_begun || init() == srtp_err_status_ok;
    if (!is_begun || set_rtp(&policy.rtp, (srtp_profile_t)profile) != srtp_err_status_ok ||
        set_rtcp(&policy.rtcp, (srtp_profile_t)profile) != srtp_err_status_ok ||
        create(&it->session, &policy) != srtp_err_status_ok) {
        free(it);
        return NULL;
    }
    return it;
}

void libsrtp_free(struct libsrtp *session)
{
    (void)session->dealloc(session->session);
    free(session);
}

bool libsrtp_protect(struct libsrtp *session, bool is_rtcp, uint8_t *packet, int *len)
{
    return session->protect[is_rtcp](session->session, packet, len) == srtp_err_status_ok;
}

bool libsrtp_unprotect(struct libsrtp *session, bool is_rtcp, uint8_t *packet, int *len)
{
    return session->unprotect[is_rtcp](session->session, packet, len) == srtp_err_status_ok;
}
