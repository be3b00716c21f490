/* A part of fp_ifma_tmpl.h, which includes it and whose parameters and macros it uses: products that are
 * worth taking apart into a wide product (2 N columns, not yet carried) and one reduction. Squares save their
 * equal halves, products in Fp2 = Fp[u]/(u^2 + 1) one product of four (Karatsuba) and two reductions.
 *
 * A column collects at most 6 N numbers below 2^52 with signs, and a carry: below 2^58. */

/* t += a b, as columns; a and b carried. */
PM_LANES void FN(wide_add)(__m512i t[2 * N], const LANES *a, const LANES *b)
{
    FN(check)(a), FN(check)(b);
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) t[i + j] = _mm512_madd52lo_epu64(t[i + j], a->l[i], b->l[j]);
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a->l[i], b->l[j]);
    }
}

/* t = a^2, as columns; a carried. */
PM_LANES void FN(wide_sqr)(__m512i t[2 * N], const LANES *a)
{
    FN(check)(a);
#pragma GCC unroll 16
    for (int j = 0; j < 2 * N; j++) t[j] = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = i + 1; j < N; j++) t[i + j] = _mm512_madd52lo_epu64(t[i + j], a->l[i], a->l[j]);
#pragma GCC unroll 8
        for (int j = i + 1; j < N; j++) t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a->l[i], a->l[j]);
    }
#pragma GCC unroll 16
    for (int j = 1; j + 1 < 2 * N; j++) t[j] = _mm512_add_epi64(t[j], t[j]);
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
        t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a->l[i], a->l[i]);
        t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a->l[i], a->l[i]);
    }
}

/* out[s] = t[s] / 2^(52 N), carried, for `streams` wide values that are not negative, whatever the signs of
 * their columns: as in dot, row by row. A value below x 2^(52 N) p gives one below 1 + x. */
PM_LANES void FN(wide_reduce)(LANES *out, __m512i t[][2 * N], const int streams)
{
    const __m512i zero = _mm512_setzero_si512(),
                  inv = _mm512_set1_epi64((long long)(LANES_MONT_INV & (((uint64_t)1 << 52) - 1)));
    __m512i m[2];
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++) m[s] = _mm512_madd52lo_epu64(zero, t[s][i], inv);
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++)
            t[s][i] = _mm512_srai_epi64(_mm512_add_epi64(t[s][i], FN(mask)()), 52);
#pragma GCC unroll 8
        for (int j = 1; j < N; j++)
#pragma GCC unroll 2
            for (int s = 0; s < streams; s++)
                t[s][i + j] = _mm512_madd52lo_epu64(t[s][i + j], m[s], FN(p8)(j));
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++) t[s][i + 1] = _mm512_add_epi64(t[s][i + 1], t[s][i]);
#pragma GCC unroll 8
        for (int j = 0; j < N; j++)
#pragma GCC unroll 2
            for (int s = 0; s < streams; s++)
                t[s][i + j + 1] = _mm512_madd52hi_epu64(t[s][i + j + 1], m[s], FN(p8)(j));
    }
#pragma GCC unroll 2
    for (int s = 0; s < streams; s++) {
        LANES sum;
        for (int j = 0; j < N; j++) sum.l[j] = t[s][N + j];
        out[s] = FN(carry)(sum);
    }
}

/* out[s] = M(a[s], a[s]); out may be a. */
PM_LANES void FN(sqr2)(LANES out[2], const LANES a[2])
{
    __m512i t[2][2 * N];
    if (FN(streams) == 2) {
        FN(wide_sqr)(t[0], &a[0]);
        FN(wide_sqr)(t[1], &a[1]);
        FN(wide_reduce)(out, t, 2);
    } else {
        for (int s = 0; s < 2; s++) {
            FN(wide_sqr)(t[s], &a[s]);
            FN(wide_reduce)(&out[s], &t[s], 1);
        }
    }
}

/* M(a, b) in Fp2, for carried a below A and b below B with A B <= room: a0 b0 - a1 b1 + p 2^(52 N), which is
 * not negative, and (a0 + a1)(b0 + b1) - a0 b0 - a1 b1, each reduced once. Both below 2 + A B / room. Sums
 * of two elements must be below 2^(52 N). out may be a or b. */
PM_LANES void FN(mul_fp2)(LANES out[2], const LANES a[2], const LANES b[2])
{
    __m512i t[2][2 * N], u[2 * N];
    const LANES sum_a = FN(carry)(FN(add)(a[0], a[1])), sum_b = FN(carry)(FN(add)(b[0], b[1]));
#pragma GCC unroll 16
    for (int j = 0; j < 2 * N; j++) {
        u[j] = _mm512_setzero_si512();
        t[0][j] = j < N ? u[j] : FN(p8)(j - N);
    }
    FN(wide_add)(t[0], &a[0], &b[0]);
    FN(wide_add)(u, &a[1], &b[1]);
#pragma GCC unroll 16
    for (int j = 0; j < 2 * N; j++) { /* t[1] begins with -(a0 b0 + p 2^(52 N)) - a1 b1 + p 2^(52 N) */
        t[1][j] =
            _mm512_sub_epi64(j < N ? _mm512_setzero_si512() : FN(p8)(j - N), _mm512_add_epi64(t[0][j], u[j]));
        t[0][j] = _mm512_sub_epi64(t[0][j], u[j]);
    }
    FN(wide_add)(t[1], &sum_a, &sum_b);
    if (FN(streams) == 2)
        FN(wide_reduce)(out, t, 2);
    else
        for (int s = 0; s < 2; s++) FN(wide_reduce)(&out[s], &t[s], 1);
}
