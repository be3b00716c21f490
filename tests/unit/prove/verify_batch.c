/* Batches: every proof gets the result that it gets alone, whatever stands beside it. */
#include "conformance/oracle.h"
#include "prove/coord.h"
#include "test.h"
#include "curve_under_test.h"

enum { n_public = 2, max = 300, distinct = 12 };

static struct oracle o;
static struct oracle_key k;
static struct pm_proof good[distinct], proofs[max];
static uint8_t *signals;
static enum pm_status results[max];
static struct pm_error err;

static const struct pm_vk_ready *ready(void)
{
    static bool made;
    if (!made) {
        made = true;
        signals = calloc(max, n_public * 32);
        oracle_make(&o, curve(), 5, n_public, test_random());
        const char *failed = oracle_key_make(&k, &o, NULL, &err);
        if (failed || !signals) {
            CHECK_MSG(false, "%s", failed ? failed : "memory");
            exit(1);
        }
        for (int i = 0; i < distinct; i++) {
            uint8_t r[32], s[32];
            oracle_element(&o, r);
            oracle_element(&o, s);
            oracle_prove(&o, &good[i], r, s);
        }
    }
    return pm_key_vk_ready(k.key);
}

/* n proofs that hold, some of them the same. */
static void fill(size_t n)
{
    (void)ready();
    for (size_t i = 0; i < n; i++) {
        proofs[i] = good[test_random() % distinct];
        memcpy(signals + i * n_public * 32, o.witness + 32, n_public * 32);
        results[i] = PM_INTERNAL;
    }
}
static enum pm_status run(size_t n) { return pm_verify_batch(ready(), results, proofs, signals, n, &err); }
static void check_results(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum pm_status alone =
            pm_verify_ready(ready(), &proofs[i], signals + i * n_public * 32, n_public, NULL);
        CHECK_MSG(results[i] == alone, "%zu of %zu: %d, alone %d", i, n, (int)results[i], (int)alone);
    }
}

PM_TEST(all_hold)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 17, 64, 257, max};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        fill(sizes[s]);
        CHECK_OK(run(sizes[s]), err);
        for (size_t i = 0; i < sizes[s]; i++) CHECK_U64(results[i], PM_OK);
    }
}

PM_TEST(one_proof_many_times)
{
    static const size_t sizes[] = {2, 16, 100};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        fill(sizes[s]);
        for (size_t i = 0; i < sizes[s]; i++) proofs[i] = good[0];
        CHECK_OK(run(sizes[s]), err);
        for (size_t i = 0; i < sizes[s]; i++) proofs[i].c[0] ^= 1;
        CHECK_U64(run(sizes[s]), PM_INVALID_PROOF);
        for (size_t i = 0; i < sizes[s]; i++) CHECK_U64(results[i], PM_INVALID_PROOF);
    }
}

