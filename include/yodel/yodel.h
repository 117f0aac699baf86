// Yodel: WebRTC outside the browser, in C. This header brings them all.

#ifndef YODEL_YODEL_H
#define YODEL_YODEL_H

#include "yodel/addr.h"
#include "yodel/codec.h"
#include "yodel/err.h"
#include "yodel/frame.h"
#include "yodel/media.h"
#include "yodel/peer.h"
#include "yodel/player.h"
#include "yodel/recorder.h"
#include "yodel/runtime.h"
#include "yodel/time.h"
#include "yodel/transceiver.h"

#endif
