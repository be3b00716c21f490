/* Points of y^2 = x^3 + b over any field of the templates, on a curve without points of order two.
 * Work is done in XYZZ coordinates: x = X / ZZ, y = Y / ZZZ, ZZ^3 = ZZZ^2; infinity is ZZ = ZZZ = 0. Formulas
 * are named as in the Explicit-Formulas Database, hyperelliptic.org/EFD/g1p/auto-shortw-xyzz.html. All of
 * add, add_affine and dbl are complete: they branch to the special cases. The secret multiplication uses
 * homogeneous coordinates and the complete formulas of Renes, Costello and Batina (ePrint 2015/1060,
 * algorithms 7 and 9), which have no special cases at all. Not here: sums of many points (msm_tmpl.h) and
 * batches (ec_batch_tmpl.h).
 *
 * Parameters
 *   EC         prefix of all names and name of the point's type, e.g. bn254_g1; EC_affine is the affine type
 *   EC_FIELD   prefix of the field
 *   EC_B       initializer: b, Montgomery
 *   EC_B3      initializer: 3 b, Montgomery
 *
 * Affine points: infinity is (0, 0), which is not on a curve with b != 0. out may alias any input. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(EC, _##op)
#define F(op)  PM_CAT(EC_FIELD, _##op)
#define FE     EC_FIELD

enum { FN(bytes) = 2 * F(bytes) };

typedef struct {
    FE x, y, zz, zzz;
} EC;
typedef struct {
    FE x, y;
} FN(affine);

static const FE FN(b) = EC_B, FN(b3) = EC_B3;

static inline void FN(set_infinity)(EC *out)
{
    F(set_one)(&out->x);
    F(set_one)(&out->y);
    F(set_zero)(&out->zz);
    F(set_zero)(&out->zzz);
}
static inline bool FN(is_infinity)(const EC *a) { return F(is_zero)(&a->zz); }
static inline bool FN(affine_is_infinity)(const FN(affine) * a)
{
    return F(is_zero)(&a->x) && F(is_zero)(&a->y);
}

static inline void FN(affine_load)(FN(affine) * out, const uint8_t *bytes)
{
    F(load)(&out->x, bytes);
    F(load)(&out->y, bytes + F(bytes));
}
static inline void FN(affine_store)(uint8_t *bytes, const FN(affine) * a)
{
    F(store)(bytes, &a->x);
    F(store)(bytes + F(bytes), &a->y);
}

/* Canonical coordinates, and on the curve or infinity. Says nothing about the subgroup. */
PM_LOCAL bool FN(affine_on_curve)(const FN(affine) * a)
{
    FE left, right;
    if (!F(is_canonical)(&a->x) || !F(is_canonical)(&a->y)) return false;
    if (FN(affine_is_infinity)(a)) return true;
    F(sqr)(&left, &a->y);
    F(sqr)(&right, &a->x);
    F(mul)(&right, &right, &a->x);
    F(add)(&right, &right, &FN(b));
    return F(equal)(&left, &right);
}

static inline void FN(affine_neg)(FN(affine) * out, const FN(affine) * a)
{
    out->x = a->x;
    F(neg)(&out->y, &a->y);
}

PM_LOCAL void FN(from_affine)(EC *out, const FN(affine) * a)
{
    if (FN(affine_is_infinity)(a)) {
        FN(set_infinity)(out);
        return;
    }
    out->x = a->x;
    out->y = a->y;
    F(set_one)(&out->zz);
    F(set_one)(&out->zzz);
}

/* x = X / ZZ, y = Y / ZZZ by one inversion of ZZ ZZZ, which may hold secrets: not _var. */
PM_LOCAL void FN(to_affine)(FN(affine) * out, const EC *a)
{
    FE inverse, t;
    F(mul)(&t, &a->zz, &a->zzz);
    F(inv)(&inverse, &t);
    F(mul)(&t, &inverse, &a->zzz);
    F(mul)(&out->x, &a->x, &t);
    F(mul)(&t, &inverse, &a->zz);
    F(mul)(&out->y, &a->y, &t);
}

