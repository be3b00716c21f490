/* Targets: messages of the wire, of every kind, and join strings. What decodes must encode, and decode to the
 * same. */
#include "fuzz/fuzz.h"
#include "wire/identity.h"
#include "wire/msg.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;
static size_t below(size_t n) { return (size_t)(fuzz_random(&state) % n); }

static void random_bytes(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)fuzz_random(&state);
}

static void random_text(char *out, size_t max)
{
    size_t len = below(max + 1);
    for (size_t i = 0; i < len; i++) out[i] = (char)('a' + below(26));
    out[len] = 0;
}

static const uint8_t blob[300];

#define PM_ELEM(name)                                                                                        \
    static void random_elem_##name(struct pm_##name *m)                                                      \
    {
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void random_msg_##name(struct pm_msg_##name *m)                                                   \
    {
#define PM_MSG_END(NAME, name) }
#define PM_U32(name)           m->name = (uint32_t)(fuzz_random(&state) >> below(64));
#define PM_U64(name)           m->name = fuzz_random(&state) >> below(64);
#define PM_BOOL(name)          m->name = below(2) == 1;
#define PM_FIX(name, len)      random_bytes(m->name, len);
#define PM_TEXT(name, max)     random_text(m->name, (max) < 40 ? (max) : 40);
#define PM_BYTES(name, max)    m->name = (struct pm_blob){blob, below(sizeof blob)};
#define PM_LIST(type, name, max)                                                                             \
    m->n_##name = 1 + below(3);                                                                              \
    for (size_t i = 0; i < m->n_##name; i++) random_elem_##type(&m->name[i]);
#include "wire/msg.def"

static void add(struct fuzz_corpus *corpus, const struct pm_msg *m)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (pm_msg_encode(&bytes, &len, m, NULL) != PM_OK)
        fuzz_fault("%s: a valid one does not encode", pm_msg_name(m->kind));
    fuzz_seed(corpus, bytes, len);
    free(bytes);
}

static void msg_seeds(struct fuzz_corpus *corpus)
{
    static struct pm_msg m;
#define PM_MSG(NAME, name, number)                                                                           \
    for (int i = 0; i < 3; i++) {                                                                            \
        memset(&m, 0, sizeof m);                                                                             \
        m.kind = PM_MSG_##NAME;                                                                              \
        random_msg_##name(&m.name);                                                                          \
        add(corpus, &m);                                                                                     \
    }
#include "wire/msg.def"
}

static bool msg_run(const uint8_t *data, size_t len)
{
    static struct pm_msg m, again;
    struct pm_error err = {.status = PM_OK};
    uint8_t *first = NULL, *second = NULL;
    size_t first_len = 0, second_len = 0;
    enum pm_status status = pm_msg_decode(&m, data, len, "mill-2", &err);
    fuzz_check_error(status, &err, "mill-2");
    if (status != PM_OK) {
        if (status != PM_PROTOCOL || m.bytes) fuzz_fault("a refusal that is none, or that keeps memory");
        return false;
    }
    if (pm_msg_encode(&first, &first_len, &m, &err) != PM_OK)
        fuzz_fault("decoded, does not encode: %s", err.text);
    if (pm_msg_decode(&again, first, first_len, "again", &err) != PM_OK)
        fuzz_fault("does not decode again: %s", err.text);
    if (pm_msg_encode(&second, &second_len, &again, &err) != PM_OK || second_len != first_len ||
        memcmp(first, second, first_len) != 0)
        fuzz_fault("%s changes on its way", pm_msg_name(m.kind));
    fuzz_touch(first, first_len);
    free(first);
    free(second);
    pm_msg_fini(&again);
    pm_msg_fini(&m);
    return true;
}

static void join_seeds(struct fuzz_corpus *corpus)
{
    static const char *const hosts[] = {"127.0.0.1", "::1", "pool.example.org"};
    for (int i = 0; i < 3; i++) {
        struct pm_join join = {.port = 7700u + (unsigned)i};
        char text[360];
        random_bytes(join.server_public, 32);
        memcpy(join.host, hosts[i], strlen(hosts[i]) + 1);
        pm_join_format(text, &join);
        fuzz_seed(corpus, text, strlen(text));
    }
}

static bool join_run(const uint8_t *data, size_t len)
{
    struct pm_join join, again;
    struct pm_error err = {.status = PM_OK};
    char text[360], *input = malloc(len + 1);
    if (!input) fuzz_fault("no memory");
    memcpy(input, data, len);
    input[len] = 0;
    enum pm_status status = pm_join_parse(&join, input, &err);
    free(input);
    if (status != PM_OK) {
        if (status != PM_USAGE || !strstr(err.text, "join string"))
            fuzz_fault("refused as %d: %s", (int)status, err.text);
        return false;
    }
    pm_join_format(text, &join);
    if (!pm_host_is_plain(join.host) || pm_join_parse(&again, text, &err) != PM_OK ||
        again.port != join.port || strcmp(again.host, join.host) != 0 ||
        memcmp(again.server_public, join.server_public, 32) != 0)
        fuzz_fault("it does not survive being written: %s", text);
    return true;
}

static const char *const msg_words[] = {"\xdd\xff\xff\xff\xff",
                                        "\xdf\xff\xff\xff\xff",
                                        "\xc6\xff\xff\xff\xff",
                                        "\xdb\xff\xff\xff\xff",
                                        "\xc9\xff\xff\xff\xff",
                                        "\x91",
                                        "\xc1",
                                        "\xa0",
                                        "\xc4",
                                        NULL};
static const char *const join_words[] = {"proofmill://", "@", ":", "[", "]", "::1", "65536", "0x", NULL};

const struct fuzz_target fuzz_targets[] = {
    {"message", msg_seeds, msg_run, msg_words, 8192},
    {"join", join_seeds, join_run, join_words, 600},
    {NULL, NULL, NULL, NULL, 0},
};
