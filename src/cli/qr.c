// QR codes in a terminal, made by libqrencode.

#include "cli/qr.h"

#include <qrencode.h>
#include <string.h>

#define TEXT_MAX 300
#define BORDER 2 // The standard asks for 4; readers of screens are content with 2.

static bool is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
        return false;
    }
    return code->data[y * code->width + x] & 1;
}

bool cli_qr_print(FILE *out, const char *text)
{
    if (strlen(text) > TEXT_MAX) {
        return false;
    }
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (!code) {
        return false;
    }
    for (int y = -BORDER; y < code->width + BORDER; y += 2) {
        // White as the background, black in front: light modules are the ground.
        fputs("  \x1b[30;107m", out);
        for (int x = -BORDER; x < code->width + BORDER; x++) {
            bool above = is_dark(code, x, y), below = is_dark(code, x, y + 1);
            fputs(above ? (below ? "█" : "▀") : (below ? "▄" : " "), out);
        }
        fputs("\x1b[0m\n", out);
    }
    QRcode_free(code);
    return true;
}
