// The link to a signaling server, through libwebsockets on libuv.
//
// Implements  docs/SIGNALING.md (the connection), RFC 9525 §6.5 (addresses in certificates)

#include "signaling/link.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <uv.h>

#include "base/addr.h"
#include "base/alloc.h"

#define TURNS_TO_CLOSE 8

struct message {
    struct message *next;
    size_t len;
    uint8_t bytes[]; // LWS_PRE, then the text.
};

struct signaling_link {
    struct signaling_link_options options;
    struct signaling_url url;
    struct lws_context *context;
    struct lws *wsi; // NULL once closed.
    void *loops[1];
    struct message *first, **end;
    uint32_t waiting;
    uint8_t *text; // A message that came in pieces.
    size_t text_len;
    bool expects_ip; // In the certificate: the host is an address.
    bool has_heard;  // A message.
    bool is_over;    // on_close was called, or must not be any more.
    bool is_freed;
};

// ---- the URL

static bool take_prefix(struct bytes *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->ptr, prefix, len) != 0) {
        return false;
    }
    *text = bytes_sub(*text, len, text->len);
    return true;
}

static bool parse_port(struct bytes text, uint16_t *port)
{
    uint32_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 4) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *port = (uint16_t)value;
    return value > 0 && value <= UINT16_MAX;
}

// It goes into a header, and links are pasted from anywhere: nothing but names and addresses.
static bool is_host(struct bytes text, bool is_bracketed)
{
    struct yodel_addr addr;

    if (is_bracketed) {
        return addr_parse_ip(&addr, text) == YODEL_OK && addr.family == YODEL_ADDR_V6;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i], lower = c | 0x20;
        bool is_alphanumeric = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return text.len > 0;
}

enum yodel_err signaling_link_parse_url(struct signaling_url *url, struct bytes text)
{
    struct signaling_url parsed = {0};

    if (take_prefix(&text, "https://") || take_prefix(&text, "wss://")) {
        parsed.is_secure = true;
    } else if (!take_prefix(&text, "http://") && !take_prefix(&text, "ws://")) {
        return YODEL_ERR_SYNTAX;
    }
    parsed.port = parsed.is_secure ? 443 : 80;
    const uint8_t *slash = text.len > 0 ? memchr(text.ptr, '/', text.len) : NULL;
    if (slash) {
        text.len = (size_t)(slash - text.ptr);
    }
    bool is_bracketed = text.len > 0 && text.ptr[0] == '[';
    const uint8_t *end = text.len > 0 ? memchr(text.ptr, is_bracketed ? ']' : ':', text.len) : NULL;
    if (is_bracketed && !end) {
        return YODEL_ERR_SYNTAX;
    }
    struct bytes host = bytes_sub(text, 0, end ? (size_t)(end - text.ptr) : text.len);
    struct bytes rest = bytes_sub(text, host.len + is_bracketed, text.len);
    host = is_bracketed ? bytes_sub(host, 1, host.len) : host;
    if (rest.len > 0 &&
        (rest.ptr[0] != ':' || !parse_port(bytes_sub(rest, 1, rest.len), &parsed.port))) {
        return YODEL_ERR_SYNTAX;
    }
    if (host.len >= sizeof parsed.host || !is_host(host, is_bracketed)) {
        return YODEL_ERR_SYNTAX;
    }
    memcpy(parsed.host, host.ptr, host.len);
    *url = parsed;
    return YODEL_OK;
}

// ---- the certificate of a host that is an address

// RFC 6066 §3: addresses are no names of servers, and some servers refuse who says otherwise.
static void on_handshake(const SSL *ssl, int where, int value)
{
    (void)value;
    if (where == SSL_CB_HANDSHAKE_START) {
        (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, NULL);
    }
}

