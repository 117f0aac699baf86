// The test pattern: a picture that moves and carries its number, so that who sees it, even after coding,
// scaling and losses, knows which one it is.
//
//   +--+--+--+--+-- 16 blocks --+--+--+
//   |# |  |# |# |                     |   32 bits in two rows, black or white: 24 of the number
//   |  |# |  |  |                     |   and 8 to check them by; a quarter of the height
//   +--+--+--+--+---------------+--+--+
//   |   colours and stripes that move |
//   |       a square that bounces     |
//   +---------------------------------+
//
// Ownership   borrows the picture
// Limits      pictures of MEDIA_PATTERN_WIDTH_MIN by MEDIA_PATTERN_HEIGHT_MIN and more; numbers wrap at 2^24

#ifndef MEDIA_PATTERN_H
#define MEDIA_PATTERN_H

#include "media/picture.h"

#define MEDIA_PATTERN_WIDTH_MIN 64
#define MEDIA_PATTERN_HEIGHT_MIN 48
#define MEDIA_PATTERN_NUMBER_MASK 0xffffffu

void media_pattern_draw(struct media_picture *picture, uint32_t number);

// False: the picture shows no number that could be read for sure.
bool media_pattern_read(const struct yodel_picture *picture, uint32_t *number);

#endif
