/* The table of loaded keys: loading, keeping, giving way, refusing. */
#include "test.h"

#include "folder.h"
#include "prove/setup.h"
#include "worker/artifacts.h"
#include "worker/keys.h"

#include "base/bytes.h"

#include <fcntl.h>

/* x * x = y, y public, with `n` such constraints so that keys differ in size. */
static void make_key(const char *path, unsigned n)
{
    struct pm_error err = {0};
    struct pm_r1cs r1cs;
    const struct pm_curve *curve = pm_curve_by_name("bn128");
    enum { ONE = 3 * (4 + 36) };
    uint8_t *c = calloc(n, ONE);
    if (!c || !curve) exit(1);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < 3; k++) {
            uint8_t *lc = c + i * ONE + k * 40;
            pm_store_le32(lc, 1);
            pm_store_le32(lc + 4, k == 2 ? 1 : 2);
            lc[8] = 1;
        }
    char r1cs_path[600];
    snprintf(r1cs_path, sizeof r1cs_path, "%s.r1cs", path);
    CHECK_OK(pm_r1cs_write(r1cs_path, curve, 3, 1, 0, n, c, (uint64_t)n * ONE, &err), err);
    CHECK_OK(pm_r1cs_open(&r1cs, r1cs_path, &err), err);
    CHECK_OK(pm_setup_dev(&r1cs, path, NULL, NULL, &err), err);
    pm_r1cs_close(&r1cs);
    free(c);
}

static void check_proves(struct pm_prover *prover, const struct pm_key *key)
{
    uint8_t witness[3 * 32] = {0};
    struct pm_proof proof;
    struct pm_error err = {0};
    witness[0] = 1, witness[32] = 49, witness[64] = 7;
    CHECK_OK(pm_prove(prover, &proof, witness, 3, NULL, &err), err);
    CHECK_OK(pm_verify(pm_key_vk(key), &proof, witness + 32, 1, &err), err);
}

static enum pm_status get(struct pm_keys *keys, uint8_t id, const char *path, uint32_t *ms,
                          struct pm_error *err)
{
    const struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    uint8_t sha256[32] = {id};
    enum pm_status s = pm_keys_get(keys, &key, &prover, path, sha256, ms, err);
    if (s == PM_OK) check_proves(prover, key);
    return s;
}

/* The same without a proof. */
static enum pm_status load(struct pm_keys *keys, uint8_t id, const char *path, uint32_t *ms,
                           struct pm_error *err)
{
    const struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    uint8_t sha256[32] = {id};
    enum pm_status s = pm_keys_get(keys, &key, &prover, path, sha256, ms, err);
    if (s == PM_OK) CHECK_STR(pm_prover_device(prover), "emu:0");
    return s;
}

PM_TEST(a_key_stays_loaded_until_others_need_the_room)
{
    struct pm_error err = {0};
    struct pm_keys *keys = NULL;
    uint32_t ms = 0;
    static char path[3][512];
    for (int i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s", in_folder(i == 0 ? "a" : i == 1 ? "b" : "c"));
        make_key(path[i], 20);
    }
    CHECK_OK(pm_keys_new(&keys, "cpu", 1ull << 30, NULL, &err), err);
    CHECK(!pm_artifacts_is_checked(path[0]));
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    CHECK(ms > 0 && pm_artifacts_is_checked(path[0]));
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    CHECK_U64(ms, 0);
    pm_keys_free(&keys);

    /* Room for two of them: find the smallest budget for one, then take two and a half times that. */
    uint64_t low = 0, high = 1ull << 30;
    while (high - low > 1024) {
        uint64_t middle = low + (high - low) / 2;
        CHECK_OK(pm_keys_new(&keys, "cpu", middle, NULL, &err), err);
        enum pm_status s = get(keys, 1, path[0], &ms, &err);
        CHECK(s == PM_OK || s == PM_NO_MEMORY);
        if (s == PM_NO_MEMORY)
            CHECK_MSG(strstr(err.text, "MiB") && strstr(err.text, "--memory"), "%s", err.text);
        *(s == PM_OK ? &high : &low) = middle;
        pm_keys_free(&keys);
    }
    CHECK(low > 0);
    CHECK_OK(pm_keys_new(&keys, "emu", high, NULL, &err), err);
    CHECK_U64(load(keys, 1, path[0], &ms, &err), PM_NO_MEMORY); /* what a device copies from counts, too */
    pm_keys_free(&keys);
    CHECK_OK(pm_keys_new(&keys, "cpu", high, NULL, &err), err);
    pm_keys_tables(keys, 1 << 20); /* rather without them than not at all */
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    pm_keys_free(&keys);
    CHECK_OK(pm_keys_new(&keys, "cpu", 1ull << 30, NULL, &err), err);
    pm_keys_tables(keys, 1 << 20);
    {
        const struct pm_key *key = NULL;
        struct pm_prover *prover = NULL;
        uint8_t sha256[32] = {1};
        CHECK_OK(pm_keys_get(keys, &key, &prover, path[0], sha256, &ms, &err), err);
        CHECK(key && pm_key_table_bytes(key) > 0);
        check_proves(prover, key);
    }
    pm_keys_free(&keys);
    CHECK_OK(pm_keys_new(&keys, "cpu", high * 5 / 2, NULL, &err), err);
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    CHECK_OK(get(keys, 2, path[1], &ms, &err), err);
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    CHECK_U64(ms, 0); /* both fit */
    CHECK_OK(get(keys, 3, path[2], &ms, &err), err);
    CHECK_OK(get(keys, 1, path[0], &ms, &err), err);
    CHECK_U64(ms, 0); /* the least recently used one gave way */
    CHECK_OK(get(keys, 2, path[1], &ms, &err), err);
    CHECK(ms > 0);
    pm_keys_free(&keys);
}

