/* What one H100 should reach, in milliseconds, worked out from its multiply rate before anything ran: sums of
 * full-width scalars with XYZZ additions, and half as much again for sorting and tails; transforms at the
 * rate of their products; whole proofs with the key on the device. For curve bn128. */
#ifndef PM_BENCH_TARGETS_H
#define PM_BENCH_TARGETS_H

#include <stddef.h>
#include <string.h>

struct target {
    const char *question, *what, *kind; /* kind NULL: any */
    double least, most;                 /* sizes */
    double ms;
};

static const struct target targets[] = {
    {"msm", "G1, full-width scalars", NULL, 1 << 20, 1 << 20, 4.5},
    {"msm", "G1, full-width scalars", NULL, 1 << 22, 1 << 22, 15},
    {"msm", "G1, full-width scalars", NULL, 1 << 24, 1 << 24, 52},
    {"msm", "G1, full-width scalars", NULL, 1, 1 << 12, 0.4},
    {"msm", "G2, full-width scalars", NULL, 1 << 20, 1 << 20, 11},
    {"msm", "G2, full-width scalars", NULL, 1, 1 << 12, 1},
    {"ntt", "forward", NULL, 1 << 20, 1 << 20, 0.26},
    {"ntt", "forward", NULL, 1 << 22, 1 << 22, 1.15},
    {"ntt", "forward", NULL, 1 << 24, 1 << 24, 4.8},
    {"ntt", "inverse", NULL, 1 << 20, 1 << 20, 0.26},
    {"ntt", "inverse", NULL, 1 << 22, 1 << 22, 1.15},
    {"ntt", "inverse", NULL, 1 << 24, 1 << 24, 4.8},
    {"prove", "warm: proof", "mixed", 1 << 17, 1 << 17, 4},
    {"prove", "warm: proof", "mixed", 1 << 20, 1 << 20, 14},
    {"prove", "warm: proof", "wide", 1 << 20, 1 << 20, 30},
    {"prove", "warm: proof", "mixed", 1 << 22, 1 << 22, 50},
    {"prove", "warm: proof", "wide", 1 << 22, 1 << 22, 110},
};

static inline const struct target *target_find(const char *question, const char *what, const char *curve,
                                               const char *kind, double size)
{
    for (size_t i = 0; strcmp(curve, "bn128") == 0 && i < sizeof targets / sizeof *targets; i++) {
        const struct target *t = &targets[i];
        if (strcmp(t->question, question) == 0 && strcmp(t->what, what) == 0 && size >= t->least &&
            size <= t->most && (!t->kind || strcmp(t->kind, kind) == 0))
            return t;
    }
    return NULL;
}

#endif
