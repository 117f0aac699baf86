// Fuzzers: FUZZ(input) opens the function that libFuzzer calls with each input.
//
//   FUZZ(input)
//   {
//       struct reader r = reader_of(input);
//       …
//   }

#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ(input)                                                                                \
    static void fuzz_one(struct bytes input);                                                      \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        fuzz_one(bytes_of(data, size));                                                            \
        return 0;                                                                                  \
    }                                                                                              \
    static void fuzz_one(struct bytes input)

// A claim that holds for every input.
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

#endif
