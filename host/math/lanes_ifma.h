/* Eight 64-bit words side by side: what all field lanes (fp_ifma_tmpl.h) share, for AVX-512. Moves words
 * between rows in memory, one a lane, and columns, vectors that hold the same word of all eight rows. No
 * arithmetic. */
#ifndef PM_MATH_LANES_IFMA_H
#define PM_MATH_LANES_IFMA_H

#include <immintrin.h>
#include <stdint.h>

#define PM_LANES static inline __attribute__((unused, always_inline))

/* Rows of eight words to columns: out[i] lane j = row[j] lane i. */
PM_LANES void pm_lanes_transpose(__m512i out[8], const __m512i row[8])
{
    __m512i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(row[i], row[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        out[j] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0x88);
        out[j + 4] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0xdd);
    }
}

/* The same for rows of four words at row[j] in memory, and back. */
PM_LANES void pm_lanes_half_columns(__m512i out[4], const uint8_t *const row[8])
{
    __m512i z[4]; /* rows 0 2, 1 3, 4 6, 5 7 */
    for (int i = 0; i < 4; i++) {
        const uint8_t *low = row[i / 2 * 4 + i % 2], *high = row[i / 2 * 4 + i % 2 + 2];
        z[i] =
            _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)low)),
                               _mm256_loadu_si256((const __m256i *)(const void *)high), 1);
    }
    /* even: words 0 of rows 0 1, words 2 of them, then the same of rows 2 3 or 6 7; odd: words 1 and 3 */
    __m512i even03 = _mm512_unpacklo_epi64(z[0], z[1]), odd03 = _mm512_unpackhi_epi64(z[0], z[1]);
    __m512i even47 = _mm512_unpacklo_epi64(z[2], z[3]), odd47 = _mm512_unpackhi_epi64(z[2], z[3]);
    out[0] = _mm512_shuffle_i64x2(even03, even47, 0x88);
    out[1] = _mm512_shuffle_i64x2(odd03, odd47, 0x88);
    out[2] = _mm512_shuffle_i64x2(even03, even47, 0xdd);
    out[3] = _mm512_shuffle_i64x2(odd03, odd47, 0xdd);
}
PM_LANES void pm_lanes_half_rows(uint8_t *const row[8], const __m512i w[4])
{
    /* words 0 1 and words 2 3, of rows 0 2 4 6 and of rows 1 3 5 7 */
    __m512i low[2] = {_mm512_unpacklo_epi64(w[0], w[1]), _mm512_unpackhi_epi64(w[0], w[1])};
    __m512i high[2] = {_mm512_unpacklo_epi64(w[2], w[3]), _mm512_unpackhi_epi64(w[2], w[3])};
    for (int i = 0; i < 2; i++) {
        /* Quarters: the low words of two rows, their high ones; then row by row. Not by vpermt2q, which has
         * three operands and so stands in the way of multiply-adds. */
        __m512i z[2] = {_mm512_shuffle_i64x2(low[i], high[i], 0x44),
                        _mm512_shuffle_i64x2(low[i], high[i], 0xee)};
        for (int k = 0; k < 2; k++) {
            z[k] = _mm512_shuffle_i64x2(z[k], z[k], 0xd8);
            _mm256_storeu_si256((__m256i *)(void *)row[i + 4 * k], _mm512_castsi512_si256(z[k]));
            _mm256_storeu_si256((__m256i *)(void *)row[i + 4 * k + 2], _mm512_extracti64x4_epi64(z[k], 1));
        }
    }
}

/* Rows of any number of words in memory to as many columns, and back; neither touches memory beyond the rows.
 * words is a literal. A rest of four words costs half of what any other does. */
PM_LANES void pm_lanes_columns(__m512i *out, const uint8_t *const row[8], const int words)
{
    const uint8_t *rest[8];
    __m512i line[8], column[8];
    for (int at = 0; at + 8 <= words; at += 8) {
        for (int j = 0; j < 8; j++) line[j] = _mm512_loadu_si512(row[j] + 8 * at);
        pm_lanes_transpose(out + at, line);
    }
    if (words % 8 == 0) return;
    for (int j = 0; j < 8; j++) rest[j] = row[j] + 8 * (words / 8 * 8);
    if (words % 8 == 4) {
        pm_lanes_half_columns(out + words / 8 * 8, rest);
        return;
    }
    for (int j = 0; j < 8; j++)
        line[j] = _mm512_maskz_loadu_epi64((__mmask8)((1u << words % 8) - 1), rest[j]);
    pm_lanes_transpose(column, line);
    for (int i = 0; i < words % 8; i++) out[words / 8 * 8 + i] = column[i];
}
PM_LANES void pm_lanes_rows(uint8_t *const row[8], const __m512i *w, const int words)
{
    uint8_t *rest[8];
    __m512i line[8], column[8];
    for (int at = 0; at + 8 <= words; at += 8) {
        pm_lanes_transpose(line, w + at);
        for (int j = 0; j < 8; j++) _mm512_storeu_si512(row[j] + 8 * at, line[j]);
    }
    if (words % 8 == 0) return;
    for (int j = 0; j < 8; j++) rest[j] = row[j] + 8 * (words / 8 * 8);
    if (words % 8 == 4) {
        pm_lanes_half_rows(rest, w + words / 8 * 8);
        return;
    }
    for (int i = 0; i < 8; i++) column[i] = i < words % 8 ? w[words / 8 * 8 + i] : _mm512_setzero_si512();
    pm_lanes_transpose(line, column);
    for (int j = 0; j < 8; j++) _mm512_mask_storeu_epi64(rest[j], (__mmask8)((1u << words % 8) - 1), line[j]);
}

#endif
