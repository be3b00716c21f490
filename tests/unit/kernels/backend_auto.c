/* What "auto" does where the best device does not take a key: with a list of backends of this test's own, in
 * which the emulated GPU stands where a real one does. */
#include "conformance/oracle.h"
#include "prove/backend.h"
#include "test.h"

const struct pm_backend *const *pm_backend_list(void)
{
    static const struct pm_backend *const list[] = {&pm_backend_emu, &pm_backend_cpu, NULL};
    return list;
}

enum pm_status pm_backend_find(const struct pm_backend **out, unsigned *device, const char *name,
                               struct pm_error *err)
{
    *out = strcmp(name, "cpu") == 0 ? &pm_backend_cpu : &pm_backend_emu;
    *device = 0;
    (void)err;
    return PM_OK;
}

static void expect(const struct pm_key *key, const char *device, const char *made_on)
{
    struct pm_prover_room room;
    struct pm_prover *p = NULL;
    struct pm_error err;
    CHECK_OK(pm_prover_new(&p, key, device, NULL, &err), err);
    if (p) CHECK_STR(pm_prover_device(p), made_on);
    pm_prover_free(&p);
    CHECK_OK(pm_prover_room(&room, key, device, 1, &err), err);
    CHECK((room.bytes > 0) == (made_on[0] == 'e') && room.bytes <= room.memory_bytes);
}

PM_TEST(the_best_that_takes_the_key)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    struct pm_prover *p = NULL;
    struct pm_prover_room room;
    oracle_make(&o, pm_curve_by_name("bn128"), 10, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return;
    expect(k.key, "auto", "emu:0");
    expect(k.key, "cpu", "cpu:0");
    setenv("PROOFMILL_DEVICE_MEMORY", "1000", 1);
    expect(k.key, "auto", "cpu:0");
    CHECK_U64(pm_prover_new(&p, k.key, "emu", NULL, &err),
              PM_NO_MEMORY); /* who asks for it gets it or nothing */
    CHECK_U64(pm_prover_room(&room, k.key, "emu", 1, &err), PM_NO_MEMORY);
    setenv("PROOFMILL_DEVICE_MEMORY", "much", 1);
    CHECK_U64(pm_prover_new(&p, k.key, "auto", NULL, &err), PM_USAGE); /* is said, not passed over */
    unsetenv("PROOFMILL_DEVICE_MEMORY");
    oracle_key_free(&k);
    oracle_free(&o);
}