// RFC 9525 §6.5: an address is looked for among the certificate's addresses alone. Libwebsockets
// takes a host up to its first colon, which is "[" of all IPv6 addresses; so it is told to look for
// nothing where the context, and whatever is made of it, looks for the address.
static void expect_ip(struct signaling_link *link, SSL_CTX *context)
{
    struct yodel_addr ip;

    if (addr_parse_ip(&ip, bytes_of_text(link->url.host)) != YODEL_OK) {
        return;
    }
    SSL_CTX_set_info_callback(context, on_handshake);
    size_t len = ip.family == YODEL_ADDR_V4 ? 4 : 16;
    link->expects_ip = !link->options.is_insecure &&
                       X509_VERIFY_PARAM_set1_ip(SSL_CTX_get0_param(context), ip.ip, len) == 1;
}

// ---- the WebSocket

static void drop_messages(struct signaling_link *link)
{
    while (link->first) {
        struct message *message = link->first;

        link->first = message->next;
        alloc_free(alloc_system(), message);
    }
    link->end = &link->first;
    link->waiting = 0;
}

static void over(struct signaling_link *link, const char *why)
{
    link->wsi = NULL;
    if (!link->is_over) {
        link->is_over = true;
        link->options.on_close(link->options.ctx, why);
    }
}

static void over_unreachable(struct signaling_link *link, const char *detail)
{
    char why[512];
    bool is_certificate = link->url.is_secure && !link->options.is_insecure && detail &&
                          (strstr(detail, "SSL") || strstr(detail, "cert"));

    if (is_certificate) {
        (void)snprintf(why, sizeof why,
            "no TLS with the Yodel server at %s: its certificate is not trusted, or it speaks "
            "none; "
            "if the server made its own (--self-signed), add --insecure: the code proves the other "
            "side all the same",
            link->options.url);
    } else {
        (void)snprintf(why, sizeof why,
            "cannot reach a Yodel server at %s (%s); is `yodel serve` running there?",
            link->options.url, detail && *detail ? detail : "no answer");
    }
    over(link, why);
}

// Puts the pieces of a message together; false where it is too long.
static bool take_piece(struct signaling_link *link, const void *piece, size_t len)
{
    if (link->text_len + len > SIGNALING_LINK_MESSAGE_MAX) {
        return false;
    }
    if (!link->text) {
        link->text = alloc_new(alloc_system(), SIGNALING_LINK_MESSAGE_MAX);
        if (!link->text) {
            return false;
        }
    }
    memcpy(link->text + link->text_len, piece, len);
    link->text_len += len;
    bool is_whole =
        lws_is_final_fragment(link->wsi) && lws_remaining_packet_payload(link->wsi) == 0;
    if (is_whole) {
        size_t whole = link->text_len;
        link->has_heard = true;
        link->text_len = 0;
        if (!link->is_over) {
            link->options.on_message(link->options.ctx, bytes_of(link->text, whole));
        }
    }
    return true;
}

// Sends one waiting message; more wait for the next turn. -1 closes.
static int send_one(struct signaling_link *link)
{
    struct message *message = link->first;

    if (!message) {
        return link->is_freed ? -1 : 0;
    }
    if (lws_write(link->wsi, message->bytes + LWS_PRE, message->len, LWS_WRITE_TEXT) < 0) {
        return -1;
    }
    link->first = message->next;
    if (!link->first) {
        link->end = &link->first;
    }
    link->waiting--;
    alloc_free(alloc_system(), message);
    if (link->first || link->is_freed) {
        lws_callback_on_writable(link->wsi);
    }
    return 0;
}

