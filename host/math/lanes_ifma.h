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
    const __m512i low = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0);
    const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    __m512i z[4];
    for (int j = 0; j < 4; j++)
        z[j] = _mm512_inserti64x4(
            _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)row[j])),
            _mm256_loadu_si256((const __m256i *)(const void *)row[j + 4]), 1);
    __m512i l01 = _mm512_unpacklo_epi64(z[0], z[1]), h01 = _mm512_unpackhi_epi64(z[0], z[1]);
    __m512i l23 = _mm512_unpacklo_epi64(z[2], z[3]), h23 = _mm512_unpackhi_epi64(z[2], z[3]);
    /* l01: words 0 of rows 0 and 1, words 2 of them, then the same of rows 4 and 5; l23: of 2, 3, 6, 7 */
    out[0] = _mm512_permutex2var_epi64(l01, low, l23);
    out[1] = _mm512_permutex2var_epi64(h01, low, h23);
    out[2] = _mm512_permutex2var_epi64(l01, high, l23);
    out[3] = _mm512_permutex2var_epi64(h01, high, h23);
}
PM_LANES void pm_lanes_half_rows(uint8_t *const row[8], const __m512i w[4])
{
    const __m512i even = _mm512_set_epi64(13, 12, 5, 4, 9, 8, 1, 0);
    const __m512i odd = _mm512_set_epi64(15, 14, 7, 6, 11, 10, 3, 2);
    __m512i l01 = _mm512_unpacklo_epi64(w[0], w[1]), h01 = _mm512_unpackhi_epi64(w[0], w[1]);
    __m512i l23 = _mm512_unpacklo_epi64(w[2], w[3]), h23 = _mm512_unpackhi_epi64(w[2], w[3]);
    /* l01: words 0 and 1 of rows 0, 2, 4, 6; h01: of the odd rows; l23, h23: words 2 and 3 */
    __m512i z[4] = {_mm512_permutex2var_epi64(l01, even, l23), _mm512_permutex2var_epi64(h01, even, h23),
                    _mm512_permutex2var_epi64(l01, odd, l23), _mm512_permutex2var_epi64(h01, odd, h23)};
    for (int j = 0; j < 4; j++) {
        _mm256_storeu_si256((__m256i *)(void *)row[j], _mm512_castsi512_si256(z[j]));
        _mm256_storeu_si256((__m256i *)(void *)row[j + 4], _mm512_extracti64x4_epi64(z[j], 1));
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
