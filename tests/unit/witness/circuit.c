/* Opening circuits: good ones, files that are none, damaged caches; and replies from programs that lie. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/circuit.h"
#include "witness/driver/protocol.h"
#include "base/bytes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pm_error err;

PM_TEST(an_open_circuit_describes_itself)
{
    struct pm_circuit *c;
    CHECK_OK(pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("cache"), &err), err);
    if (!c) return;
    const struct pm_circuit_info *info = pm_circuit_info(c);
    CHECK_U64(info->version[0], 2);
    CHECK_U64(info->version[1], 1);
    CHECK_U64(info->version[2], 9);
    CHECK_U64(info->n_values, 3);
    CHECK_U64(info->n_inputs, 1);
    CHECK_U64(info->n8, 4);
    CHECK_U64(info->prime[0], 97);
    pm_circuit_close(&c);
    CHECK(c == NULL);
    pm_circuit_close(&c);
}

PM_TEST(files_that_are_no_circuit)
{
    struct pm_circuit *c;
    CHECK_U64(pm_circuit_open(&c, scratch("absent.wasm"), scratch("cache"), &err), PM_NOT_FOUND);
    CHECK(c == NULL);
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"", 0},
                {"\0asm", 4},
                {"\0asm\2\0\0\0", 8},
                {"\x7f"
                 "ELF\1\0\0\0",
                 8},
                {"{\"not\": \"wasm\"}", 15}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_write(scratch("bad.wasm"), rows[i].bytes, rows[i].len);
        CHECK_U64(pm_circuit_open(&c, scratch("bad.wasm"), scratch("cache"), &err), PM_FORMAT);
        CHECK_MSG(strstr(err.text, "bad.wasm") != NULL, "%s", err.text);
    }
    scratch_write(scratch("bad.wasm"), "\0asm\1\0\0\0garbage", 15);
    CHECK_U64(pm_circuit_open(&c, scratch("bad.wasm"), scratch("cache"), &err), PM_FORMAT);
    CHECK_MSG(strstr(err.text, "malformed") != NULL, "%s", err.text);
    CHECK_U64(pm_circuit_open(&c, PM_FOREIGN_WASM, scratch("cache"), &err), PM_UNSUPPORTED);
    CHECK_U64(pm_circuit_open(&c, PM_BARE_WASM, scratch("cache"), &err), PM_UNSUPPORTED);
}

/* Each entry of the cache is overwritten in place, as a failing disk would. */
static void damage(const char *dir, const char *with, size_t len)
{
    char path[1024];
    DIR *d = opendir(dir);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (strncmp(e->d_name, "circuit-", 8) != 0 || strstr(e->d_name, ".lock")) continue;
        CHECK(chmod(path, 0700) == 0);
        int fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && pwrite(fd, with, len, 0) == (ssize_t)len);
        CHECK(len > 0 || ftruncate(fd, 5000) == 0);
        close(fd);
    }
    closedir(d);
}

PM_TEST(a_damaged_cache_heals)
{
    static const char other[] = "#!/bin/sh\nexit 0\n";
    for (int round = 0; round < 2; round++) {
        struct pm_circuit *c;
        CHECK_OK(pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("damaged"), &err), err);
        pm_circuit_close(&c);
        damage(scratch("damaged"), other, round ? sizeof other - 1 : 0);
        CHECK_OK(pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("damaged"), &err), err);
        pm_circuit_close(&c);
    }
}

/* The path of the one program in a cache folder. */
static void program_in(char path[1024], const char *dir)
{
    DIR *d = opendir(dir);
    path[0] = '\0';
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (strncmp(e->d_name, "circuit-", 8) == 0 && !strchr(e->d_name, '.'))
            snprintf(path, 1024, "%s/%s", dir, e->d_name);
    if (d) closedir(d);
}

/* A program in good order that belongs to another circuit, where this one's should be. */
PM_TEST(an_exchanged_program_is_noticed)
{
    char mine[1024], other[1024];
    size_t len;
    struct pm_circuit *c;
    uint8_t *wasm = scratch_read(PM_HOSTILE_WASM, &len), *name = memmem(wasm, len, "Foo_1", 5);
    CHECK(name != NULL);
    if (!name) return;
    memcpy(name, "Bar_1", 5);
    scratch_write(scratch("other.wasm"), wasm, len);
    free(wasm);
    CHECK_OK(pm_circuit_open(&c, scratch("other.wasm"), scratch("exchange-other"), &err), err);
    pm_circuit_close(&c);
    CHECK_OK(pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("exchange"), &err), err);
    uint8_t sha256[32];
    memcpy(sha256, pm_circuit_info(c)->sha256, 32);
    pm_circuit_close(&c);
    program_in(mine, scratch("exchange"));
    program_in(other, scratch("exchange-other"));
    CHECK(strcmp(strrchr(mine, '/'), strrchr(other, '/')) != 0);
    CHECK(rename(other, mine) == 0);
    CHECK_OK(pm_circuit_open(&c, PM_HOSTILE_WASM, scratch("exchange"), &err), err);
    CHECK_MEM(pm_circuit_info(c)->sha256, sha256, 32);
    pm_circuit_close(&c);
}