PM_LOCAL bool FN(equal)(const EC *a, const EC *b)
{
    FE s, t, u, v;
    if (FN(is_infinity)(a) || FN(is_infinity)(b)) return FN(is_infinity)(a) && FN(is_infinity)(b);
    F(mul)(&s, &a->x, &b->zz);
    F(mul)(&t, &b->x, &a->zz);
    F(mul)(&u, &a->y, &b->zzz);
    F(mul)(&v, &b->y, &a->zzz);
    return F(equal)(&s, &t) && F(equal)(&u, &v);
}

static inline void FN(neg)(EC *out, const EC *a)
{
    *out = *a;
    F(neg)(&out->y, &a->y);
}

/* dbl-2008-s-1: U = 2 Y, V = U^2, W = U V, S = X V, M = 3 X^2, X3 = M^2 - 2 S, Y3 = M (S - X3) - W Y, ZZ3 = V
 * ZZ, ZZZ3 = W ZZZ. Infinity gives infinity without a branch. */
PM_LOCAL void FN(dbl)(EC *out, const EC *a)
{
    FE u, v, w, s, m, t;
    F(dbl)(&u, &a->y);
    F(sqr)(&v, &u);
    F(mul)(&w, &u, &v);
    F(mul)(&s, &a->x, &v);
    F(sqr)(&m, &a->x);
    F(dbl)(&t, &m);
    F(add)(&m, &m, &t);
    F(mul)(&t, &w, &a->y);
    F(sqr)(&out->x, &m);
    F(sub)(&out->x, &out->x, &s);
    F(sub)(&out->x, &out->x, &s);
    F(sub)(&s, &s, &out->x);
    F(mul)(&m, &m, &s);
    F(sub)(&out->y, &m, &t);
    F(mul)(&out->zz, &v, &a->zz);
    F(mul)(&out->zzz, &w, &a->zzz);
}

/* The common end of add-2008-s and madd-2008-s. From U1 = x of a, S1 = y of a, P = U2 - U1 and R = S2 - S1:
 * PP = P^2, PPP = P PP, Q = U1 PP, X3 = R^2 - PPP - 2 Q, Y3 = R (Q - X3) - S1 PPP; out->zz and out->zzz,
 * which hold the product of the inputs', are multiplied by PP and PPP. */
static inline void FN(add_finish)(EC *out, const FE *u1, const FE *s1, const FE *p, const FE *r)
{
    FE pp, ppp, q, t;
    F(sqr)(&pp, p);
    F(mul)(&ppp, p, &pp);
    F(mul)(&q, u1, &pp);
    F(mul)(&t, s1, &ppp);
    F(sqr)(&out->x, r);
    F(sub)(&out->x, &out->x, &ppp);
    F(sub)(&out->x, &out->x, &q);
    F(sub)(&out->x, &out->x, &q);
    F(sub)(&q, &q, &out->x);
    F(mul)(&q, &q, r);
    F(sub)(&out->y, &q, &t);
    F(mul)(&out->zz, &out->zz, &pp);
    F(mul)(&out->zzz, &out->zzz, &ppp);
}

