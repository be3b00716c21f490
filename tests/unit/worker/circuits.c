/* Open circuits: shared, opened once, and errors that pass through. CIRCUITS_DIR comes from the build. */
#include "test.h"

#include "folder.h"
#include "worker/circuits.h"

#include <pthread.h>

static struct pm_circuits *circuits;
static const char *const wasm = CIRCUITS_DIR "/multiplier/multiplier.wasm";
static const uint8_t id[32] = {1};

struct user {
    const struct pm_circuit *circuit;
    enum pm_status status;
    unsigned slot;
};

static void *use(void *arg)
{
    struct user *u = arg;
    static const char input[] = "{\"a\": 3, \"b\": 11}";
    struct pm_witness witness;
    u->status = pm_circuits_get(circuits, &u->circuit, &u->slot, wasm, id, NULL);
    if (u->status != PM_OK) return NULL;
    u->status = pm_circuit_witness(u->circuit, input, sizeof input - 1, &witness, NULL, NULL);
    if (u->status != PM_OK) return NULL;
    if (witness.values[witness.n8] != 33) u->status = PM_INTERNAL;
    pm_witness_fini(&witness);
    pm_circuits_release(circuits, u->slot);
    return NULL;
}

PM_TEST(threads_share_one)
{
    struct pm_error err = {0};
    struct user u[4] = {0};
    pthread_t thread[4];
    CHECK_OK(pm_circuits_new(&circuits, in_folder("cache"), &err), err);
    for (int i = 0; i < 4; i++)
        if (pthread_create(&thread[i], NULL, use, &u[i]) != 0) exit(1);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        CHECK_U64(u[i].status, PM_OK);
        CHECK(u[i].circuit == u[0].circuit);
    }
    pm_circuits_free(&circuits);
}

PM_TEST(errors_pass_through_and_leave_the_place_free)
{
    struct pm_error err = {0};
    const struct pm_circuit *circuit = NULL;
    unsigned slot;
    uint8_t other[32] = {2};
    CHECK_OK(pm_circuits_new(&circuits, in_folder("cache"), &err), err);
    write_file(in_folder("bad.wasm"), "not wasm", 8);
    for (int i = 0; i < 70; i++)
        CHECK(pm_circuits_get(circuits, &circuit, &slot, in_folder("bad.wasm"), other, &err) != PM_OK);
    CHECK(err.text[0]);
    CHECK(pm_circuits_get(circuits, &circuit, &slot, in_folder("none.wasm"), other, &err) == PM_NOT_FOUND);
    CHECK_OK(pm_circuits_get(circuits, &circuit, &slot, wasm, id, &err), err);
    pm_circuits_release(circuits, slot);
    pm_circuits_free(&circuits);
}

PM_TEST(more_than_there_are_places)
{
    struct pm_error err = {0};
    const struct pm_circuit *circuit = NULL;
    unsigned slot[64], more;
    CHECK_OK(pm_circuits_new(&circuits, in_folder("cache"), &err), err);
    for (unsigned i = 0; i < 64; i++) { /* the same file under many names is as good as many files */
        uint8_t name[32] = {(uint8_t)(i + 1), 9};
        CHECK_OK(pm_circuits_get(circuits, &circuit, &slot[i], wasm, name, &err), err);
    }
    uint8_t name[32] = {200};
    CHECK(pm_circuits_get(circuits, &circuit, &more, wasm, name, &err) == PM_NO_MEMORY);
    pm_circuits_release(circuits, slot[5]);
    CHECK_OK(pm_circuits_get(circuits, &circuit, &more, wasm, name, &err),
             err); /* one that rests gives way */
    CHECK_U64(more, slot[5]);
    for (unsigned i = 0; i < 64; i++) pm_circuits_release(circuits, slot[i]);
    pm_circuits_free(&circuits);
}
