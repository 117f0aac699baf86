// QR codes in a terminal: two modules in the height of a character.
//
// Limits      a link of at most 300 characters

#ifndef CLI_QR_H
#define CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

// Draws `text`, dark on light whatever the terminal's colours are. False where it is too long.
bool cli_qr_print(FILE *out, const char *text);

#endif
