// Columns: how wide text is on a terminal, and the part of it that fits.
//
// Not here    what is fit to be shown at all (transfer/name.h)
// Limits      widths are those of common terminals: 2 for East Asian characters and pictures, 0 for accents

#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <stddef.h>

// Of UTF-8 text.
int cli_columns_of(const char *text);

// Cuts UTF-8 text to at most `columns`, between characters; where something is cut, "…" ends it. Returns how wide it
// is now.
int cli_columns_cut(char *text, int columns);

#endif
