/* Random linear combinations of pairings, portable: what a batch of equations needs. Weights are short
 * elements a + b lambda of Z[lambda], lambda the eigenvalue of phi(x, y) = (beta x, y) on G1, so that a
 * multiplication takes as many doublings as a part has bits (Gallant, Lambert, Vanstone, CRYPTO 2001).
 * Different weights with parts below 2^120 differ mod r: r divides the norm a^2 - a b + b^2 of a difference
 * that is 0 mod r. Everything is public.
 *
 * Points are affine and take their steps together, so that one inversion serves all slopes: a doubling costs
 * 5M + 2S and an addition 5M + S, an inversion besides, and the line of a step with slope s is 1 - s x_P /
 * y_P w + ..., whose product is cheaper than that of a line in homogeneous coordinates.
 *
 * Parameters
 *   WEIGHTED          prefix of the pairing (pairing_tmpl.h)
 *   WEIGHTED_FP       prefix of Fp
 *   WEIGHTED_FP2      prefix of Fp2
 *   WEIGHTED_FR       prefix of Fr
 *   WEIGHTED_TOWER    prefix of the tower
 *   WEIGHTED_G1/_G2   prefixes of the groups
 *   WEIGHTED_M_TWIST  as PAIRING_M_TWIST
 *   WEIGHTED_BETA     initializer: the cube root of unity beta in Fp, Montgomery
 *   WEIGHTED_LAMBDA   initializer: lambda in Fr, Montgomery */
#include "math/curve.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(WEIGHTED, _##op)
#define F(op)  PM_CAT(WEIGHTED_FP, _##op)
#define F2(op) PM_CAT(WEIGHTED_FP2, _##op)
#define FR(op) PM_CAT(WEIGHTED_FR, _##op)
#define T(op)  PM_CAT(WEIGHTED_TOWER, _##op)
#define G1(op) PM_CAT(WEIGHTED_G1, _##op)
#define G2(op) PM_CAT(WEIGHTED_G2, _##op)

static const WEIGHTED_FP FN(batch_beta) = WEIGHTED_BETA;
static const WEIGHTED_FR FN(batch_lambda) = WEIGHTED_LAMBDA;

/* out = a + b lambda, plain */
PM_LOCAL void FN(weight_scalar)(WEIGHTED_FR *out, const struct pm_weight *w)
{
    WEIGHTED_FR a = {{w->a[0], w->a[1]}}, b = {{w->b[0], w->b[1]}};
    FR(mul)(&b, &FN(batch_lambda), &b);
    FR(add)(out, &a, &b);
}

static inline unsigned FN(weight_bits)(const struct pm_weight *w, size_t n)
{
    uint64_t low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        low |= w[i].a[0] | w[i].b[0];
        high |= w[i].a[1] | w[i].b[1];
    }
    return high ? 128 - (unsigned)__builtin_clzll(high) : low ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

/* -- Weights in base 4 -- */

/* Digits are from the 16 classes of Z[lambda] mod 4: 0, the units, twice a unit, and a unit times 1 - lambda,
 * each with parts of -2 .. 2: of the points phi^i(P) and (1 - phi) phi^i(P) 15/16 of an addition for every
 * two bits of both parts. */
enum FN(kind) { FN(none), FN(unit), FN(twice), FN(oblique) };
struct FN(digit) {
    int8_t a, b; /* the digit is a + b lambda */
    enum FN(kind) kind;
    uint8_t power; /* the unit is lambda^power, */
    bool minus;    /* or minus that */
};
/* Of the class with a mod 4 = i % 4 and b mod 4 = i / 4. lambda^2 = -1 - lambda. */
static const struct FN(digit) FN(digits)[16] = {
    {0, 0, FN(none), 0, false},    {1, 0, FN(unit), 0, false},     {2, 0, FN(twice), 0, false},
    {-1, 0, FN(unit), 0, true},    {0, 1, FN(unit), 1, false},     {1, 1, FN(unit), 2, true},
    {2, 1, FN(oblique), 2, true},  {-1, 1, FN(oblique), 0, true},  {0, 2, FN(twice), 1, false},
    {1, 2, FN(oblique), 1, false}, {2, 2, FN(twice), 2, true},     {-1, -2, FN(oblique), 1, true},
    {0, -1, FN(unit), 1, true},    {1, -1, FN(oblique), 0, false}, {-2, -1, FN(oblique), 2, false},
    {-1, -1, FN(unit), 2, false}};

