// A file of pictures to RTP over loopback, and back: what other implementations are tried with.
//
//   rtp_file send CODEC PORT FILE       cut into packets
//   rtp_file receive CODEC PORT FILE    put together again, until nothing came for two seconds
//
// CODEC is vp8 or vp9, then FILE is IVF, or h264 (packetization mode 1) or h264-single (mode 0), then it
// is a byte stream whose access units begin with delimiters.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rtp/frames.h"
#include "rtp/payload/h264.h"
#include "rtp/payload/vp8.h"
#include "rtp/payload/vp9.h"

#define PAYLOAD_TYPE 96
#define SSRC 7
#define SEQ_FIRST 65500 // Soon around the corner, as is the timestamp.
#define TIMESTAMP_FIRST 0xffff0000u
#define TICKS 3000 // 30 frames a second.
#define PACKET_MAX 1200
#define PACKET_MAX_SINGLE 1472 // What the encoder was told not to exceed with a slice.
#define FILE_MAX (16 << 20)
#define IVF_HEADER 32
#define IVF_FRAME_HEADER 12
#define H264_DELIMITER 9
#define PLACES 1024
#define SILENCE_S 2

static enum rtp_codec codec;
static bool is_single;
static int udp;
static uint8_t content[FILE_MAX];

static uint32_t load_le32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void pause_for(long milliseconds)
{
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

// ---- sending

static uint16_t seq = SEQ_FIRST;
static uint32_t timestamp = TIMESTAMP_FIRST;
static uint32_t pictures;

static union {
    struct rtp_vp8_packetizer vp8;
    struct rtp_vp9_packetizer vp9;
    struct rtp_h264_packetizer h264;
} packetizer;

static void start(struct bytes frame)
{
    uint16_t picture = (uint16_t)(pictures & RTP_PAYLOAD_PICTURE_MASK);

    if (codec == RTP_CODEC_VP8) {
        rtp_vp8_start(&packetizer.vp8, frame,
            &(struct rtp_vp8_descriptor){
                .has_picture_id = true, .is_long_picture_id = true, .picture_id = picture});
    } else if (codec == RTP_CODEC_VP9) {
        bool is_inter = (frame.ptr[0] & 4) != 0; // Of profile 0, VP9's frame_type.
        rtp_vp9_start(&packetizer.vp9, frame,
            &(struct rtp_vp9_descriptor){.has_picture_id = true,
                .is_long_picture_id = true,
                .picture_id = picture,
                .is_inter = is_inter});
    } else {
        rtp_h264_start(&packetizer.h264, frame, is_single);
    }
}

static bool emit(struct writer *w, bool *is_last)
{
    if (codec == RTP_CODEC_VP8) {
        return rtp_vp8_emit(&packetizer.vp8, w, is_last);
    }
    if (codec == RTP_CODEC_VP9) {
        return rtp_vp9_emit(&packetizer.vp9, w, is_last);
    }
    return rtp_h264_emit(&packetizer.h264, w, is_last);
}

static void send_frame(struct bytes frame)
{
    bool is_last = false;

    start(frame);
    while (!is_last) {
        uint8_t packet[PACKET_MAX_SINGLE];
        struct writer w = writer_of(span_of(packet, is_single ? PACKET_MAX_SINGLE : PACKET_MAX));
        rtp_packet_put_header(&w,
            &(struct rtp_packet){
                .payload_type = PAYLOAD_TYPE, .seq = seq++, .timestamp = timestamp, .ssrc = SSRC});
        if (!emit(&w, &is_last) || w.failed) {
            fprintf(stderr, "rtp_file: a frame cannot be cut\n");
            exit(1);
        }
        if (is_last) {
            rtp_packet_store_marker(span_of(packet, w.len));
        }
        if (send(udp, packet, w.len, 0) < 0) {
            perror("rtp_file: send");
        }
    }
    timestamp += TICKS;
    pictures++;
    pause_for(10);
}

static void send_ivf(struct bytes file)
{
    struct reader r = reader_of(bytes_sub(file, IVF_HEADER, SIZE_MAX));

    while (r.left > IVF_FRAME_HEADER) {
        uint32_t len = load_le32(read_bytes(&r, IVF_FRAME_HEADER).ptr);
        send_frame(read_bytes(&r, len));
    }
}

// An access unit is what lies between two delimiters' start codes.
static void send_stream(struct bytes file)
{
    struct bytes left = file, nal;
    const uint8_t *unit = NULL;

    do {
        nal = rtp_h264_next_nal(&left);
        const uint8_t *at = nal.len > 0 ? nal.ptr - 3 : file.ptr + file.len;
        if (nal.len > 0 && (nal.ptr[0] & 0x1f) != H264_DELIMITER) {
            continue;
        }
        if (unit) {
            send_frame(bytes_of(unit, (size_t)(at - unit)));
        }
        unit = at;
    } while (nal.len > 0);
}

static void send_file(const char *name)
{
    FILE *file = fopen(name, "rb");

    if (!file) {
        perror(name);
        exit(1);
    }
    struct bytes all = bytes_of(content, fread(content, 1, sizeof content, file));
    fclose(file);
    if (codec == RTP_CODEC_H264) {
        send_stream(all);
    } else {
        send_ivf(all);
    }
}

// ---- receiving

static void put_le(FILE *file, uint64_t value, int count)
{
    for (int i = 0; i < count; i++) {
        fputc((int)(value >> 8 * i & 0xff), file);
    }
}

static void put_ivf_header(FILE *file)
{
    fwrite("DKIF\0\0\x20\0", 1, 8, file);
    fwrite(codec == RTP_CODEC_VP8 ? "VP80" : "VP90", 1, 4, file);
    put_le(file, 640, 2);
    put_le(file, 360, 2);
    put_le(file, 90000, 4);
    put_le(file, 1, 4);
    put_le(file, 0, 8);
}

static void put_frame(FILE *file, const struct rtp_frame *frame)
{
    if (codec != RTP_CODEC_H264) {
        put_le(file, frame->data.len, 4);
        put_le(file, frame->timestamp, 8);
    }
    fwrite(frame->data.ptr, 1, frame->data.len, file);
    pictures++;
}

static void receive_packet(
    struct bytes datagram, struct rtp_source *source, struct rtp_frames *frames, FILE *file)
{
    static yodel_time now; // Any that rises will do.
    struct rtp_packet packet;
    struct rtp_place place;
    struct rtp_frame frame;

    now += YODEL_MS(1);
    if (rtp_packet_kind(datagram) != RTP_KIND_RTP ||
        rtp_packet_parse(&packet, datagram) != YODEL_OK ||
        !rtp_source_recv(source, &packet, &place, now)) {
        return;
    }
    rtp_frames_recv(
        frames, &(struct rtp_frames_packet){place, codec, packet.marker, packet.payload}, now);
    while (rtp_frames_next(frames, span_of(content, sizeof content), &frame, now)) {
        put_frame(file, &frame);
    }
}

static void receive_file(const char *name)
{
    struct timeval silence = {SILENCE_S, 0};
    struct rtp_frames frames;
    struct rtp_source source;
    uint8_t datagram[2048];
    FILE *file = fopen(name, "wb");
    ssize_t len;

    if (!file || rtp_frames_init(&frames, alloc_system(), PLACES) != YODEL_OK) {
        perror(name);
        exit(1);
    }
    if (codec != RTP_CODEC_H264) {
        put_ivf_header(file);
    }
    rtp_source_init(&source, 0, 90000);
    len = recv(udp, datagram, sizeof datagram, 0); // However long the first takes.
    setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    for (; len >= 0; len = recv(udp, datagram, sizeof datagram, 0)) {
        receive_packet(bytes_of(datagram, (size_t)len), &source, &frames, file);
    }
    rtp_frames_deinit(&frames);
    fclose(file);
}

static bool read_codec(const char *name)
{
    codec = strcmp(name, "vp8") == 0   ? RTP_CODEC_VP8
            : strcmp(name, "vp9") == 0 ? RTP_CODEC_VP9
                                       : RTP_CODEC_H264;
    is_single = strcmp(name, "h264-single") == 0;
    return codec != RTP_CODEC_H264 || is_single || strcmp(name, "h264") == 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};

    if (argc != 5 || !read_codec(argv[2])) {
        fprintf(stderr, "rtp_file: send|receive vp8|vp9|h264|h264-single PORT FILE\n");
        return 2;
    }
    addr.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    const struct sockaddr *at = (const struct sockaddr *)&addr;
    bool is_sender = strcmp(argv[1], "send") == 0;
    if ((is_sender ? connect(udp, at, sizeof addr) : bind(udp, at, sizeof addr)) < 0) {
        perror("rtp_file");
        return 1;
    }
    (is_sender ? send_file : receive_file)(argv[4]);
    printf("%u frames\n", pictures);
    close(udp);
    return 0;
}
