/* Verification: a valid triple holds, and not one bit of it may change. */
#include "conformance/oracle.h"
#include "prove/dev_secrets.h"
#include "test.h"
#include "curve_under_test.h"

enum { n_public = 2 };

struct triple {
    struct oracle o;
    struct oracle_key k;
    struct pm_proof proof;
    struct pm_vk vk; /* a copy that tests may spoil */
    uint8_t signals[n_public * 32];
    struct pm_error err;
};

static bool set_up(struct triple *t)
{
    *t = (struct triple){.vk = {.n_public = 0}};
    oracle_make(&t->o, curve(), 5, n_public, test_random());
    const char *failed = oracle_key_make(&t->k, &t->o, NULL, &t->err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return false;
    uint8_t r[32], s[32];
    oracle_element(&t->o, r);
    oracle_element(&t->o, s);
    oracle_prove(&t->o, &t->proof, r, s); /* no prover is needed to test the verifier */
    memcpy(t->signals, t->o.witness + 32, sizeof t->signals);
    t->vk = *pm_key_vk(t->k.key);
    t->vk.ic = malloc((n_public + 1) * (size_t)curve()->g1_bytes);
    memcpy(t->vk.ic, pm_key_vk(t->k.key)->ic, (n_public + 1) * (size_t)curve()->g1_bytes);
    return true;
}

static void tear_down(struct triple *t)
{
    pm_vk_fini(&t->vk);
    oracle_key_free(&t->k);
    oracle_free(&t->o);
}

static enum pm_status verify(struct triple *t)
{
    return pm_verify(&t->vk, &t->proof, t->signals, n_public, &t->err);
}

/* The same with the key made ready once, for a key that is not spoiled. */
static enum pm_status verify_ready(struct triple *t)
{
    return pm_verify_ready(pm_key_vk_ready(t->k.key), &t->proof, t->signals, n_public, &t->err);
}
/* Both ways say the same; one bit in eight is asked both ways. */
static bool is_invalid(struct triple *t, size_t bit)
{
    return verify_ready(t) == PM_INVALID_PROOF && (bit % 8 || verify(t) == PM_INVALID_PROOF);
}

PM_TEST(valid_triple_holds)
{
    struct triple t;
    if (set_up(&t)) {
        CHECK_OK(pm_vk_check(&t.vk, "vk", &t.err), t.err);
        CHECK_OK(pm_proof_check(&t.proof, "proof", &t.err), t.err);
        CHECK_OK(verify(&t), t.err);
        CHECK_OK(pm_verify(&t.vk, &t.proof, t.signals, n_public, NULL), t.err);
        CHECK_OK(verify_ready(&t), t.err);
        CHECK(pm_vk_ready_vk(pm_key_vk_ready(t.k.key)) == pm_key_vk(t.k.key));
    }
    tear_down(&t);
}

static void flip(uint8_t *bytes, size_t bit) { bytes[bit / 8] ^= (uint8_t)(1u << bit % 8); }

PM_TEST(every_bit_of_the_proof_counts)
{
    struct triple t;
    if (set_up(&t)) {
        struct {
            uint8_t *bytes;
            size_t len;
        } parts[] = {
            {t.proof.a, curve()->g1_bytes}, {t.proof.b, curve()->g2_bytes}, {t.proof.c, curve()->g1_bytes}};
        for (size_t p = 0; p < 3; p++) {
            for (size_t bit = 0; bit < 8 * parts[p].len; bit++) {
                flip(parts[p].bytes, bit);
                CHECK_MSG(is_invalid(&t, bit), "part %zu, bit %zu", p, bit);
                flip(parts[p].bytes, bit);
            }
        }
        CHECK_OK(verify(&t), t.err);
    }
    tear_down(&t);
}

PM_TEST(every_bit_of_the_signals_counts)
{
    struct triple t;
    if (set_up(&t)) {
        for (size_t bit = 0; bit < 8 * sizeof t.signals; bit++) {
            flip(t.signals, bit);
            CHECK_MSG(is_invalid(&t, bit), "bit %zu", bit);
            flip(t.signals, bit);
        }
        CHECK_OK(verify(&t), t.err);
    }
    tear_down(&t);
}

PM_TEST(every_bit_of_the_key_counts)
{
    struct triple t;
    if (set_up(&t)) {
        struct {
            uint8_t *bytes;
            size_t len;
        } parts[] = {{t.vk.alpha1, curve()->g1_bytes},
                     {t.vk.beta2, curve()->g2_bytes},
                     {t.vk.gamma2, curve()->g2_bytes},
                     {t.vk.delta2, curve()->g2_bytes},
                     {t.vk.ic, (n_public + 1) * (size_t)curve()->g1_bytes}};
        for (size_t p = 0; p < 5; p++) {
            for (size_t bit = 0; bit < 8 * parts[p].len; bit++) {
                flip(parts[p].bytes, bit);
                CHECK_MSG(pm_vk_check(&t.vk, "vk", &t.err) == PM_FORMAT || verify(&t) == PM_INVALID_PROOF,
                          "part %zu, bit %zu", p, bit);
                flip(parts[p].bytes, bit);
            }
        }
        CHECK_OK(verify(&t), t.err);
    }
    tear_down(&t);
}

/* A signal plus the modulus is the same number to the equation, and must not be the same statement. */
PM_TEST(signals_are_canonical)
{
    struct triple t;
    if (set_up(&t)) {
        unsigned carry = 0;
        for (size_t i = 0; i < 32; i++) {
            carry += t.signals[i] + curve()->fr_modulus[i];
            t.signals[i] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry == 0) CHECK_U64(verify(&t), PM_INVALID_PROOF);
        memcpy(t.signals, t.o.witness + 32, 32);
        CHECK_U64(pm_verify(&t.vk, &t.proof, t.signals, n_public - 1, &t.err), PM_MISMATCH);
        CHECK_U64(pm_verify(&t.vk, &t.proof, t.signals, n_public + 1, &t.err), PM_MISMATCH);
        CHECK_U64(pm_verify_ready(pm_key_vk_ready(t.k.key), &t.proof, t.signals, n_public + 1, &t.err),
                  PM_MISMATCH);
    }
    tear_down(&t);
}

PM_TEST(infinity_and_other_curves)
{
    struct triple t;
    if (set_up(&t)) {
        struct pm_proof good = t.proof;
        memset(t.proof.a, 0, sizeof t.proof.a);
        CHECK(is_invalid(&t, 0));
        memset(t.proof.b, 0, sizeof t.proof.b);
        memset(t.proof.c, 0, sizeof t.proof.c);
        CHECK(is_invalid(&t, 0));
        t.proof = good;
        struct pm_curve other = *curve();
        t.proof.curve = &other;
        CHECK_U64(verify(&t), PM_MISMATCH);
        t.proof = good;
        uint8_t *must[] = {t.vk.alpha1, t.vk.beta2, t.vk.gamma2, t.vk.delta2};
        for (size_t i = 0; i < 4; i++) {
            uint8_t keep[PM_G2_MAX_BYTES];
            size_t size = i == 0 ? curve()->g1_bytes : curve()->g2_bytes;
            memcpy(keep, must[i], size);
            memset(must[i], 0, size);
            CHECK_U64(pm_vk_check(&t.vk, "vk", &t.err), PM_FORMAT);
            memcpy(must[i], keep, size);
        }
        memset(t.vk.ic, 0, curve()->g1_bytes); /* may be infinity in a key, but then it is another key */
        CHECK_OK(pm_vk_check(&t.vk, "vk", &t.err), t.err);
        CHECK_U64(verify(&t), PM_INVALID_PROOF);
    }
    tear_down(&t);
}

/* More public signals than there are ladders and combs for: sums as in a prover. */
PM_TEST(many_signals)
{
    static const uint32_t counts[] = {0, 1, 8, 9, 32, 33};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct oracle o;
        struct oracle_key k;
        struct pm_error err;
        struct pm_proof proof;
        uint8_t r[32], s[32];
        oracle_make(&o, curve(), 2, counts[i], test_random());
        const char *failed = oracle_key_make(&k, &o, NULL, &err);
        CHECK_MSG(!failed, "%s", failed);
        if (failed) continue;
        oracle_element(&o, r);
        oracle_element(&o, s);
        oracle_prove(&o, &proof, r, s);
        uint8_t *signals = o.witness + 32;
        CHECK_OK(pm_verify(pm_key_vk(k.key), &proof, signals, counts[i], &err), err);
        CHECK_OK(pm_verify_ready(pm_key_vk_ready(k.key), &proof, signals, counts[i], &err), err);
        if (counts[i]) {
            signals[32 * (counts[i] - 1)] ^= 1;
            CHECK_U64(pm_verify(pm_key_vk(k.key), &proof, signals, counts[i], &err), PM_INVALID_PROOF);
            CHECK_U64(pm_verify_ready(pm_key_vk_ready(k.key), &proof, signals, counts[i], &err),
                      PM_INVALID_PROOF);
        }
        oracle_key_free(&k);
        oracle_free(&o);
    }
}

