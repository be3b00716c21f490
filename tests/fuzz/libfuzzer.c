/* One target of fuzz_targets as a libFuzzer program: FUZZ_TARGET names it. */
#include "fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
        if (strcmp(t->name, FUZZ_TARGET) == 0) (void)t->run(data, len);
    return 0;
}