static void flip(uint8_t *bytes, size_t size)
{
    size_t bit = test_random() % (8 * size);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

/* Spoils proof i in one of many ways, most of which leave points of the groups. */
static void spoil(size_t i, unsigned how)
{
    struct pm_proof *p = &proofs[i], *other = &good[(i + 1) % distinct];
    switch (how % 12) {
    case 0:
        flip(p->a, curve()->g1_bytes);
        break;
    case 1:
        flip(p->b, curve()->g2_bytes);
        break;
    case 2:
        flip(p->c, curve()->g1_bytes);
        break;
    case 3:
        flip(signals + i * n_public * 32, n_public * 32);
        break;
    case 4:
        curve()->g1_affine_neg(p->a, p->a);
        break;
    case 5:
        curve()->g1_affine_neg(p->c, p->c);
        break;
    case 6:
        memset(p->a, 0, sizeof p->a);
        break;
    case 7:
        memset(p->b, 0, sizeof p->b);
        break;
    case 8:
        memset(p->c, 0, sizeof p->c);
        break;
    case 9:
        memcpy(p->a, other->c, sizeof p->a);
        break;
    case 10:
        memcpy(p->b, curve()->g2_generator, curve()->g2_bytes);
        break;
    default:
        signals[i * n_public * 32] ^= 1;
    }
}

PM_TEST(one_bad_proof)
{
    for (unsigned how = 0; how < 24; how++) {
        size_t n = 1 + test_random() % 20, at = test_random() % n;
        fill(n);
        spoil(at, how);
        CHECK_U64(run(n), PM_INVALID_PROOF);
        CHECK_U64(results[at], PM_INVALID_PROOF);
        check_results(n);
        char place[40];
        snprintf(place, sizeof place, "proof %zu of %zu", at, n);
        CHECK_MSG(strstr(err.text, place) != NULL, "%s", err.text);
    }
}

PM_TEST(many_bad_proofs)
{
    for (unsigned round = 0; round < 4; round++) {
        size_t n = 30 + test_random() % 10;
        fill(n);
        for (size_t i = 0; i < n; i++)
            if (round == 3 || test_random() % 4 == 0) spoil(i, (unsigned)test_random() % 12);
        spoil(0, 5);
        CHECK_U64(run(n), PM_INVALID_PROOF);
        check_results(n);
    }
}

/* Two proofs that are wrong by amounts in a ratio of -1 or 2: sums with the weights 1 and 1, or 2 and -1, as
 * an equation has where all that is drawn is 1, would hold. */
PM_TEST(errors_do_not_cancel)
{
    for (int twice = 0; twice < 2; twice++) {
        fill(2);
        for (int i = 0; i < 2; i++) {
            struct pm_point1 c, g;
            curve()->g1_from_affine(&c, proofs[i].c);
            curve()->g1_from_affine(&g, curve()->g1_generator);
            if (i && twice) curve()->g1_add(&g, &g, &g);
            if (i && !twice) curve()->g1_neg(&g, &g);
            curve()->g1_add(&c, &c, &g);
            curve()->g1_to_affine(proofs[i].c, &c);
        }
        CHECK_U64(run(2), PM_INVALID_PROOF);
        CHECK_U64(results[0], PM_INVALID_PROOF);
        CHECK_U64(results[1], PM_INVALID_PROOF);
    }
}

/* A coordinate from its hexadecimal digits. */
static void put_coordinate(uint8_t *out, const char *hex)
{
    uint8_t plain[PM_FP_MAX_BYTES] = {0};
    size_t digits = strlen(hex);
    for (size_t i = 0; i < digits; i++) {
        const char c = hex[digits - 1 - i];
        plain[i / 2] |= (uint8_t)((c <= '9' ? c - '0' : c - 'a' + 10) << 4 * (i % 2));
    }
    CHECK(pm_coord_from_plain(curve(), out, plain));
}

/* Points of the twist whose order is not r. */
static void outside(uint8_t *b)
{
    static const char *const bn254[] = {"2", "1",
                                        "101f7278419308b95099eca02dcee0c5381f4d26d1d62313f057167f064101ce",
                                        "2b76c179599bb92a963dac85546a005a777f7c13f6a7b75d5918b6b5808f5fde"};
    static const char *const bls12_381[] = {
        "1", "1",
        "17faa6201231304f270b858dad9462089f2a5b83388e4b10773abc1eef6d193b9fce4e8ea2d9d28e3c3a315aa7de14ca",
        "cc12449be6ac4e7f367e7242250427c4fb4c39325d3164ad397c1837a90f0ea1a534757df374dd6569345eb41ed76e"};
    for (size_t i = 0; i < 4; i++)
        put_coordinate(b + i * curve()->fp_bytes, curve()->fp_bytes == 32 ? bn254[i] : bls12_381[i]);
}

PM_TEST(points_outside_of_the_subgroup)
{
    for (size_t n = 1; n < 40; n = 2 * n + 3) {
        fill(n);
        outside(proofs[n / 2].b);
        CHECK(curve()->g2_on_curve(proofs[n / 2].b) && !curve()->g2_check(proofs[n / 2].b));
        if (n > 8) outside(proofs[1].b), spoil(2, 11);
        CHECK_U64(run(n), PM_INVALID_PROOF);
        CHECK_MSG(strstr(err.text, "(of order r)") != NULL, "%s", err.text);
        CHECK_U64(results[n / 2], PM_INVALID_PROOF);
        check_results(n);
        if (n > 8) continue;
        for (size_t i = 0; i < n; i++) outside(proofs[i].b);
        CHECK_U64(run(n), PM_INVALID_PROOF);
        check_results(n);
    }
}

/* A or C of order three, on the curve that has such points: (0, 2). */
PM_TEST(points_outside_of_the_first_group)
{
    const size_t n = 12;
    if (curve()->fp_bytes == 32) return;
    for (int c = 0; c < 2; c++) {
        fill(n);
        uint8_t *point = c ? proofs[7].c : proofs[7].a;
        put_coordinate(point, "0");
        put_coordinate(point + curve()->fp_bytes, "2");
        CHECK(curve()->g1_on_curve(point) && !curve()->g1_check(point));
        CHECK_U64(run(n), PM_INVALID_PROOF);
        CHECK_U64(results[7], PM_INVALID_PROOF);
        check_results(n);
    }
}

PM_TEST(another_curve)
{
    const size_t n = 20;
    struct pm_curve other = *curve();
    fill(n);
    proofs[3].curve = &other;
    CHECK_U64(run(n), PM_INVALID_PROOF);
    CHECK_U64(results[3], PM_MISMATCH);
    check_results(n);
}

PM_TEST(without_a_text)
{
    fill(5);
    proofs[4].c[1] ^= 1;
    CHECK_U64(pm_verify_batch(ready(), results, proofs, signals, 5, NULL), PM_INVALID_PROOF);
    CHECK_U64(results[4], PM_INVALID_PROOF);
}
