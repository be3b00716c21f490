/* The contract's text: constants, the shape of the function, and the refusals. That it compiles and verifies
 * on an EVM is tests/interop/'s and tests/e2e/'s. */
#include "conformance/oracle.h"
#include "prove/export_solidity.h"
#include "test.h"

struct made {
    struct oracle o;
    struct oracle_key k;
    struct pm_vk vk; /* IC is the key's */
    struct pm_error err;
};

static bool set_up(struct made *m, uint32_t n_public)
{
    *m = (struct made){.vk = {.n_public = 0}};
    oracle_make(&m->o, pm_curve_by_name("bn128"), 2, n_public, test_random());
    const char *failed = oracle_key_make(&m->k, &m->o, NULL, &m->err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return false;
    m->vk = *pm_key_vk(m->k.key);
    return true;
}

static void tear_down(struct made *m)
{
    oracle_key_free(&m->k);
    oracle_free(&m->o);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what)) n++;
    return n;
}

PM_TEST(production_contract)
{
    struct made m;
    if (set_up(&m, 3)) {
        char *text = NULL;
        m.vk.dev = false;
        CHECK_OK(pm_export_solidity(&text, &m.vk, "Meter_Verifier", false, &m.err), m.err);
        CHECK(text && strstr(text, "contract Meter_Verifier {"));
        CHECK(text && strstr(text, "uint256[3] calldata publicSignals"));
        CHECK(text && strstr(text, "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001"));
        CHECK(text && !strstr(text, "constructor"));
        CHECK(text && strncmp(text, "// SPDX", 7) == 0);
        if (text) CHECK_U64(count(text, "addTerm(t, IC"), 3);
        if (text) CHECK_U64(count(text, "eq(returndatasize(), "), 3); /* every precompile call */
        if (text) CHECK_U64(count(text, "staticcall(gas(), "), 3);
        free(text);
    }
    tear_down(&m);
}

PM_TEST(unsafe_keys_stay_local)
{
    struct made m;
    if (set_up(&m, 1)) {
        char *text = (char *)&m;
        CHECK_U64(pm_export_solidity(&text, &m.vk, "V", false, &m.err),
                  PM_UNSAFE_KEY); /* a development key */
        CHECK(text == NULL);
        CHECK_OK(pm_export_solidity(&text, &m.vk, "V", true, &m.err), m.err);
        CHECK(text && strncmp(text, "// FOR LOCAL TEST CHAINS ONLY", 29) == 0);
        CHECK(text && strstr(text, "if (block.chainid != 31337 && block.chainid != 1337) revert"));
        free(text);
        m.vk.dev = false;
        memcpy(m.vk.gamma2, m.vk.delta2, sizeof m.vk.gamma2);
        CHECK_U64(pm_export_solidity(&text, &m.vk, "V", false, &m.err), PM_UNSAFE_KEY); /* no second phase */
        CHECK_OK(pm_export_solidity(&text, &m.vk, "V", true, &m.err), m.err);
        free(text);
    }
    tear_down(&m);
}

PM_TEST(no_public_signals)
{
    struct made m;
    if (set_up(&m, 0)) {
        char *text = NULL;
        CHECK_OK(pm_export_solidity(&text, &m.vk, "V", true, &m.err), m.err);
        CHECK(text && !strstr(text, "publicSignals"));
        CHECK(text && strstr(text, "uint256[2] calldata c\n"));
        free(text);
    }
    tear_down(&m);
}

PM_TEST(names_and_curves)
{
    struct made m;
    if (set_up(&m, 1)) {
        static const char *const bad[] = {"", "1V", "V V", "V{", "V;", "a-b", "\xc3\xa9", "V\n"};
        char *text = NULL;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
            CHECK_U64(pm_export_solidity(&text, &m.vk, bad[i], true, &m.err), PM_USAGE);
        struct pm_curve other = *m.vk.curve;
        other.name = "bls12381";
        m.vk.curve = &other;
        CHECK_U64(pm_export_solidity(&text, &m.vk, "V", true, &m.err), PM_UNSUPPORTED);
        CHECK(text == NULL);
    }
    tear_down(&m);
}
