/* Witnesses of a module that turns against its host, and of one that does not: values, errors, limits,
 * parallel use. Equality with snarkjs is snarkjs.c's matter. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/witness.h"
#include "base/bytes.h"
#include "base/clock.h"

#include <pthread.h>
#include <unistd.h>

static struct pm_error err;

static struct pm_circuit *circuit(void)
{
    static struct pm_circuit *c;
    if (!c && pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("cache"), &err) != PM_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return c;
}

static enum pm_status compute(const char *json, struct pm_witness *w)
{
    struct pm_witness_limits limits = {500, 64 << 20, -1};
    err = (struct pm_error){0};
    return pm_circuit_witness(circuit(), json, strlen(json), w, &limits, &err);
}

static enum pm_status deed(unsigned x, struct pm_witness *w)
{
    char json[32];
    snprintf(json, sizeof json, "{\"x\": %u}", x);
    return compute(json, w);
}

PM_TEST(values)
{
    struct pm_witness w;
    for (uint32_t x = 20; x < 200; x += 7) {
        if (x % 97 < 20) continue; /* its deeds */
        CHECK_OK(deed(x, &w), err);
        CHECK_U64(w.n_values, 3);
        CHECK_U64(w.n8, 4);
        if (!w.values) return;
        CHECK_U64(pm_load_le32(w.values), 1);
        CHECK_U64(pm_load_le32(w.values + 4), x % 97);
        CHECK_U64(pm_load_le32(w.values + 8), x * x % 97);
        CHECK_STR(w.log, "");
        pm_witness_fini(&w);
        CHECK(w.values == NULL && w.block == NULL);
        pm_witness_fini(&w);
    }
}

PM_TEST(every_deed_has_its_error)
{
    static const struct {
        unsigned x;
        enum pm_status status;
        const char *text;
    } rows[] = {
        {1, PM_TIMEOUT, "longer than the 500 ms"},
        {2, PM_CIRCUIT, "unreachable instruction"},
        {3, PM_CIRCUIT, "outside the module's memory"},
        {4, PM_NO_MEMORY, "not enough memory"},
        {5, PM_CIRCUIT, "call stack exhausted"},
        {6, PM_CIRCUIT, "assert failed: Error in template Foo_1 line: 7"},
        {7, PM_CIRCUIT, "value 2 of its witness is not below the prime"},
        {8, PM_CIRCUIT, "does not begin with the number one"},
        {9, PM_CIRCUIT, "assert failed: xxx"},
        {10, PM_CIRCUIT, "division by zero"},
        {12, PM_CIRCUIT, "unknown error"},
        {13, PM_CIRCUIT, "wrong indirect call"},
        {14, PM_CIRCUIT, "wrong indirect call"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pm_witness w;
        enum pm_status status = deed(rows[i].x, &w);
        CHECK_MSG(status == rows[i].status, "deed %u: %s: %s", rows[i].x, pm_status_name(status), err.text);
        CHECK_MSG(strstr(err.text, rows[i].text) != NULL, "deed %u: %s", rows[i].x, err.text);
        CHECK(w.block == NULL);
    }
}

PM_TEST(wrong_inputs_are_named)
{
    static const struct {
        const char *json;
        enum pm_status status;
        const char *text;
    } rows[] = {
        {"{}", PM_MISMATCH, "an input signal is missing: the circuit takes 1 values, the input sets 0"},
        {"{\"x\":[]}", PM_MISMATCH, "not enough values for input signal x: 1 expected, 0 found"},
        {"{\"x\":[20,[21]]}", PM_MISMATCH, "too many values for input signal x: 1 expected, 2 found"},
        {"{\"x\":20,\"y\":1}", PM_MISMATCH, "has no input signal y"},
        {"{\"X\":20}", PM_MISMATCH, "has no input signal X"},
        {"{\"x\":\"twenty\"}", PM_FORMAT, "input signal x"},
        {"[20]", PM_FORMAT, "object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pm_witness w;
        CHECK_MSG(compute(rows[i].json, &w) == rows[i].status, "%s: %s", rows[i].json, err.text);
        CHECK_MSG(strstr(err.text, rows[i].text) != NULL, "%s: %s", rows[i].json, err.text);
    }
}

PM_TEST(the_circuits_log_is_kept)
{
    struct pm_witness w;
    CHECK_OK(deed(11, &w), err);
    CHECK_STR(w.log, "x is 11\n");
    pm_witness_fini(&w);
}

PM_TEST(it_can_be_cancelled)
{
    int fds[2];
    struct pm_witness w;
    CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
    struct pm_witness_limits limits = {60000, 0, fds[0]};
    uint64_t start = pm_clock_ms();
    CHECK_U64(pm_circuit_witness(circuit(), "{\"x\":1}", 7, &w, &limits, &err), PM_CANCELLED);
    CHECK(pm_clock_ms() - start < 5000);
    close(fds[0]);
    close(fds[1]);
}

static void *many(void *arg)
{
    uint32_t x = 20 + (uint32_t)(uintptr_t)arg;
    for (int i = 0; i < 15; i++) {
        struct pm_error e;
        struct pm_witness w;
        char json[32];
        snprintf(json, sizeof json, "{\"x\":\"%u\"}", x);
        CHECK_OK(pm_circuit_witness(circuit(), json, strlen(json), &w, NULL, &e), e);
        if (!w.values) return NULL;
        CHECK_U64(pm_load_le32(w.values + 4), x);
        pm_witness_fini(&w);
    }
    return NULL;
}

PM_TEST(many_at_a_time)
{
    pthread_t threads[8];
    circuit();
    for (uintptr_t i = 0; i < 8; i++) pthread_create(&threads[i], NULL, many, (void *)i);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
}

PM_TEST(the_file)
{
    struct pm_witness w;
    size_t len;
    CHECK_OK(deed(20, &w), err);
    CHECK_OK(pm_witness_write(&w, scratch("x.wtns"), &err), err);
    pm_witness_fini(&w);
    static const uint8_t expected[] = {
        'w', 't', 'n', 's', 2,  0, 0, 0, 2,  0, 0, 0,              /* magic, version, sections */
        1,   0,   0,   0,   12, 0, 0, 0, 0,  0, 0, 0, 4,  0, 0, 0, /* header, n8 */
        97,  0,   0,   0,   3,  0, 0, 0, 2,  0, 0, 0, 12, 0, 0, 0,
        0,   0,   0,   0,   1,  0, 0, 0, 20, 0, 0, 0, 12, 0, 0, 0};
    uint8_t *found = scratch_read(scratch("x.wtns"), &len);
    CHECK_U64(len, sizeof expected);
    if (found && len == sizeof expected) CHECK_MEM(found, expected, len);
    free(found);
    CHECK_OK(deed(21, &w), err);
    CHECK_U64(pm_witness_write(&w, scratch("no/such/folder.wtns"), &err), PM_IO);
    pm_witness_fini(&w);
}
