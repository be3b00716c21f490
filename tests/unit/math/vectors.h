/* The published vectors of the curve under test, and what reads their numbers. */
#ifndef PM_TEST_MATH_READ_VECTORS_H
#define PM_TEST_MATH_READ_VECTORS_H

#include "random.h"

#if TEST_CURVE == 254
#include "vectors_bn254.h"
#else
#include "vectors_bls12_381.h"
#endif

/* Big-endian hex to Montgomery form. */
__attribute__((unused)) static C(fp) fp_of(const char *hex)
{
    uint8_t big[C(fp_bytes)], little[C(fp_bytes)];
    C(fp) out;
    CHECK(strlen(hex) == 2 * sizeof big && pm_hex_decode(big, sizeof big, hex));
    for (size_t i = 0; i < sizeof big; i++) little[i] = big[sizeof big - 1 - i];
    C(fp_load)(&out, little);
    CHECK(C(fp_is_canonical)(&out));
    C(fp_to_mont)(&out, &out);
    return out;
}
__attribute__((unused)) static C(g1_affine) g1_of(const char *const word[2])
{
    C(g1_affine) out = {fp_of(word[0]), fp_of(word[1])};
    CHECK(C(g1_affine_on_curve)(&out));
    return out;
}
__attribute__((unused)) static C(g2_affine) g2_of(const char *const word[4])
{
    C(g2_affine) out = {{fp_of(word[1]), fp_of(word[0])}, {fp_of(word[3]), fp_of(word[2])}};
    CHECK(C(g2_affine_on_curve)(&out));
    return out;
}

#endif