/* add-2008-s: U1 = X1 ZZ2, U2 = X2 ZZ1, S1 = Y1 ZZZ2, S2 = Y2 ZZZ1 */
PM_LOCAL void FN(add)(EC *out, const EC *a, const EC *b)
{
    FE u1, s1, p, r;
    if (FN(is_infinity)(a) || FN(is_infinity)(b)) {
        *out = FN(is_infinity)(a) ? *b : *a;
        return;
    }
    F(mul)(&u1, &a->x, &b->zz);
    F(mul)(&p, &b->x, &a->zz);
    F(sub)(&p, &p, &u1);
    F(mul)(&s1, &a->y, &b->zzz);
    F(mul)(&r, &b->y, &a->zzz);
    F(sub)(&r, &r, &s1);
    if (F(is_zero)(&p)) {
        if (F(is_zero)(&r))
            FN(dbl)(out, a);
        else
            FN(set_infinity)(out);
        return;
    }
    F(mul)(&out->zz, &a->zz, &b->zz);
    F(mul)(&out->zzz, &a->zzz, &b->zzz);
    FN(add_finish)(out, &u1, &s1, &p, &r);
}

/* madd-2008-s: U2 = X2 ZZ1, S2 = Y2 ZZZ1 */
PM_LOCAL void FN(add_affine)(EC *out, const EC *a, const FN(affine) * b)
{
    FE u1, s1, p, r;
    if (FN(affine_is_infinity)(b)) {
        *out = *a;
        return;
    }
    if (FN(is_infinity)(a)) {
        FN(from_affine)(out, b);
        return;
    }
    u1 = a->x;
    s1 = a->y;
    F(mul)(&p, &b->x, &a->zz);
    F(sub)(&p, &p, &u1);
    F(mul)(&r, &b->y, &a->zzz);
    F(sub)(&r, &r, &s1);
    if (F(is_zero)(&p)) {
        if (F(is_zero)(&r))
            FN(dbl)(out, a);
        else
            FN(set_infinity)(out);
        return;
    }
    out->zz = a->zz;
    out->zzz = a->zzz;
    FN(add_finish)(out, &u1, &s1, &p, &r);
}

/* out = k a for a public k of n limbs */
PM_LOCAL void FN(mul_var)(EC *out, const EC *a, const uint64_t *k, size_t n)
{
    EC acc, base = *a;
    FN(set_infinity)(&acc);
    for (size_t i = 64 * n; i-- > 0;) {
        FN(dbl)(&acc, &acc);
        if (k[i / 64] >> i % 64 & 1) FN(add)(&acc, &acc, &base);
    }
    *out = acc;
}

/* Homogeneous coordinates, x = X / Z, y = Y / Z, infinity (0 : 1 : 0); for secret scalars. */
struct FN(homogeneous) {
    FE x, y, z;
};

/* Renes, Costello, Batina, algorithm 7: complete addition for a = 0. */
PM_LOCAL void FN(add_complete)(struct FN(homogeneous) * out, const struct FN(homogeneous) * p,
                               const struct FN(homogeneous) * q)
{
    FE xx, yy, zz, xy, yz, xz, t;
    F(mul)(&xx, &p->x, &q->x);
    F(mul)(&yy, &p->y, &q->y);
    F(mul)(&zz, &p->z, &q->z);
    F(add)(&xy, &p->x, &p->y); /* xy = X1 Y2 + X2 Y1, and so on */
    F(add)(&t, &q->x, &q->y);
    F(mul)(&xy, &xy, &t);
    F(sub)(&xy, &xy, &xx);
    F(sub)(&xy, &xy, &yy);
    F(add)(&yz, &p->y, &p->z);
    F(add)(&t, &q->y, &q->z);
    F(mul)(&yz, &yz, &t);
    F(sub)(&yz, &yz, &yy);
    F(sub)(&yz, &yz, &zz);
    F(add)(&xz, &p->x, &p->z);
    F(add)(&t, &q->x, &q->z);
    F(mul)(&xz, &xz, &t);
    F(sub)(&xz, &xz, &xx);
    F(sub)(&xz, &xz, &zz);
    F(dbl)(&t, &xx);
    F(add)(&xx, &xx, &t); /* 3 X1 X2 */
    F(mul)(&zz, &zz, &FN(b3));
    F(mul)(&xz, &xz, &FN(b3));
    FE sum, difference; /* Y1 Y2 +- 3 b Z1 Z2 */
    F(add)(&sum, &yy, &zz);
    F(sub)(&difference, &yy, &zz);
    F(mul)(&out->x, &xy, &difference);
    F(mul)(&t, &yz, &xz);
    F(sub)(&out->x, &out->x, &t);
    F(mul)(&out->y, &sum, &difference);
    F(mul)(&t, &xx, &xz);
    F(add)(&out->y, &out->y, &t);
    F(mul)(&out->z, &yz, &sum);
    F(mul)(&t, &xx, &xy);
    F(add)(&out->z, &out->z, &t);
}

