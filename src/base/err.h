// Errors, as the public header names them, for the inside of the house.

#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/port.h"
#include "yodel/err.h"

#endif