struct FN(expansion) {
    uint8_t n, class[65]; /* the lowest digit first */
};
PM_LOCAL void FN(expand)(struct FN(expansion) * out, const struct pm_weight *w)
{
    pm_u128 a = (pm_u128)w->a[1] << 64 | w->a[0], b = (pm_u128)w->b[1] << 64 | w->b[0];
    for (out->n = 0; a | b; out->n++) { /* w = the digit + 4 w' */
        const int a4 = (int)(a & 3), b4 = (int)(b & 3), class = a4 + 4 * b4;
        a = (a >> 2) + (pm_u128)((a4 - FN(digits)[class].a) / 4);
        b = (b >> 2) + (pm_u128)((b4 - FN(digits)[class].b) / 4);
        out->class[out->n] = (uint8_t) class;
    }
}
/* The digit that counts after `bit` doublings, which is twice a unit after an odd number; NULL for none. */
static inline const struct FN(digit) * FN(digit_at)(const struct FN(expansion) * e, size_t bit)
{
    const struct FN(digit) *d = &FN(digits)[bit / 2 < e->n ? e->class[bit / 2] : 0];
    return d->kind != FN(none) && (d->kind == FN(twice)) == bit % 2 ? d : NULL;
}
static inline size_t FN(most_bits)(const struct FN(expansion) * e, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) most = e[i].n > most ? e[i].n : most;
    return 2 * most;
}

/* -- Points of G1 that climb together -- */

struct FN(climber) {
    G1(affine) t, s; /* where it is, what it adds next */
    WEIGHTED_FP rise;
    bool idle, doubles; /* takes no part in the next step; else: 2 t or t + s */
    bool begun;         /* or t is infinity */
    bool lost;          /* has met t = s or t = -s, where there is no slope */
};
/* What belongs to one point: its doubles, sums of some of them. */
enum { FN(doubles), FN(units), FN(obliques), FN(image), FN(roles) };

/* To add s in the next step. */
static inline void FN(climb_add)(struct FN(climber) * c, const G1(affine) * s)
{
    if (c->begun)
        c->s = *s;
    else
        c->t = *s;
    c->idle = !c->begun;
    c->begun = true;
    c->doubles = false;
}

/* A step of those that are not idle, all of which are idle then. run, before: n elements of scratch. */
PM_LOCAL void FN(climb)(struct FN(climber) * c, size_t n, WEIGHTED_FP *run, WEIGHTED_FP *before)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i].idle) continue;
        if (c[i].doubles) {
            WEIGHTED_FP xx;
            F(sqr)(&xx, &c[i].t.x);
            F(dbl)(&c[i].rise, &xx);
            F(add)(&c[i].rise, &c[i].rise, &xx);
            F(dbl)(&run[k++], &c[i].t.y);
        } else {
            F(sub)(&c[i].rise, &c[i].s.y, &c[i].t.y);
            F(sub)(&run[k++], &c[i].s.x, &c[i].t.x);
        }
    }
    F(batch_inv_var)(run, k, before);
    k = 0;
    for (size_t i = 0; i < n; i++) {
        WEIGHTED_FP slope, x;
        if (c[i].idle) continue;
        if (F(is_zero)(&run[k])) c[i].lost = true;
        F(mul)(&slope, &c[i].rise, &run[k++]);
        F(sqr)(&x, &slope);
        F(sub)(&x, &x, &c[i].t.x);
        F(sub)(&x, &x, c[i].doubles ? &c[i].t.x : &c[i].s.x);
        F(sub)(&c[i].t.x, &c[i].t.x, &x);
        F(mul)(&slope, &slope, &c[i].t.x);
        F(sub)(&c[i].t.y, &slope, &c[i].t.y);
        c[i].t.x = x;
        c[i].idle = true;
    }
}

static inline void FN(phi)(G1(affine) * out, const G1(affine) * p, unsigned power, bool minus)
{
    *out = *p;
    while (power-- > 0) F(mul)(&out->x, &out->x, &FN(batch_beta));
    if (minus) F(neg)(&out->y, &out->y);
}

/* Of each point of `doubles`, from the lowest bit up: with e the multiples by the weights, as the sums that
 * belong to units and to units times 1 - lambda; by_x: [|x|] of it in `image`. A sum of multiples by powers
 * below 2^k is less than 2^k, so that no sum meets what is added to it, unless the point has a small order.
 */