PM_TEST(keys_unfit_for_production)
{
    struct triple t;
    if (set_up(&t)) {
        CHECK(t.vk.dev);
        CHECK_U64(pm_vk_production_check(&t.vk, &t.err), PM_UNSAFE_KEY);
        CHECK(strstr(t.err.text, "development") != NULL);
        t.vk.dev = false;
        CHECK_OK(pm_vk_production_check(&t.vk, &t.err), t.err);
        memcpy(t.vk.delta2, t.vk.gamma2, curve()->g2_bytes);
        CHECK_U64(pm_vk_production_check(&t.vk, &t.err), PM_UNSAFE_KEY);
        CHECK(strstr(t.err.text, "second phase") != NULL);
    }
    tear_down(&t);
}

/* Whatever the mark says: alpha of the known secrets suffices, as in keys that snarkjs made from them. */
PM_TEST(keys_from_known_powers_of_tau)
{
    struct triple t;
    if (set_up(&t)) {
        struct pm_ptau_secrets known;
        struct pm_point1 p;
        t.vk.dev = false;
        pm_dev_secrets(&known, curve());
        curve()->g1_from_affine(&p, curve()->g1_generator);
        curve()->g1_mul(&p, &p, known.alpha);
        curve()->g1_to_affine(t.vk.alpha1, &p);
        CHECK_U64(pm_vk_production_check(&t.vk, &t.err), PM_UNSAFE_KEY);
        CHECK(strstr(t.err.text, "development powers of tau") != NULL);
    }
    tear_down(&t);
}
