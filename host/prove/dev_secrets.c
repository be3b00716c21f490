/* Known secrets, from a fixed text. See dev_secrets.h. */
#include "prove/dev_secrets.h"
#include "base/keccak.h"

#include <stdio.h>
#include <string.h>

static void derive(uint8_t out[32], const struct pm_curve *curve, const char *name)
{
    uint8_t wide[64];
    for (int half = 0; half < 2; half++) {
        char text[128];
        int len = snprintf(text, sizeof text, "proofmill development powers of tau, %s, %s, %d", curve->name,
                           name, half);
        pm_keccak256(wide + 32 * half, text, (size_t)len);
    }
    curve->fr_reduce_wide(out, wide);
}

void pm_dev_secrets(struct pm_ptau_secrets *out, const struct pm_curve *curve)
{
    derive(out->tau, curve, "tau");
    derive(out->alpha, curve, "alpha");
    derive(out->beta, curve, "beta");
}

bool pm_dev_secrets_made(const struct pm_curve *curve, const uint8_t *alpha1, const uint8_t *beta2)
{
    struct pm_ptau_secrets s;
    struct pm_point1 p;
    struct pm_point2 q;
    uint8_t affine[PM_G2_MAX_BYTES];
    pm_dev_secrets(&s, curve);
    curve->g1_from_affine(&p, curve->g1_generator);
    curve->g1_mul(&p, &p, s.alpha);
    curve->g1_to_affine(affine, &p);
    if (memcmp(affine, alpha1, curve->g1_bytes) == 0) return true;
    curve->g2_from_affine(&q, curve->g2_generator);
    curve->g2_mul(&q, &q, s.beta);
    curve->g2_to_affine(affine, &q);
    return memcmp(affine, beta2, curve->g2_bytes) == 0;
}