PM_LOCAL void FN(climb_all)(struct FN(climber) * c, const struct FN(expansion) * e, bool by_x, size_t n,
                            WEIGHTED_FP *run, WEIGHTED_FP *before)
{
    const size_t x_bits = by_x ? sizeof FN(x_digit) : 0, w_bits = e ? FN(most_bits)(e, n) : 0;
    const size_t bits = w_bits > x_bits ? w_bits : x_bits;
    for (size_t bit = 0; bit < bits; bit++) {
        for (size_t i = 0; i < n; i++) {
            struct FN(climber) *of = c + i * FN(roles), *p = &of[FN(doubles)];
            const struct FN(digit) *d = e ? FN(digit_at)(&e[i], bit) : NULL;
            G1(affine) s;
            if (!p->begun) continue;
            if (d) {
                FN(phi)(&s, &p->t, d->power, d->minus);
                FN(climb_add)(&of[d->kind == FN(oblique) ? FN(obliques) : FN(units)], &s);
            }
            if (bit < x_bits && FN(x_digit)[bit] != 0) {
                FN(phi)(&s, &p->t, 0, FN(x_digit)[bit] < 0);
                FN(climb_add)(&of[FN(image)], &s);
            }
            p->doubles = true;
            p->idle = bit + 1 >= x_bits && (!e || bit + 1 >= 2 * (size_t)e[i].n);
        }
        FN(climb)(c, n * FN(roles), run, before);
    }
}

PM_LOCAL void FN(climb_begin)(struct FN(climber) * c, const G1(affine) * p, size_t n)
{
    for (size_t i = 0; i < n * FN(roles); i++)
        c[i].idle = true, c[i].doubles = c[i].begun = c[i].lost = false;
    for (size_t i = 0; i < n; i++) {
        c[i * FN(roles) + FN(doubles)].t = p[i];
        c[i * FN(roles) + FN(doubles)].begun = !G1(affine_is_infinity)(&p[i]);
    }
}

/* units: the multiples. Weights have parts below 2^120 and are not zero, nor are the points. */
PM_LOCAL void FN(climb_to_multiples)(struct FN(climber) * c, const struct FN(expansion) * e, bool by_x,
                                     size_t n, WEIGHTED_FP *run, WEIGHTED_FP *before)
{
    FN(climb_all)(c, e, by_x, n, run, before);
    for (int sum = 0; sum < 2; sum++) { /* the obliques times 1 - phi, then all */
        for (size_t i = 0; i < n; i++) {
            struct FN(climber) *of = c + i * FN(roles);
            G1(affine) s;
            if (!of[FN(obliques)].begun) continue;
            FN(phi)(&s, &of[FN(obliques)].t, 1, true);
            FN(climb_add)(&of[sum == 0 ? FN(obliques) : FN(units)], sum == 0 ? &s : &of[FN(obliques)].t);
        }
        FN(climb)(c, n * FN(roles), run, before);
    }
}

/* Goes on from image = [|x|] p: in_group[i] whether p[i] has order r. */
PM_LOCAL void FN(climb_to_images)(bool *in_group, struct FN(climber) * c, const G1(affine) * p, size_t n,
                                  WEIGHTED_FP *run, WEIGHTED_FP *before)
{
    for (size_t i = 0; i < n; i++) {
        struct FN(climber) *of = c + i * FN(roles);
        if (!of[FN(doubles)].begun) continue;
        of[FN(doubles)].t = of[FN(image)].t;
        of[FN(image)].begun = false;
    }
    FN(climb_all)(c, NULL, true, n, run, before);
    for (size_t i = 0; i < n; i++) {
        const struct FN(climber) *of = c + i * FN(roles);
        in_group[i] = !of[FN(doubles)].begun || (!of[FN(doubles)].lost && !of[FN(image)].lost &&
                                                 FN(g1_is_eigen)(&p[i], &of[FN(image)].t));
    }
}

/* -- Pairs that go through Miller's loop together -- */

/* The point of G2 on y^2 = x^3 + b' u^6 instead of y^2 = x^3 + b', by (x, y) -> (u^2 x, u^3 y), for u =
 * x_P / y_P: slopes are u times as large, so that 1 - slope w + scale (slope x - y) w^3 is the line over y_P.
 */
