/* The same bytes as snarkjs: for every circuit and input in the folder that expect.mjs filled, the .wtns
 * computed here equals the one that snarkjs computed; and where snarkjs refuses an input, so do we. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/witness.h"

#include <dirent.h>

static struct pm_error err;

static struct pm_circuit *open_circuit(const char *name)
{
    char path[1024];
    struct pm_circuit *c;
    snprintf(path, sizeof path, PM_CIRCUITS "/%s/%s.wasm", name, name);
    CHECK_OK(pm_circuit_open(&c, path, PM_WITNESS_CACHE, &err), err);
    return c;
}

static void check_input(const struct pm_circuit *c, const char *stem)
{
    char path[1024];
    size_t json_len, expected_len, found_len;
    struct pm_witness w;
    snprintf(path, sizeof path, PM_EXPECTED "/%s.json", stem);
    uint8_t *json = scratch_read(path, &json_len);
    snprintf(path, sizeof path, PM_EXPECTED "/%s.wtns", stem);
    uint8_t *expected = scratch_read(path, &expected_len);
    enum pm_status status = pm_circuit_witness(c, (const char *)json, json_len, &w, NULL, &err);
    if (!expected) {
        CHECK_MSG(status == PM_CIRCUIT || status == PM_MISMATCH || status == PM_FORMAT, "%s: %s", stem,
                  err.text);
    } else {
        CHECK_MSG(status == PM_OK, "%s: %s", stem, err.text);
    }
    if (expected && status == PM_OK) {
        CHECK_OK(pm_witness_write(&w, scratch("found.wtns"), &err), err);
        uint8_t *found = scratch_read(scratch("found.wtns"), &found_len);
        CHECK_U64(found_len, expected_len);
        if (found_len == expected_len)
            CHECK_MSG(memcmp(found, expected, found_len) == 0, "%s: bytes differ", stem);
        free(found);
    }
    pm_witness_fini(&w);
    free(json);
    free(expected);
}

/* Names are CIRCUIT.NUMBER.json. */
static int check_circuit(const char *name)
{
    struct pm_circuit *c = NULL;
    int checked = 0;
    DIR *d = opendir(PM_EXPECTED);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        size_t len = strlen(name);
        const char *end = strstr(e->d_name, ".json");
        if (strncmp(e->d_name, name, len) != 0 || e->d_name[len] != '.' || !end) continue;
        if (!c && !(c = open_circuit(name))) break;
        char stem[256];
        snprintf(stem, sizeof stem, "%.*s", (int)(end - e->d_name), e->d_name);
        check_input(c, stem);
        checked++;
    }
    if (d) closedir(d);
    pm_circuit_close(&c);
    return checked;
}

PM_TEST(multiplier) { CHECK(check_circuit("multiplier") >= 8); }
PM_TEST(multiplier_over_another_field) { CHECK(check_circuit("multiplier_bls") >= 3); }
PM_TEST(shapes) { CHECK(check_circuit("shapes") >= 8); }
PM_TEST(merkle) { CHECK(check_circuit("merkle") >= 2); }
PM_TEST(sha256) { CHECK(check_circuit("sha256") >= 2); }
PM_TEST(meter_batch) { CHECK(check_circuit("meter_batch") >= 3); }

PM_TEST(log_of_a_real_circuit)
{
    static const char json[] = "{\"one\":\"5\",\"list\":[1,2,3],\"matrix\":[[1,2,3],[4,5,6]]}";
    struct pm_circuit *c = open_circuit("shapes");
    struct pm_witness w;
    if (!c) return;
    CHECK_OK(pm_circuit_witness(c, json, sizeof json - 1, &w, NULL, &err), err);
    CHECK_STR(w.log ? w.log : "", "acc 102\n");
    pm_witness_fini(&w);
    pm_circuit_close(&c);
}

PM_TEST(the_assertion_is_named)
{
    static const char json[] = "{\"one\":1000,\"list\":[0,0,0],\"matrix\":[0,0,0,0,0,0]}";
    struct pm_circuit *c = open_circuit("shapes");
    struct pm_witness w;
    if (!c) return;
    CHECK_U64(pm_circuit_witness(c, json, sizeof json - 1, &w, NULL, &err), PM_CIRCUIT);
    CHECK_MSG(strstr(err.text, "assert failed: Error in template Shapes_0 line:") != NULL, "%s", err.text);
    pm_circuit_close(&c);
}
