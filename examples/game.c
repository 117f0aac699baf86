// Pong for two: sixty states a second, each of them worth nothing when it comes late.
//
//   cc game.c -o game $(pkg-config --cflags --libs yodel libuv)
//   ./game                 left: prints an offer, and waits until the answer is pasted
//   ./game --join          right: waits for the offer, and prints the answer
//
// w and s move, q leaves. With `--bot TICKS` both play by themselves, without a terminal, and the
// left side ends the game after so many ticks.
//
// The channel is unordered and sends nothing twice: before a lost state could come again, the next
// one is there. Each has a number, and the newest wins.

#include <termios.h>
#include <unistd.h>

#include "paste.h"
#include "pong.h"

#define TICK_MS 16
#define NUMBER_SIZE 4 // Bytes before the state.

struct game {
    uv_loop_t loop;
    uv_timer_t timer;
    yodel_channel *channel; // NULL until it is open.
    struct pong pong;
    uint32_t sent, newest; // Numbers: of our last state, and of theirs.
    unsigned late;
    bool is_bot, is_known; // The result, to both.
    unsigned ticks, ticks_max;
    struct termios before;
};

// ---- sixty times a second

static int next_move(struct game *g)
{
    char key = 0;

    if (g->is_bot) {
        return g->ticks % 5 == 0 ? pong_way(&g->pong) : 0; // A little slower than the ball.
    }
    if (read(STDIN_FILENO, &key, 1) == 1 && key == 'q') {
        yodel_channel_close(g->channel);
    }
    return key == 'w' ? -1 : key == 's' ? 1 : 0;
}

static void send_state(struct game *g)
{
    uint8_t message[NUMBER_SIZE + STATE_SIZE];

    // What waits is old already: where the way is jammed, this state does not join the queue.
    if (yodel_channel_buffered_amount(g->channel) > 0) {
        return;
    }
    g->sent++;
    for (int i = 0; i < NUMBER_SIZE; i++) {
        message[i] = (uint8_t)(g->sent >> (24 - 8 * i));
    }
    memcpy(message + NUMBER_SIZE, g->pong.ours, STATE_SIZE);
    (void)yodel_channel_send(g->channel, message, sizeof message); // Failed: as if it were lost.
}

static void on_tick(uv_timer_t *timer)
{
    struct game *g = timer->data;

    g->ticks++;
    pong_move_paddle(&g->pong, next_move(g));
    if (!g->pong.is_right && !g->pong.ours[IS_OVER]) {
        pong_move_ball(&g->pong);
        g->pong.ours[IS_OVER] |= g->is_bot && g->ticks >= g->ticks_max;
    }
    send_state(g);
    if (!g->is_bot) {
        pong_draw(&g->pong);
    }
}

// ---- what the other side tells

static void on_message(struct game *g, const uint8_t *message, size_t len)
{
    uint32_t number = 0;

    if (len != NUMBER_SIZE + STATE_SIZE) {
        return;
    }
    for (int i = 0; i < NUMBER_SIZE; i++) {
        number = number << 8 | message[i];
    }
    if (number <= g->newest) {
        g->late++; // Overtaken by a newer one.
        return;
    }
    g->newest = number;
    pong_hear(&g->pong, message + NUMBER_SIZE);
    if (g->pong.is_right) {
        g->pong.ours[IS_OVER] = g->pong.theirs[IS_OVER]; // Says that we have heard the result.
    } else if (g->pong.theirs[IS_OVER]) {
        yodel_channel_close(g->channel);
    }
    g->is_known = g->pong.theirs[IS_OVER];
}

static void begin(struct game *g, yodel_channel *channel)
{
    struct termios raw = g->before;

    g->channel = channel;
    g->timer.data = g;
    pong_serve(&g->pong, 0.5);
    uv_timer_init(&g->loop, &g->timer);
    uv_timer_start(&g->timer, on_tick, TICK_MS, TICK_MS);
    if (!g->is_bot) {
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 0; // Reading waits for nothing.
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        printf("\x1b[2J");
    }
}

static void on_event(void *ctx, yodel_peer *peer, const struct yodel_event *event)
{
    struct game *g = ctx;

    if (event->type == YODEL_EVENT_CHANNEL_OPEN && !g->channel) {
        begin(g, event->channel);
    } else if (event->type == YODEL_EVENT_CHANNEL_MESSAGE && event->channel == g->channel) {
        on_message(g, event->message.data, event->message.len);
    } else if (event->type == YODEL_EVENT_CHANNEL_CLOSE || paste_is_last(event) ||
               (g->channel && yodel_peer_connection_state(peer) == YODEL_CONNECTION_FAILED)) {
        if (g->channel) {
            uv_timer_stop(&g->timer); // The channel is no more.
        }
        uv_stop(&g->loop);
    }
}

static void finish(struct game *g)
{
    const uint8_t *truth = pong_truth(&g->pong);

    if (g->channel) {
        uv_close((uv_handle_t *)&g->timer, NULL);
    }
    if (!g->is_bot) {
        tcsetattr(STDIN_FILENO, TCSANOW, &g->before);
    }
    fprintf(stderr, "%u states sent, %u of theirs came late\n", g->sent, g->late);
    fprintf(stderr, "%s %d : %d\n", g->is_known ? "result" : "broken off", truth[LEFT_POINTS],
        truth[RIGHT_POINTS]);
}

int main(int argc, char **argv)
{
    static const struct yodel_channel_options newest_wins = {
        .unordered = true, .has_max_retransmits = true, .max_retransmits = 0};
    static struct game g;
    yodel_runtime *runtime;
    yodel_channel *channel;
    yodel_peer *peer;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--join") == 0) {
            g.pong.is_right = true;
        } else if (strcmp(argv[i], "--bot") == 0 && i + 1 < argc) {
            g.is_bot = true;
            g.ticks_max = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: game [--join] [--bot TICKS]\n");
            return 2;
        }
    }
    if (!g.is_bot && tcgetattr(STDIN_FILENO, &g.before) != 0) {
        perror("a terminal to play in");
        return 1;
    }
    uv_loop_init(&g.loop);
    must(
        yodel_runtime_new(&(struct yodel_runtime_config){.loop = &g.loop}, &runtime), "loop", NULL);
    must(yodel_peer_new(&(struct yodel_peer_config){0}, &peer), "peer", NULL);
    must(yodel_runtime_add(runtime, peer, on_event, &g), "peer", NULL);
    if (!g.pong.is_right) {
        must(yodel_peer_create_data_channel(peer, "pong", &newest_wins, &channel), "channel", peer);
    }
    paste_meet(&g.loop, peer, !g.pong.is_right);
    uv_run(&g.loop, UV_RUN_DEFAULT); // Until it is over.
    finish(&g);

    yodel_peer_close(peer);
    yodel_runtime_remove(runtime, peer); // Says goodbye first.
    yodel_peer_free(peer);
    yodel_runtime_free(runtime);
    uv_run(&g.loop, UV_RUN_DEFAULT); // Lets the handles close.
    uv_loop_close(&g.loop);
    return g.is_known ? 0 : 1;
}
