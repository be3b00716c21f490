/* pm_prove allocates nothing: linked with -Wl,--wrap for the allocator's functions, which are counted here.
 */
#include "conformance/oracle.h"
#include "test.h"
#include "curve_under_test.h"

#include <stdatomic.h>
#include <sys/mman.h>

static atomic_int calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    calls++;
    return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size)
{
    calls++;
    return __real_realloc(p, size);
}
void *__wrap_aligned_alloc(size_t align, size_t size)
{
    calls++;
    return __real_aligned_alloc(align, size);
}
int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    calls++;
    return __real_posix_memalign(out, align, size);
}
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    calls++;
    return __real_mmap(at, len, prot, flags, fd, offset);
}
void __wrap_free(void *p)
{
    calls++;
    __real_free(p);
}

PM_TEST(proving_allocates_nothing)
{
    struct pm_error err;
    struct oracle o;
    struct oracle_key k;
    struct pm_prover *p = NULL;
    struct pm_pool *pool = pm_pool_new(2, &err);
    oracle_make(&o, curve(), 200, 3, test_random());
    const char *failed = oracle_key_make(&k, &o, pool, &err);
    CHECK_MSG(!failed, "%s", failed);
    CHECK_OK(pm_prover_new(&p, k.key, "cpu", pool, &err), err);
    CHECK(calls > 0); /* the counter counts */
    if (p) {
        uint8_t one[32] = {1}, *last = o.witness + ((size_t)o.n_vars - 1) * 32;
        struct pm_proof proof;
        struct pm_batch_item items[3];
        for (int i = 0; i < 3; i++)
            items[i] = (struct pm_batch_item){.witness = o.witness, .n_values = o.n_vars};
        int before = calls;
        enum pm_status good = pm_prove(p, &proof, o.witness, o.n_vars, NULL, &err);
        o.curve->fr_add(last, last, one);
        enum pm_status bad = pm_prove(p, &proof, o.witness, o.n_vars, NULL, &err);
        enum pm_status shorter = pm_prove(p, &proof, o.witness, o.n_vars - 1, NULL, &err);
        enum pm_status many = pm_prove_batch(p, items, 3, &err);
        int after = calls;
        CHECK_U64(good, PM_OK);
        CHECK_U64(bad, PM_UNSATISFIED);
        CHECK_U64(shorter, PM_MISMATCH);
        CHECK_U64(many, PM_UNSATISFIED);
        CHECK_U64(after - before, 0);
    }
    pm_prover_free(&p);
    oracle_key_free(&k);
    oracle_free(&o);
    pm_pool_free(&pool);
}