/* Mutated modules: opened or refused with a text, never a crash, never more than their limits. */
PM_TEST(mutated_modules)
{
    size_t len;
    uint8_t *wasm = scratch_read(PM_HOSTILE_WASM, &len);
    for (int round = 0; round < 25; round++) {
        struct pm_circuit *c;
        uint8_t copy[4096];
        size_t n = len;
        memcpy(copy, wasm, len);
        if (round % 5 == 0)
            n = 8 + test_random() % (len - 8);
        else
            copy[8 + test_random() % (len - 8)] = (uint8_t)test_random();
        scratch_write(scratch("mutant.wasm"), copy, n);
        err = (struct pm_error){0};
        enum pm_status status = pm_circuit_open(&c, scratch("mutant.wasm"), scratch("mutants"), &err);
        CHECK_MSG(status == PM_OK ? c != NULL : c == NULL && err.text[0] != '\0', "round %d: %d", round,
                  status);
        CHECK_MSG(status != PM_INTERNAL && status != PM_IO, "round %d: %s", round, err.text);
        pm_circuit_close(&c);
    }
    free(wasm);
}

static void make_reply(uint8_t *out, uint32_t text, uint32_t log, uint64_t payload)
{
    const uint32_t words[PMD_REPLY_WORDS] = {
        PMD_REPLY_MAGIC, 0, 1, 2, 3, text, log, (uint32_t)payload, (uint32_t)(payload >> 32)};
    for (int i = 0; i < PMD_REPLY_WORDS; i++) pm_store_le32(out + 4 * i, words[i]);
}

PM_TEST(replies_that_lie)
{
    uint8_t bytes[200] = {0};
    struct pm_reply r;
    make_reply(bytes, 10, 20, 134);
    CHECK_OK(pm_reply_parse(&r, bytes, sizeof bytes, "m", &err), err);
    CHECK(r.a == 1 && r.b == 2 && r.c == 3 && r.text_len == 10 && r.log_len == 20 && r.payload_len == 134);
    CHECK(r.payload == bytes + 66);
    CHECK_U64(pm_reply_parse(&r, bytes, sizeof bytes - 1, "m", &err), PM_SANDBOX);
    CHECK_U64(pm_reply_parse(&r, bytes, 35, "m", &err), PM_SANDBOX);
    CHECK_U64(pm_reply_parse(&r, bytes, 0, "m", &err), PM_SANDBOX);
    make_reply(bytes, UINT32_MAX, 20, 134);
    CHECK_U64(pm_reply_parse(&r, bytes, sizeof bytes, "m", &err), PM_SANDBOX);
    make_reply(bytes, 10, UINT32_MAX - 9, 164);
    CHECK_U64(pm_reply_parse(&r, bytes, sizeof bytes, "m", &err), PM_SANDBOX);
    make_reply(bytes, 10, 20, UINT64_MAX - 29);
    CHECK_U64(pm_reply_parse(&r, bytes, sizeof bytes, "m", &err), PM_SANDBOX);
    for (int round = 0; round < 20000; round++) {
        uint8_t random[120];
        test_random_bytes(random, sizeof random);
        make_reply(random, test_random() % 64, test_random() % 64, test_random() % 128);
        random[test_random() % 36] = (uint8_t)test_random();
        size_t len = test_random() % sizeof random;
        if (pm_reply_parse(&r, random, len, "m", NULL) != PM_OK) continue;
        CHECK(36 + r.text_len + r.log_len + r.payload_len == len);
    }
}

PM_TEST(descriptions_that_lie)
{
    uint8_t payload[4 * PMD_ABOUT_WORDS + PMD_SHA256_BYTES] = {0};
    struct pm_reply r = {.code = PMD_OK, .payload = payload, .payload_len = sizeof payload};
    struct pm_circuit_info info;
    static const uint32_t good[7] = {2, 2, 3, 1, 10, 4, 97};
    static const struct {
        int word;
        uint32_t value;
    } rows[] = {{0, 1}, {0, 3},          {3, 0}, {3, 9}, {3, UINT32_MAX},
                {4, 0}, {4, UINT32_MAX}, {6, 0}, {6, 1}, {6, 96}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows + 1; i++) {
        for (int w = 0; w < 7; w++) pm_store_le32(payload + 4 * w, good[w]);
        bool honest = i == sizeof rows / sizeof *rows;
        if (!honest) pm_store_le32(payload + 4 * rows[i].word, rows[i].value);
        CHECK_MSG(pm_circuit_read_about(&info, &r, "m", &err) == (honest ? PM_OK : PM_UNSUPPORTED), "row %zu",
                  i);
    }
    r.payload_len--;
    CHECK_U64(pm_circuit_read_about(&info, &r, "m", &err), PM_SANDBOX);
    r.payload_len++;
    r.code = PMD_TRAP;
    CHECK_U64(pm_circuit_read_about(&info, &r, "m", &err), PM_SANDBOX);
}