static int on_event(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct signaling_link *link = lws_context_user(lws_get_context(wsi));

    if (!link || (link->wsi && link->wsi != wsi)) {
        return 0;
    }
    switch ((int)reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS: // `user` is the context.
        expect_ip(link, user);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        link->wsi = wsi;
        if (!link->is_over) {
            link->options.on_open(link->options.ctx);
        }
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return take_piece(link, in, len) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return send_one(link);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        over_unreachable(link, in);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (link->has_heard) {
            over(link, "the server closed the connection");
        } else {
            over_unreachable(link, "it closed the connection");
        }
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {"yodel.signal.1", on_event, 0, 4096, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

// Without these two zeros libwebsockets keeps a sorted list of timers a
// connection; the server pings.
static const lws_retry_bo_t no_validity = {0};

static enum yodel_err connect_link(struct signaling_link *link)
{
    char host[300];
    bool is_v6 = strchr(link->url.host, ':') != NULL;
    int tls = LCCSCF_USE_SSL;

    if (link->options.is_insecure) {
        tls |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK |
               LCCSCF_ALLOW_EXPIRED | LCCSCF_ALLOW_INSECURE;
    } else if (link->expects_ip) {
        tls |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    }
    (void)snprintf(host, sizeof host, is_v6 ? "[%s]:%u" : "%s:%u", link->url.host, link->url.port);
    struct lws_client_connect_info info = {
        .context = link->context,
        .address = link->url.host,
        .port = link->url.port,
        .ssl_connection = link->url.is_secure ? tls : 0,
        .path = "/signal",
        .host = host,
        .origin = host,
        .protocol = protocols[0].name,
        .retry_and_idle_policy = &no_validity,
        .pwsi = &link->wsi,
    };
    // A failure at once is told by the callback too.
    (void)lws_client_connect_via_info(&info);
    return YODEL_OK;
}

enum yodel_err signaling_link_new(
    const struct signaling_link_options *options, struct signaling_link **out)
{
    struct signaling_url url;

    if (signaling_link_parse_url(&url, bytes_of_text(options->url)) != YODEL_OK) {
        return YODEL_ERR_SYNTAX;
    }
    struct signaling_link *link = alloc_new(alloc_system(), sizeof *link);
    if (!link) {
        return YODEL_ERR_NO_MEMORY;
    }
    link->options = *options;
    link->url = url;
    link->end = &link->first;
    link->loops[0] = options->loop;
    lws_set_log_level(0, NULL);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = link->loops,
        .user = link,
        .retry_and_idle_policy = &no_validity,
        .connect_timeout_secs = 10,
    };
    link->context = lws_create_context(&info);
    if (!link->context) {
        alloc_free(alloc_system(), link);
        return YODEL_ERR_NO_MEMORY;
    }
    *out = link;
    return connect_link(link);
}

enum yodel_err signaling_link_again(struct signaling_link *link)
{
    if (!link->is_over || link->wsi) {
        return YODEL_ERR_INVALID_STATE;
    }
    drop_messages(link);
    link->is_over = link->has_heard = false;
    link->text_len = 0;
    return connect_link(link);
}

void signaling_link_close(struct signaling_link *link)
{
    link->is_over = true;
    if (link->wsi) {
        lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}

void signaling_link_free(struct signaling_link *link)
{
    if (!link) {
        return;
    }
    link->is_over = true;
    link->is_freed = true;
    // libwebsockets closes its handles in the loop's next turns, by code in a plugin that the second
    // call unloads: that one must come after those turns.
    lws_context_destroy(link->context);
    for (int i = 0; i < TURNS_TO_CLOSE; i++) {
        (void)uv_run(link->options.loop, UV_RUN_NOWAIT);
    }
    lws_context_destroy(link->context);
    drop_messages(link);
    alloc_free(alloc_system(), link->text);
    alloc_free(alloc_system(), link);
}

enum yodel_err signaling_link_send(struct signaling_link *link, struct bytes text)
{
    if (link->is_over) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (text.len > SIGNALING_LINK_MESSAGE_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (link->waiting == SIGNALING_LINK_QUEUE_MAX) {
        return YODEL_ERR_WOULD_BLOCK;
    }
    struct message *message = alloc_new(alloc_system(), sizeof *message + LWS_PRE + text.len);
    if (!message) {
        return YODEL_ERR_NO_MEMORY;
    }
    message->len = text.len;
    memcpy(message->bytes + LWS_PRE, text.ptr, text.len);
    *link->end = message;
    link->end = &message->next;
    link->waiting++;
    if (link->wsi) {
        lws_callback_on_writable(link->wsi);
    }
    return YODEL_OK;
}