struct FN(affine_pair) {
    G2(affine) q, t, s;
    WEIGHTED_FP2 rise, run;
    WEIGHTED_FP scale; /* y_P^2 / x_P^3 */
    bool outside;      /* met t = s or t = -s, which no point of order r does */
};

/* f *= a line of each; t = 2 t or t + s */
PM_LOCAL void FN(affine_step)(T(fp12) * f, struct FN(affine_pair) * pair, size_t n, bool doubles,
                              WEIGHTED_FP *norm, WEIGHTED_FP *before)
{
    for (size_t i = 0; i < n; i++) {
        struct FN(affine_pair) *p = &pair[i];
        if (doubles) {
            WEIGHTED_FP2 xx;
            F2(sqr)(&xx, &p->t.x);
            F2(dbl)(&p->rise, &xx);
            F2(add)(&p->rise, &p->rise, &xx);
            F2(dbl)(&p->run, &p->t.y);
        } else {
            F2(sub)(&p->rise, &p->s.y, &p->t.y);
            F2(sub)(&p->run, &p->s.x, &p->t.x);
        }
        F(dot2)(&norm[i], &p->run.c0, &p->run.c0, &p->run.c1, &p->run.c1);
    }
    F(batch_inv_var)(norm, n, before);
    for (size_t i = 0; i < n; i++) {
        struct FN(affine_pair) *p = &pair[i];
        WEIGHTED_FP2 slope, l1, l3, x;
        if (F(is_zero)(&norm[i])) p->outside = true;
        F2(conj)(&p->run, &p->run);
        F2(mul)(&slope, &p->rise, &p->run);
        F2(mul_base)(&slope, &slope, &norm[i]);
        F2(mul)(&l3, &slope, &p->t.x);
        F2(sub)(&l3, &l3, &p->t.y);
        F2(sqr)(&x, &slope);
        F2(sub)(&x, &x, &p->t.x);
        F2(sub)(&p->t.x, &x, doubles ? &p->t.x : &p->s.x);
        F2(mul)(&x, &slope, &p->t.x); /* y3 = l3 - slope x3 */
        F2(sub)(&p->t.y, &l3, &x);
        F2(neg)(&l1, &slope);
        F2(mul_base)(&l3, &l3, &p->scale);
        if (WEIGHTED_M_TWIST)
            T(mul_monic_m)(f, f, &l3, &l1);
        else
            T(mul_monic_d)(f, f, &l1, &l3);
    }
}

/* Points p of order r, whose x and y are not zero. */
PM_LOCAL void FN(affine_begin)(struct FN(affine_pair) * pair, const G1(affine) * p, const G2(affine) * q,
                               size_t n, WEIGHTED_FP *inverse, WEIGHTED_FP *before)
{
    for (size_t i = 0; i < n; i++) F(mul)(&inverse[i], &p[i].x, &p[i].y);
    F(batch_inv_var)(inverse, n, before);
    for (size_t i = 0; i < n; i++) {
        WEIGHTED_FP u, uu, t;
        F(sqr)(&t, &p[i].x);
        F(mul)(&u, &inverse[i], &t); /* x / y */
        F(sqr)(&t, &p[i].y);
        F(mul)(&t, &t, &inverse[i]); /* y / x */
        F(sqr)(&uu, &t);
        F(mul)(&uu, &uu, &inverse[i]);
        F(mul)(&pair[i].scale, &uu, &p[i].y); /* (y / x)^2 / x */
        F(sqr)(&uu, &u);
        F2(mul_base)(&pair[i].q.x, &q[i].x, &uu);
        F(mul)(&uu, &uu, &u);
        F2(mul_base)(&pair[i].q.y, &q[i].y, &uu);
        pair[i].t = pair[i].q;
        pair[i].outside = false;
    }
}

static inline bool FN(affine_in_subgroup)(const struct FN(affine_pair) * p)
{
    struct FN(pair) end;
    FN(pair_begin)(&end, &(G1(affine)){.x = {{0}}}, &p->q);
    end.x = p->t.x;
    end.y = p->t.y;
    return !p->outside && FN(pair_in_subgroup)(&end);
}

