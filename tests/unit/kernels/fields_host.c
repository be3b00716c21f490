/* The host's side of fields.c: one operation on elements as they lie in memory. */
#include "fields_host.h"

#include "kernels/ops.h"
#include "math/bls12_381_inst.h"

#define HOST(field)                                                                                          \
    void host_##field##_p(void *out) { *(field *)out = field##_p; }                                          \
    void host_##field(int op, void *out, const void *const in[4])                                            \
    {                                                                                                        \
        field v[4], r, t;                                                                                    \
        for (int i = 0; i < 4; i++) {                                                                        \
            memcpy(&v[i], in[i], sizeof v[i]);                                                               \
            if (op != K_VEC_TO_MONT && !field##_is_canonical(&v[i]))                                         \
                field##_raw_sub(&v[i], &v[i], &field##_p);                                                   \
        }                                                                                                    \
        field##_mul(&r, &v[0], &v[1]);                                                                       \
        field##_mul(&t, &v[2], &v[3]);                                                                       \
        switch ((enum k_vec_op)op) {                                                                         \
        case K_VEC_ADD:                                                                                      \
            field##_add(&r, &v[0], &v[1]);                                                                   \
            break;                                                                                           \
        case K_VEC_SUB:                                                                                      \
            field##_sub(&r, &v[0], &v[1]);                                                                   \
            break;                                                                                           \
        case K_VEC_SQR:                                                                                      \
            field##_mul(&r, &v[0], &v[0]);                                                                   \
            break;                                                                                           \
        case K_VEC_MUL_ADD:                                                                                  \
            field##_add(&r, &r, &t);                                                                         \
            break;                                                                                           \
        case K_VEC_MUL_SUB:                                                                                  \
            field##_sub(&r, &r, &t);                                                                         \
            break;                                                                                           \
        case K_VEC_MUL:                                                                                      \
            break;                                                                                           \
        case K_VEC_TO_MONT:                                                                                  \
            field##_to_mont(&r, &v[0]);                                                                      \
            break;                                                                                           \
        case K_VEC_FROM_MONT:                                                                                \
            field##_from_mont(&r, &v[0]);                                                                    \
            break;                                                                                           \
        }                                                                                                    \
        memcpy(out, &r, sizeof r);                                                                           \
    }
HOST(bls12_381_fr)
HOST(bls12_381_fp)