/* Renes, Costello, Batina, algorithm 9: complete doubling for a = 0. */
PM_LOCAL void FN(dbl_complete)(struct FN(homogeneous) * out, const struct FN(homogeneous) * p)
{
    FE yy, yy8, yz, bzz, t, xy;
    F(sqr)(&yy, &p->y);
    F(dbl)(&yy8, &yy);
    F(dbl)(&yy8, &yy8);
    F(dbl)(&yy8, &yy8);
    F(mul)(&yz, &p->y, &p->z);
    F(mul)(&xy, &p->x, &p->y);
    F(sqr)(&bzz, &p->z);
    F(mul)(&bzz, &bzz, &FN(b3)); /* 3 b Z^2 */
    F(mul)(&out->z, &yz, &yy8);
    F(mul)(&yy8, &yy8, &bzz);
    F(add)(&t, &yy, &bzz);
    F(dbl)(&out->x, &bzz);
    F(add)(&bzz, &bzz, &out->x);
    F(sub)(&yy, &yy, &bzz); /* Y^2 - 9 b Z^2 */
    F(mul)(&t, &t, &yy);
    F(add)(&out->y, &t, &yy8);
    F(mul)(&out->x, &yy, &xy);
    F(dbl)(&out->x, &out->x);
}

/* out = k a for a secret k of n limbs: four bits at a time, every entry of the table read each time. Branches
 * on whether a is infinity, which the scalar does not change. */
PM_LOCAL void FN(mul)(EC *out, const EC *a, const uint64_t *k, size_t n)
{
    struct FN(homogeneous) table[16], acc, pick;
    if (FN(is_infinity)(a)) {
        *out = *a;
        return;
    }
    F(set_zero)(&table[0].x);
    F(set_one)(&table[0].y);
    F(set_zero)(&table[0].z);
    F(mul)(&table[1].x, &a->x, &a->zzz);
    F(mul)(&table[1].y, &a->y, &a->zz);
    F(mul)(&table[1].z, &a->zz, &a->zzz);
    for (int i = 2; i < 16; i++) FN(add_complete)(&table[i], &table[i - 1], &table[1]);
    acc = table[0];
    for (size_t i = 16 * n; i-- > 0;) {
        unsigned digit = k[i / 16] >> 4 * (i % 16) & 15;
        for (int j = 0; j < 4; j++) FN(dbl_complete)(&acc, &acc);
        pick = table[0];
        for (unsigned j = 1; j < 16; j++) {
            F(cmov)(&pick.x, &table[j].x, j == digit);
            F(cmov)(&pick.y, &table[j].y, j == digit);
            F(cmov)(&pick.z, &table[j].z, j == digit);
        }
        FN(add_complete)(&acc, &acc, &pick);
    }
    /* X / Z = X Z / Z^2, Y / Z = Y Z^2 / Z^3 */
    F(sqr)(&out->zz, &acc.z);
    F(mul)(&out->zzz, &out->zz, &acc.z);
    F(mul)(&out->x, &acc.x, &acc.z);
    F(mul)(&out->y, &acc.y, &out->zz);
    pm_wipe(&acc, sizeof acc);
    pm_wipe(&pick, sizeof pick);
}

#undef FN
#undef F
#undef FE
#undef EC
#undef EC_FIELD
#undef EC_B
#undef EC_B3