/* f = the product of the pairs' Miller functions, but for factors of Fp. */
PM_LOCAL void FN(affine_miller)(T(fp12) * f, struct FN(affine_pair) * pair, size_t n, WEIGHTED_FP *norm,
                                WEIGHTED_FP *before)
{
    T(set_one)(f);
    for (size_t bit = sizeof FN(loop) - 1; bit-- > 0;) {
        T(sqr)(f, f);
        FN(affine_step)(f, pair, n, true, norm, before);
        if (FN(loop)[bit] == 0) continue;
        for (size_t i = 0; i < n; i++) {
            pair[i].s = pair[i].q;
            if (FN(loop)[bit] < 0) G2(affine_neg)(&pair[i].s, &pair[i].s);
        }
        FN(affine_step)(f, pair, n, false, norm, before);
    }
    for (int line = 0; line < FN(end_lines); line++) { /* psi(q), -psi^2(q) */
        for (size_t i = 0; i < n; i++) {
            FN(psi)(&pair[i].s, line == 0 ? &pair[i].q : &pair[i].s);
            if (line == 1) G2(affine_neg)(&pair[i].s, &pair[i].s);
        }
        FN(affine_step)(f, pair, n, false, norm, before);
    }
    FN(miller_end)(f, NULL, 0, NULL, 0);
}

/* -- What curve.h has of it -- */

/* The points phi^i(P), of which the y is the same. */
struct FN(orbit) {
    WEIGHTED_FP x[3], y;
};

/* Scratch for n points, aligned to 64, and for one of them by itself. */
struct FN(batch_room) {
    struct FN(climber) climber[FN(roles)];
    struct FN(affine_pair) pair;
    G1(affine) multiple;
    struct FN(orbit) orbit[2];
    WEIGHTED_FP run[FN(roles)], before[FN(roles)];
    struct FN(expansion) expansion;
};
static inline size_t FN(batch_scratch)(size_t n) { return (n + 1) * sizeof(struct FN(batch_room)); }
struct FN(batch) {
    struct FN(climber) * climber;
    struct FN(affine_pair) * pair;
    G1(affine) * multiple;
    struct FN(orbit) * orbit;
    WEIGHTED_FP *run, *before;
    struct FN(expansion) * expansion;
};
PM_LOCAL struct FN(batch) FN(batch_in)(void *scratch, size_t n)
{
    struct FN(batch) b = {.multiple = scratch};
    b.climber = (struct FN(climber) *)(void *)(b.multiple + n);
    b.pair = (struct FN(affine_pair) *)(void *)(b.climber + n * FN(roles));
    b.orbit = (struct FN(orbit) *)(void *)(b.pair + n);
    b.run = (WEIGHTED_FP *)(void *)(b.orbit + 2 * n);
    b.before = b.run + n * FN(roles);
    b.expansion = (struct FN(expansion) *)(void *)(b.before + n * FN(roles));
    return b;
}

PM_LOCAL void FN(orbit_make)(struct FN(orbit) * out, const G1(affine) * p)
{
    out->x[0] = p->x;
    F(mul)(&out->x[1], &p->x, &FN(batch_beta));
    F(add)(&out->x[2], &out->x[0], &out->x[1]);
    F(neg)(&out->x[2], &out->x[2]);
    out->y = p->y;
}

/* out = the sum over i < n of w[i] p[i], of points of order r or infinity; doublings are shared. */
PM_LOCAL void FN(shared_sum)(WEIGHTED_G1 *out, const G1(affine) * p, const struct pm_weight *w, size_t n,
                             void *scratch)
{
    struct FN(batch) b = FN(batch_in)(scratch, n);
    G1(affine) s;
    FN(climb_begin)(b.climber, p, n);
    for (size_t i = 0; i < n; i++) {
        struct FN(climber) *c = &b.climber[i * FN(roles) + FN(doubles)];
        FN(expand)(&b.expansion[i], &w[i]);
        if (!c->begun) b.expansion[i].n = 0;
        if (!c->begun) continue;
        FN(orbit_make)(&b.orbit[2 * i], &p[i]);
        FN(phi)(&s, &p[i], 1, true);
        FN(climb_add)(c, &s); /* (1 - phi) p */
    }
    FN(climb)(b.climber, n * FN(roles), b.run, b.before);
    for (size_t i = 0; i < n; i++)
        FN(orbit_make)(&b.orbit[2 * i + 1], &b.climber[i * FN(roles) + FN(doubles)].t);
    G1(set_infinity)(out);
    for (size_t bit = FN(most_bits)(b.expansion, n); bit-- > 0;) {
        G1(dbl)(out, out);
        for (size_t i = 0; i < n; i++) {
            const struct FN(digit) *d = FN(digit_at)(&b.expansion[i], bit);
            if (!d) continue;
            const struct FN(orbit) *orbit = &b.orbit[2 * i + (d->kind == FN(oblique))];
            s = (G1(affine)){orbit->x[d->power], orbit->y};
            if (d->minus) F(neg)(&s.y, &s.y);
            G1(add_affine)(out, out, &s);
        }
    }
}

