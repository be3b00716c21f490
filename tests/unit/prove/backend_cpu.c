/* What is special about the CPU backend; what it computes is tests/conformance/'s. */
#include "conformance/oracle.h"
#include "prove/backend.h"
#include "prove/key.h"
#include "test.h"
#include "curve_under_test.h"

PM_TEST(plan_is_exact)
{
    for (uint32_t n = 1; n <= 300; n = 3 * n + 1) {
        for (unsigned threads = 1; threads <= 2; threads++) {
            struct oracle o;
            struct oracle_key k;
            struct pm_error err;
            struct pm_pool *pool = pm_pool_new(threads, &err);
            oracle_make(&o, curve(), n, 1, test_random());
            const char *failed = oracle_key_make(&k, &o, pool, &err);
            CHECK_MSG(!failed, "%s", failed);
            if (!failed) {
                struct pm_backend_plan plan;
                struct pm_arena arena;
                void *loaded = NULL, *work = NULL;
                CHECK_OK(pm_backend_cpu.plan(&plan, &k.key->view, 0, threads, &err), err);
                CHECK_OK(pm_key_on(&loaded, k.key, &pm_backend_cpu, 0, pool, &err), err);
                pm_arena_plan(&arena);
                CHECK_OK(pm_backend_cpu.open(&work, loaded, &arena, pool, &err), err);
                CHECK(work == NULL);
                CHECK_U64(arena.used, plan.host_work_bytes);
                CHECK_OK(pm_arena_init(&arena, plan.host_work_bytes, &err), err);
                CHECK_OK(pm_backend_cpu.open(&work, loaded, &arena, pool, &err), err);
                CHECK(work != NULL);
                CHECK_U64(arena.used, plan.host_work_bytes);
                CHECK(arena.peak <= plan.host_work_bytes);
                pm_backend_cpu.close(&work);
                CHECK(work == NULL);
                pm_arena_fini(&arena);
            }
            oracle_key_free(&k);
            oracle_free(&o);
            pm_pool_free(&pool);
        }
    }
}

PM_TEST(one_loaded_key_per_device)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    oracle_make(&o, curve(), 4, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) {
        void *first = NULL, *second = NULL;
        CHECK_OK(pm_key_on(&first, k.key, &pm_backend_cpu, 0, NULL, &err), err);
        CHECK_OK(pm_key_on(&second, k.key, &pm_backend_cpu, 0, NULL, &err), err);
        CHECK(first != NULL && first == second);
    }
    oracle_key_free(&k);
    oracle_free(&o);
}

PM_TEST(what_it_does_not_do)
{
    struct pm_error err;
    struct pm_backend_device device;
    struct pm_backend_plan plan;
    struct pm_backend_key key = {.curve = "secp256k1", .n_vars = 4, .log2_domain = 2};
    CHECK_OK(pm_backend_cpu.describe(&device, 0, &err), err);
    CHECK(strstr(device.text, "CPU") != NULL);
    CHECK_U64(pm_backend_cpu.describe(&device, 1, &err), PM_NOT_FOUND);
    CHECK_U64(pm_backend_cpu.plan(&plan, &key, 0, 1, &err), PM_UNSUPPORTED);
    key.curve = TEST_CURVE;
    key.log2_domain = curve()->two_adicity; /* there is no root of twice that order */
    CHECK_U64(pm_backend_cpu.plan(&plan, &key, 0, 1, &err), PM_UNSUPPORTED);
    key.log2_domain = 2;
    CHECK_OK(pm_backend_cpu.plan(&plan, &key, 0, 1, &err), err);
    struct pm_partials out;
    CHECK_U64(pm_backend_cpu.msm(&out, TEST_CURVE, 3, NULL, NULL, 0, 0, NULL, &err), PM_USAGE);
}
