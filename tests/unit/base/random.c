/* That every byte of a buffer is drawn, and drawn afresh; not a test of the system's randomness. */
#include "base/random.h"
#include "test.h"

PM_TEST(every_byte_is_drawn_and_none_beyond)
{
    enum { max = 300 };
    struct pm_error err = {0};
    for (size_t len = 0; len <= max; len += len < 40 ? 1 : 13) {
        uint8_t seen[max + 1] = {0}, a[max + 1];
        for (int round = 0; round < 24; round++) { /* a byte stays zero by chance with probability 2^-192 */
            memset(a, 0, sizeof a);
            CHECK_OK(pm_random_bytes(a, len, &err), err);
            for (size_t i = 0; i <= max; i++) seen[i] |= a[i];
        }
        for (size_t i = 0; i <= max; i++) CHECK_U64(seen[i] != 0, i < len);
    }
}

PM_TEST(two_draws_differ)
{
    uint8_t a[32], b[32];
    struct pm_error err = {0};
    CHECK_OK(pm_random_bytes(a, sizeof a, &err), err);
    CHECK_OK(pm_random_bytes(b, sizeof b, &err), err);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

/* One getrandom(2) gives 32 MiB - 1 at most. */
PM_TEST(more_than_one_call_gives)
{
    size_t len = ((size_t)32 << 20) + 1000;
    uint8_t *p = calloc(1, len);
    struct pm_error err = {0};
    CHECK(p != NULL);
    if (!p) return;
    CHECK_OK(pm_random_bytes(p, len, &err), err);
    unsigned tail = 0;
    for (size_t i = len - 100; i < len; i++) tail |= p[i];
    CHECK(tail != 0);
    free(p);
}