/* Below so many points what steps in common save is less than their inversions cost. */
enum { FN(few) = FN(g1_has_cofactor) ? 12 : 32 };

/* multiple[i] = w[i] p[i], of use if in_group[i]: p[i] has order r (or is infinity). multiple: the batch's.
 */
PM_LOCAL void FN(multiples)(G1(affine) * multiple, bool *in_group, const G1(affine) * p,
                            const struct pm_weight *w, size_t n, const struct FN(batch) * b)
{
    if (n < FN(few)) {
        for (size_t i = 0; i < n; i++) {
            WEIGHTED_G1 sum;
            in_group[i] = FN(g1_in_subgroup)(&p[i]);
            FN(shared_sum)(&sum, &p[i], &w[i], 1, b->climber);
            G1(to_affine)(&multiple[i], &sum);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) FN(expand)(&b->expansion[i], &w[i]);
    FN(climb_begin)(b->climber, p, n);
    FN(climb_to_multiples)(b->climber, b->expansion, FN(g1_has_cofactor), n, b->run, b->before);
    for (size_t i = 0; i < n; i++) {
        const struct FN(climber) *units = &b->climber[i * FN(roles) + FN(units)];
        multiple[i] = units->begun ? units->t : (G1(affine)){.x = {{0}}};
        in_group[i] = true;
    }
    if (FN(g1_has_cofactor)) FN(climb_to_images)(in_group, b->climber, p, n, b->run, b->before);
}

/* out = the sum over i < n of w[i] p[i], of use if all are in_group: of order r, or infinity. p are points of
 * the curve. Where that must be found out, the doubles are there, else they are shared. */
PM_LOCAL void FN(weighted_sum)(WEIGHTED_G1 *out, bool *in_group, const G1(affine) * p,
                               const struct pm_weight *w, size_t n, void *scratch)
{
    struct FN(batch) b = FN(batch_in)(scratch, n);
    if (n < FN(few) || !FN(g1_has_cofactor)) {
        for (size_t i = 0; i < n; i++) in_group[i] = FN(g1_in_subgroup)(&p[i]);
        FN(shared_sum)(out, p, w, n, scratch);
        return;
    }
    FN(multiples)(b.multiple, in_group, p, w, n, &b);
    G1(set_infinity)(out);
    for (size_t i = 0; i < n; i++) G1(add_affine)(out, out, &b.multiple[i]);
}

/* out = the product over i < n of Miller's function of (w[i] p[i], q[i]), but for a factor that the final
 * exponentiation takes to one. in_group[i]: whether p[i] and q[i] have order r; out is of use only if all do.
 * p and q are points of their curves, none infinity; no weight is zero. */
PM_LOCAL void FN(weighted)(T(fp12) * out, bool *in_group, const G1(affine) * p, const G2(affine) * q,
                           const struct pm_weight *w, size_t n, void *scratch)
{
    struct FN(batch) b = FN(batch_in)(scratch, n);
    FN(multiples)(b.multiple, in_group, p, w, n, &b);
    FN(affine_begin)(b.pair, b.multiple, q, n, b.run, b.before);
    FN(affine_miller)(out, b.pair, n, b.run, b.before);
    for (size_t i = 0; i < n; i++) in_group[i] = in_group[i] && FN(affine_in_subgroup)(&b.pair[i]);
}

#undef FN
#undef F
#undef F2
#undef FR
#undef T
#undef G1
#undef G2
#undef WEIGHTED
#undef WEIGHTED_FP
#undef WEIGHTED_FP2
#undef WEIGHTED_M_TWIST
#undef WEIGHTED_FR
#undef WEIGHTED_TOWER
#undef WEIGHTED_G1
#undef WEIGHTED_G2
#undef WEIGHTED_BETA
#undef WEIGHTED_LAMBDA
