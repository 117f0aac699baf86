// Pong, without a network: what game.c plays.
//
// A side knows its own paddle; the left one also knows the ball and counts the points. What a side
// tells the other is its state, a few bytes, of which the left side's are the ones that count.

#ifndef EXAMPLES_PONG_H
#define EXAMPLES_PONG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 64
#define ROWS 20
#define PADDLE 4
#define POINTS 5

enum { PADDLE_ROW, BALL_COLUMN, BALL_ROW, LEFT_POINTS, RIGHT_POINTS, IS_OVER, STATE_SIZE };

struct pong {
    uint8_t ours[STATE_SIZE], theirs[STATE_SIZE];
    double x, y, dx, dy; // The ball, and its way in a tick, on the left side.
    bool is_right;
};

static inline uint8_t pong_clamp(int value, int max)
{
    return (uint8_t)(value < 0 ? 0 : value > max ? max : value);
}

static inline void pong_serve(struct pong *p, double dx)
{
    p->x = COLUMNS / 2.0;
    p->y = ROWS / 2.0;
    p->dx = dx;
    p->dy = p->dy > 0 ? -0.21 : 0.32;
}

// The ball is at a side's edge: there is a paddle, or a point for the other.
static inline void pong_bounce(struct pong *p, const uint8_t *defender, int attacker)
{
    int above = (int)p->y - defender[PADDLE_ROW];

    if (above >= 0 && above < PADDLE) {
        p->dx = -p->dx * 1.05;
    } else {
        p->ours[attacker]++;
        pong_serve(p, p->dx > 0 ? -0.5 : 0.5);
    }
}

static inline void pong_move_ball(struct pong *p)
{
    p->x += p->dx;
    p->y += p->dy;
    if (p->y < 0 || p->y >= ROWS) {
        p->dy = -p->dy;
        p->y += 2 * p->dy;
    }
    if (p->x < 1 && p->dx < 0) {
        pong_bounce(p, p->ours, RIGHT_POINTS);
    } else if (p->x >= COLUMNS - 1 && p->dx > 0) {
        pong_bounce(p, p->theirs, LEFT_POINTS);
    }
    p->ours[BALL_COLUMN] = pong_clamp((int)p->x, COLUMNS - 1);
    p->ours[BALL_ROW] = pong_clamp((int)p->y, ROWS - 1);
    p->ours[IS_OVER] = p->ours[LEFT_POINTS] == POINTS || p->ours[RIGHT_POINTS] == POINTS;
}

static inline void pong_move_paddle(struct pong *p, int rows)
{
    p->ours[PADDLE_ROW] = pong_clamp(p->ours[PADDLE_ROW] + rows, ROWS - PADDLE);
}

// Takes the other side's state, whatever its bytes are: they are made to fit the field.
static inline void pong_hear(struct pong *p, const uint8_t state[STATE_SIZE])
{
    memcpy(p->theirs, state, STATE_SIZE);
    p->theirs[PADDLE_ROW] = pong_clamp(state[PADDLE_ROW], ROWS - PADDLE);
    p->theirs[BALL_COLUMN] = pong_clamp(state[BALL_COLUMN], COLUMNS - 1);
    p->theirs[BALL_ROW] = pong_clamp(state[BALL_ROW], ROWS - 1);
}

// The left side's state, which is the truth about ball and points.
static inline const uint8_t *pong_truth(const struct pong *p)
{
    return p->is_right ? p->theirs : p->ours;
}

// Which way a bot goes: after the ball.
static inline int pong_way(const struct pong *p)
{
    int way = pong_truth(p)[BALL_ROW] - (p->ours[PADDLE_ROW] + PADDLE / 2);

    return way > 0 ? 1 : way < 0 ? -1 : 0;
}

static inline void pong_draw(const struct pong *p)
{
    const uint8_t *left = p->is_right ? p->theirs : p->ours;
    const uint8_t *right = p->is_right ? p->ours : p->theirs;

    printf("\x1b[H\x1b[2K%d : %d\n", left[LEFT_POINTS], left[RIGHT_POINTS]);
    for (int row = 0; row < ROWS; row++) {
        char line[COLUMNS + 1];
        memset(line, ' ', COLUMNS);
        line[COLUMNS] = '\0';
        line[0] = row >= left[PADDLE_ROW] && row < left[PADDLE_ROW] + PADDLE ? '#' : '|';
        line[COLUMNS - 1] =
            row >= right[PADDLE_ROW] && row < right[PADDLE_ROW] + PADDLE ? '#' : '|';
        if (row == left[BALL_ROW]) {
            line[left[BALL_COLUMN]] = 'O';
        }
        printf("%s\n", line);
    }
    fflush(stdout);
}

#endif
