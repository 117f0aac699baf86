// The pictures that another implementation sends, and what came of ours where it decoded them.
//
//   media_file draw FILE FIRST COUNT       numbered pictures, as YUV4MPEG2
//   media_file read PICTURES SOUND HZ      I420 one after the other, and samples of 16 bits at 48 kHz, of one channel

#include "media.h"

#include <stdlib.h>
#include <string.h>

#define LUMA (MEDIA_WIDTH * MEDIA_HEIGHT)
#define PICTURES_A_SECOND 15

static FILE *must_open(const char *name, const char *mode)
{
    FILE *file = fopen(name, mode);

    if (!file) {
        perror(name);
        exit(1);
    }
    return file;
}

static void write_plane(FILE *file, const struct yodel_picture *picture, int plane)
{
    for (uint32_t y = 0; y < media_plane_height(picture, plane); y++) {
        fwrite(picture->planes[plane] + y * picture->strides[plane], 1,
            media_plane_width(picture, plane), file);
    }
}

static int draw(const char *name, uint32_t first, uint32_t count)
{
    FILE *file = must_open(name, "wb");
    struct media_picture picture;

    media_picture_init(&picture, alloc_system());
    if (media_picture_resize(&picture, MEDIA_WIDTH, MEDIA_HEIGHT) != YODEL_OK) {
        return 1;
    }
    fprintf(file, "YUV4MPEG2 W%d H%d F%d:1 Ip C420jpeg\n", MEDIA_WIDTH, MEDIA_HEIGHT,
        PICTURES_A_SECOND);
    for (uint32_t i = 0; i < count; i++) {
        media_pattern_draw(&picture, first + i);
        fputs("FRAME\n", file);
        for (int plane = 0; plane < 3; plane++) {
            write_plane(file, &picture.view, plane);
        }
    }
    media_picture_deinit(&picture);
    return fclose(file) == 0 ? 0 : 1;
}

static void read_pictures(struct media_seen *seen, const char *name)
{
    static uint8_t bytes[LUMA * 3 / 2];
    const struct yodel_picture picture = {.width = MEDIA_WIDTH,
        .height = MEDIA_HEIGHT,
        .planes = {bytes, bytes + LUMA, bytes + LUMA * 5 / 4},
        .strides = {MEDIA_WIDTH, MEDIA_WIDTH / 2, MEDIA_WIDTH / 2}};
    FILE *file = must_open(name, "rb");

    while (fread(bytes, sizeof bytes, 1, file) == 1) {
        media_see(seen, &picture);
    }
    fclose(file);
}

static void read_sound(struct media_seen *seen, const char *name)
{
    static int16_t samples[MEDIA_PIECE];
    const struct yodel_sound sound = {MEDIA_RATE, 1, MEDIA_PIECE, samples};
    FILE *file = must_open(name, "rb");

    while (fread(samples, sizeof samples, 1, file) == 1) {
        media_hear(seen, &sound);
    }
    fclose(file);
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "draw") == 0) {
        return draw(argv[2], number_of(argv[3]), number_of(argv[4]));
    }
    if (argc == 5 && strcmp(argv[1], "read") == 0) {
        struct media_seen seen = {.hz = number_of(argv[4])};
        read_pictures(&seen, argv[2]);
        read_sound(&seen, argv[3]);
        media_print(&seen);
        return 0;
    }
    fprintf(stderr, "media_file: draw FILE FIRST COUNT, or read PICTURES SOUND HZ\n");
    return 2;
}
