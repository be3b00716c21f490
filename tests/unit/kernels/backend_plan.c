/* Keys that no device takes are refused before any of their points is looked at: domains without roots of
 * unity for the odd coset, more variables than an entry can number. Layouts themselves: backend.c. */
#include "kernels/backend_plan.h"

#include "test.h"

/* Nothing in it may be read: no pointer is set. */
static enum pm_status plan(struct pm_error *err, const char *curve, unsigned log2_domain, uint32_t n_vars,
                           uint32_t n_public)
{
    static struct gpu_key_plan out;
    const struct pm_backend_key key = {
        .curve = curve, .log2_domain = log2_domain, .n_vars = n_vars, .n_public = n_public};
    memset(err, 0, sizeof *err);
    return gpu_key_plan(&out, emu_curve_by_name(curve), &key, SIZE_MAX, err);
}

/* BN254's Fr has 2^28-th roots of unity and no more, so that the odd coset of a domain of 2^28 is not there
 * (snarkjs shifts by something else, then): 2^27 is the largest. BLS12-381 has 2^32-th roots. */
PM_TEST(domains)
{
    struct pm_error err;
    CHECK_U64(emu_curve_by_name("bn128")->two_adicity, 28);
    CHECK_U64(plan(&err, "bn128", 28, 10, 1), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "2^28") && strstr(err.text, "is 2^27"), "%s", err.text);
    CHECK_U64(plan(&err, "bls12381", 31, 10, 1), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "2^31") && strstr(err.text, "is 2^30"), "%s", err.text);
    /* One less passes here: what is found missing is a variable. */
    CHECK_U64(plan(&err, "bn128", 27, 1, 1), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "1 variables, 1 of them public"), "%s", err.text);
    CHECK_U64(plan(&err, "bls12381", 30, 1, 1), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "1 variables, 1 of them public"), "%s", err.text);
}

/* Bases of C and H are numbered together, below K_MINUS. */
PM_TEST(variables)
{
    struct pm_error err;
    CHECK_U64(plan(&err, "bn128", 4, K_MINUS - 16, 0), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "2147483632 variables"), "%s", err.text);
    CHECK_U64(plan(&err, "bn128", 20, K_MINUS - (1u << 20), 5), PM_UNSUPPORTED);
    CHECK_U64(plan(&err, "bls12381", 4, UINT32_MAX, 0), PM_UNSUPPORTED);
    CHECK_U64(plan(&err, "bls12381", 4, 3, 3), PM_UNSUPPORTED);
    CHECK_U64(plan(&err, "bls12381", 4, 0, 0), PM_UNSUPPORTED);
}

PM_TEST(driver_takes_local_memory)
{
    CHECK_U64(gpu_reserve_bytes(0, 2048, 132), (size_t)64 << 20);
    /* BLS12-381's g2_carry on one H100 */
    CHECK_U64(gpu_reserve_bytes(1040, 2048, 132), ((size_t)64 << 20) + 281149440);
}