/* What one prover of a key takes of the emulated GPU's memory. */
static uint64_t device_bytes(const char *path)
{
    struct pm_error err = {0};
    struct pm_zkey zkey;
    struct pm_key *key = NULL;
    struct pm_prover_room room = {0};
    CHECK_OK(pm_zkey_open(&zkey, path, PM_CHECK_SHAPE, NULL, &err), err);
    CHECK_OK(pm_key_new(&key, &zkey, NULL, &err), err);
    CHECK_OK(pm_prover_room(&room, key, "cpu", 1, &err), err);
    CHECK(room.bytes == 0 && room.memory_bytes == 0);
    CHECK_OK(pm_prover_room(&room, key, "emu", 1, &err), err);
    CHECK(room.bytes > 0 && room.bytes <= room.memory_bytes);
    pm_key_free(&key);
    pm_zkey_close(&zkey);
    return room.bytes;
}

PM_TEST(a_devices_memory_is_shared_by_keys)
{
    struct pm_error err = {0};
    struct pm_keys *keys = NULL;
    uint32_t ms = 0;
    char path[2][512], limit[32];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s", in_folder(i == 0 ? "d" : "e"));
        make_key(path[i], 20);
    }
    uint64_t one = device_bytes(path[0]);
    for (uint64_t fit = 1; fit <= 2; fit++) {
        snprintf(limit, sizeof limit, "%llu", (unsigned long long)(fit == 2 ? 2 * one : 2 * one - 1));
        setenv("PROOFMILL_DEVICE_MEMORY", limit, 1);
        CHECK_OK(pm_keys_new(&keys, "emu", 1ull << 30, NULL, &err), err);
        CHECK_OK(load(keys, 1, path[0], &ms, &err), err);
        CHECK_OK(load(keys, 2, path[1], &ms, &err), err);
        CHECK(ms > 0);
        CHECK_OK(load(keys, 2, path[1], &ms, &err), err);
        CHECK_U64(ms, 0);
        CHECK_OK(load(keys, 1, path[0], &ms, &err), err);
        CHECK((ms == 0) == (fit == 2)); /* else it had given way */
        pm_keys_free(&keys);
    }
    unsetenv("PROOFMILL_DEVICE_MEMORY");
}

PM_TEST(a_bad_key_is_refused_and_not_marked)
{
    struct pm_error err = {0};
    struct pm_keys *keys = NULL;
    uint32_t ms = 0;
    char path[512];
    snprintf(path, sizeof path, "%s", in_folder("bad"));
    make_key(path, 20);
    struct pm_zkey zkey;
    CHECK_OK(pm_zkey_open(&zkey, path, PM_CHECK_SHAPE, NULL, &err), err);
    long offset = (long)(zkey.h - zkey.file.data) + 40; /* into a point's y: off the curve */
    pm_zkey_close(&zkey);
    FILE *f = fopen(path, "r+");
    if (!f) exit(1);
    fseek(f, offset, SEEK_SET);
    int byte = fgetc(f);
    fseek(f, offset, SEEK_SET);
    fputc(byte ^ 1, f);
    fclose(f);
    CHECK_OK(pm_keys_new(&keys, "cpu", 1ull << 30, NULL, &err), err);
    CHECK_U64(get(keys, 1, path, &ms, &err), PM_FORMAT);
    CHECK(!pm_artifacts_is_checked(path));
    CHECK(get(keys, 2, in_folder("nothing"), &ms, &err) != PM_OK);
    char good[512];
    snprintf(good, sizeof good, "%s", in_folder("good"));
    make_key(good, 3);
    CHECK_OK(get(keys, 3, good, &ms, &err), err); /* and others are none the worse */
    pm_keys_free(&keys);
}

PM_TEST(more_keys_than_places)
{
    struct pm_error err = {0};
    struct pm_keys *keys = NULL;
    uint32_t ms = 0;
    char path[512];
    snprintf(path, sizeof path, "%s", in_folder("many"));
    make_key(path, 2);
    CHECK_OK(pm_keys_new(&keys, "cpu", 1ull << 30, NULL, &err), err);
    for (uint8_t i = 0; i < 40; i++) {
        CHECK_OK(get(keys, i, path, &ms, &err), err);
        CHECK(ms > 0);
    }
    CHECK_OK(get(keys, 39, path, &ms, &err), err);
    CHECK_U64(ms, 0);
    pm_keys_free(&keys);
}

PM_TEST(a_device_that_does_not_exist)
{
    struct pm_error err = {0};
    struct pm_keys *keys = NULL;
    uint32_t ms = 0;
    char path[512];
    snprintf(path, sizeof path, "%s", in_folder("dev"));
    make_key(path, 2);
    CHECK_OK(pm_keys_new(&keys, "abacus", 1ull << 30, NULL, &err), err);
    CHECK(get(keys, 1, path, &ms, &err) != PM_OK);
    CHECK(get(keys, 1, path, &ms, &err) != PM_OK);
    pm_keys_free(&keys);
}
