/* Messages: every kind round-trips with random content, every limit holds in both directions, mutated bytes
 * never do more than fail. Random messages are made from msg.def as well, so that a new message is tested
 * without a line here. */
#include "test.h"

#include "wire/msg.h"

#include <msgpack.h>

enum { POOL_BYTES = 4 * 1024 * 1024 + 1 };
static uint8_t *blob_pool; /* what random blobs point to */

static size_t below(size_t n) { return (size_t)(test_random() % n); }

static void random_text(char *out, size_t max)
{
    static const char *const pieces[] = {"a", "Z", " ", "~", "\n", "é", "ß", "€", "漢", "😀"};
    size_t len = 0, want = below(max + 1);
    for (;;) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        size_t n = strlen(piece);
        if (len + n > want) break;
        memcpy(out + len, piece, n);
        len += n;
    }
    out[len] = 0;
}

static struct pm_blob random_blob(size_t max)
{
    size_t len = below(8) == 0 ? max : below(max < 1000 ? max + 1 : 1000);
    return (struct pm_blob){blob_pool, len};
}

#define PM_ELEM(name)                                                                                        \
    static void random_elem_##name(struct pm_##name *m)                                                      \
    {
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void random_msg_##name(struct pm_msg_##name *m)                                                   \
    {
#define PM_MSG_END(NAME, name) }
#define PM_U32(name)           m->name = (uint32_t)(test_random() >> below(64));
#define PM_U64(name)           m->name = test_random() >> below(64);
#define PM_BOOL(name)          m->name = below(2) == 1;
#define PM_FIX(name, len)      test_random_bytes(m->name, len);
#define PM_TEXT(name, max)     random_text(m->name, max);
#define PM_BYTES(name, max)    m->name = random_blob(max);
#define PM_LIST(type, name, max)                                                                             \
    m->n_##name = below((max) + 1);                                                                          \
    for (size_t i = 0; i < m->n_##name; i++) random_elem_##type(&m->name[i]);
#include "wire/msg.def"

#define PM_ELEM(name)                                                                                        \
    static void same_elem_##name(const struct pm_##name *a, const struct pm_##name *b)                       \
    {
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void same_msg_##name(const struct pm_msg_##name *a, const struct pm_msg_##name *b)                \
    {
#define PM_MSG_END(NAME, name) }
#define PM_U32(name)           CHECK_U64(a->name, b->name);
#define PM_U64(name)           CHECK_U64(a->name, b->name);
#define PM_BOOL(name)          CHECK(a->name == b->name);
#define PM_FIX(name, len)      CHECK_MEM(a->name, b->name, len);
#define PM_TEXT(name, max)     CHECK_STR(a->name, b->name);
#define PM_BYTES(name, max)                                                                                  \
    CHECK_U64(a->name.len, b->name.len);                                                                     \
    if (a->name.len == b->name.len && a->name.len > 0) CHECK_MEM(a->name.data, b->name.data, a->name.len);
#define PM_LIST(type, name, max)                                                                             \
    CHECK_U64(a->n_##name, b->n_##name);                                                                     \
    for (size_t i = 0; i < a->n_##name && i < b->n_##name; i++) same_elem_##type(&a->name[i], &b->name[i]);
#include "wire/msg.def"

static const enum pm_msg_kind kinds[] = {
#define PM_MSG(NAME, name, number) PM_MSG_##NAME,
#include "wire/msg.def"
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static void random_message(struct pm_msg *m, enum pm_msg_kind kind)
{
    memset(m, 0, sizeof *m);
    m->kind = kind;
    switch (kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        random_msg_##name(&m->name);                                                                         \
        break;
#include "wire/msg.def"
    }
}

static void check_same(const struct pm_msg *a, const struct pm_msg *b)
{
    CHECK_U64(a->kind, b->kind);
    if (a->kind != b->kind) return;
    switch (a->kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        same_msg_##name(&a->name, &b->name);                                                                 \
        break;
#include "wire/msg.def"
    }
}

static void setup(void)
{
    if (blob_pool) return;
    blob_pool = malloc(POOL_BYTES);
    if (!blob_pool) exit(1);
    test_random_bytes(blob_pool, POOL_BYTES);
}

PM_TEST(round_trip_of_every_message)
{
    setup();
    for (size_t k = 0; k < N_KINDS; k++)
        for (int round = 0; round < 40; round++) {
            static struct pm_msg in, out;
            struct pm_error err = {0};
            uint8_t *bytes = NULL;
            size_t len = 0;
            random_message(&in, kinds[k]);
            CHECK_OK(pm_msg_encode(&bytes, &len, &in, &err), err);
            if (!bytes) continue;
            CHECK_OK(pm_msg_decode(&out, bytes, len, "test", &err), err);
            check_same(&in, &out);
            pm_msg_fini(&out);
            free(bytes);
        }
}

PM_TEST(names)
{
    CHECK_STR(pm_msg_name(PM_MSG_TASK), "TASK");
    CHECK_STR(pm_msg_name(PM_MSG_BEAT), "BEAT");
    CHECK_STR(pm_msg_name((enum pm_msg_kind)999), "unknown message");
}

static enum pm_status encode(const struct pm_msg *m, struct pm_error *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    enum pm_status s = pm_msg_encode(&bytes, &len, m, err);
    if (s == PM_OK) free(bytes);
    return s;
}

PM_TEST(encoder_keeps_every_limit)
{
    setup();
    static struct pm_msg m;
    struct pm_error err = {0};
    m.kind = PM_MSG_RESULT;
    m.result.proof = (struct pm_blob){blob_pool, 65536};
    CHECK_OK(encode(&m, &err), err);
    m.result.proof.len++;
    CHECK(encode(&m, &err) == PM_PROTOCOL);
    CHECK(strstr(err.text, "RESULT") && strstr(err.text, "proof") && strstr(err.text, "65537"));

    memset(&m, 0, sizeof m);
    m.kind = PM_MSG_TASK;
    m.task.n_artifacts = 9;
    CHECK(encode(&m, &err) == PM_PROTOCOL);
    CHECK(strstr(err.text, "artifacts"));
    m.task.n_artifacts = 2;
    memset(m.task.artifacts[1].url, 'a', sizeof m.task.artifacts[1].url);
    CHECK(encode(&m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "TASK: field artifacts[1].url"), "%s", err.text);
    m.task.artifacts[1].url[511] = 0;
    CHECK_OK(encode(&m, &err), err);

    memset(&m, 0, sizeof m);
    m.kind = PM_MSG_HELLO;
    strcpy(m.hello.software, "\xff");
    CHECK(encode(&m, &err) == PM_PROTOCOL);
    m.kind = (enum pm_msg_kind)77;
    CHECK(encode(&m, &err) == PM_PROTOCOL);
}

/* Bytes made by hand with msgpack-c, as a peer that breaks the rules would. */
struct bytes {
    msgpack_sbuffer buf;
    msgpack_packer pk;
};
static void begin(struct bytes *b)
{
    msgpack_sbuffer_init(&b->buf);
    msgpack_packer_init(&b->pk, &b->buf, msgpack_sbuffer_write);
}
static enum pm_status decode(struct bytes *b, struct pm_msg *m, struct pm_error *err)
{
    enum pm_status s = pm_msg_decode(m, (const uint8_t *)b->buf.data, b->buf.size, "mill-2", err);
    msgpack_sbuffer_destroy(&b->buf);
    return s;
}
static void begin_hello(struct bytes *b, size_t fields)
{
    begin(b);
    msgpack_pack_array(&b->pk, fields);
    msgpack_pack_uint32(&b->pk, PM_MSG_HELLO);
}

static void hello_text(const char *text, size_t len, bool good)
{
    static struct pm_msg m;
    struct bytes b;
    struct pm_error err = {0};
    begin_hello(&b, 3);
    msgpack_pack_uint32(&b.pk, 1);
    msgpack_pack_str_with_body(&b.pk, text, len);
    enum pm_status s = decode(&b, &m, &err);
    CHECK_MSG(s == (good ? PM_OK : PM_PROTOCOL), "\"%s\" of %zu bytes: %d %s", text, len, s, err.text);
    if (good && s == PM_OK) CHECK_STR(m.hello.software, text);
    if (!good) CHECK_MSG(strstr(err.text, "mill-2: HELLO: field software"), "%s", err.text);
    pm_msg_fini(&m);
}

PM_TEST(texts_are_utf8_within_their_limit)
{
    char long_text[66];
    memset(long_text, 'x', sizeof long_text);
    long_text[64] = 0;
    hello_text(long_text, 64, true);
    long_text[64] = 'x';
    long_text[65] = 0;
    hello_text(long_text, 65, false);
    hello_text("", 0, true);
    static const char wide[] =
        "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80";
    hello_text(wide, sizeof wide - 1, true);
    hello_text("a\0b", 3, false);
    hello_text("\xc0\x80", 2, false); /* overlong */
    hello_text("\xc1\xbf", 2, false);
    hello_text("\xe0\x9f\xbf", 3, false);
    hello_text("\xf0\x8f\xbf\xbf", 4, false);
    hello_text("\xed\xa0\x80", 3, false);     /* surrogate */
    hello_text("\xf4\x90\x80\x80", 4, false); /* above U+10FFFF */
    hello_text("\xf5\x80\x80\x80", 4, false);
    hello_text("\x80", 1, false);
    hello_text("\xe2\x82", 2, false); /* cut */
    hello_text("\xe2(\xa1", 3, false);
}

PM_TEST(decoder_names_what_is_wrong)
{
    static struct pm_msg m;
    struct bytes b;
    struct pm_error err = {0};

    begin_hello(&b, 2);
    msgpack_pack_uint32(&b.pk, 1);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "mill-2: HELLO: field software: expected text, found the end"), "%s",
              err.text);

    begin_hello(&b, 3);
    msgpack_pack_uint64(&b.pk, 1ull << 32);
    msgpack_pack_str_with_body(&b.pk, "x", 1);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "field protocol: expected a number up to 4294967295"), "%s", err.text);

    begin_hello(&b, 3);
    msgpack_pack_int(&b.pk, -1);
    msgpack_pack_str_with_body(&b.pk, "x", 1);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "found a negative number"), "%s", err.text);

    begin(&b);
    msgpack_pack_array(&b.pk, 1);
    msgpack_pack_uint32(&b.pk, 99);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "99"), "%s", err.text);

    begin(&b);
    msgpack_pack_map(&b.pk, 0);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);

    begin(&b);
    msgpack_pack_array(&b.pk, 0);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);

    begin(&b);
    msgpack_pack_array(&b.pk, 2);
    msgpack_pack_uint32(&b.pk, PM_MSG_LOGIN_AGAIN);
    msgpack_pack_bin_with_body(&b.pk, "fifteen bytes..", 15);
    CHECK(decode(&b, &m, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "LOGIN_AGAIN: field session: expected exactly 16 bytes, found 15"), "%s",
              err.text);

    CHECK(pm_msg_decode(&m, (const uint8_t *)"", 0, "x", &err) == PM_PROTOCOL);
}

PM_TEST(further_fields_are_ignored)
{
    static struct pm_msg m;
    struct bytes b;
    struct pm_error err = {0};
    begin_hello(&b, 6);
    msgpack_pack_uint32(&b.pk, 7);
    msgpack_pack_str_with_body(&b.pk, "future", 6);
    msgpack_pack_nil(&b.pk);
    msgpack_pack_map(&b.pk, 1);
    msgpack_pack_double(&b.pk, 1.5);
    msgpack_pack_array(&b.pk, 0);
    msgpack_pack_true(&b.pk);
    CHECK_OK(decode(&b, &m, &err), err);
    CHECK_U64(m.hello.protocol, 7);
    CHECK_STR(m.hello.software, "future");
    pm_msg_fini(&m);
}

PM_TEST(size_bombs_are_refused)
{
    static struct pm_msg m;
    struct pm_error err = {0};
    struct {
        const char *what;
        size_t len;
        uint8_t bytes[16];
    } bombs[] = {
        {"array of 2^32 - 1", 5, {0xdd, 0xff, 0xff, 0xff, 0xff}},
        {"map of 2^32 - 1", 5, {0xdf, 0xff, 0xff, 0xff, 0xff}},
        {"array of 65535 with one", 4, {0xdc, 0xff, 0xff, 1}},
        {"bin of 2^32 - 1", 7, {0x92, 1, 0xc6, 0xff, 0xff, 0xff, 0xff}},
        {"str of 2^32 - 1", 7, {0x92, 1, 0xdb, 0xff, 0xff, 0xff, 0xff}},
        {"ext of 2^32 - 1", 7, {0x92, 1, 0xc9, 0xff, 0xff, 0xff, 0xff}},
        {"deep", 12, {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1}},
        {"never used tag", 2, {0x91, 0xc1}},
        {"bytes after it", 4, {0x91, 1, 0x91, 1}},
        {"cut length", 3, {0x91, 0xc6, 0xff}},
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++)
        CHECK_MSG(pm_msg_decode(&m, bombs[i].bytes, bombs[i].len, "x", &err) == PM_PROTOCOL, "%s",
                  bombs[i].what);

    uint8_t *many = malloc(9000);
    if (!many) return;
    memset(many, 1, 9000);
    many[0] = 0xdc, many[1] = 8997 >> 8, many[2] = 8997 & 255;
    CHECK(pm_msg_decode(&m, many, 9000, "x", &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "too many"), "%s", err.text);
    free(many);
    uint8_t *big = calloc(1, PM_WIRE_MAX_BYTES + 1);
    if (!big) return;
    CHECK(pm_msg_decode(&m, big, PM_WIRE_MAX_BYTES + 1, "x", &err) == PM_PROTOCOL);
    free(big);
}

/* Lists and blobs one over their limit, decoded. The encoder would not make them: a list's head is patched.
 */
PM_TEST(decoder_keeps_the_limits_of_lists_and_bytes)
{
    setup();
    static struct pm_msg m;
    struct bytes b;
    struct pm_error err = {0};
    for (size_t n = 64; n <= 65; n++) {
        begin(&b);
        msgpack_pack_array(&b.pk, 4);
        msgpack_pack_uint32(&b.pk, PM_MSG_HEARTBEAT);
        msgpack_pack_bin_with_body(&b.pk, "0123456789abcdef", 16);
        msgpack_pack_uint64(&b.pk, 1);
        msgpack_pack_array(&b.pk, n);
        for (size_t i = 0; i < n; i++) {
            msgpack_pack_array(&b.pk, 2);
            msgpack_pack_uint64(&b.pk, i);
            msgpack_pack_uint32(&b.pk, 1);
        }
        CHECK_U64(decode(&b, &m, &err), n == 64 ? PM_OK : PM_PROTOCOL);
        if (n == 64)
            CHECK_U64(m.heartbeat.leases[63].lease, 63);
        else
            CHECK_MSG(strstr(err.text, "leases: expected at most 64 elements, found 65"), "%s", err.text);
        pm_msg_fini(&m);
    }
    for (size_t over = 0; over <= 1; over++) {
        begin(&b);
        msgpack_pack_array(&b.pk, 9);
        msgpack_pack_uint32(&b.pk, PM_MSG_RESULT);
        msgpack_pack_bin_with_body(&b.pk, blob_pool, 16);
        msgpack_pack_bin_with_body(&b.pk, blob_pool, 32);
        msgpack_pack_uint64(&b.pk, 5);
        msgpack_pack_str_with_body(&b.pk, "t", 1);
        msgpack_pack_bin_with_body(&b.pk, blob_pool, 65536 + over);
        msgpack_pack_bin_with_body(&b.pk, blob_pool, 1048576);
        msgpack_pack_uint32(&b.pk, 1);
        msgpack_pack_uint32(&b.pk, 2);
        CHECK_U64(decode(&b, &m, &err), over ? PM_PROTOCOL : PM_OK);
        pm_msg_fini(&m);
    }
}

/* One to four random edits: bits, bytes, cuts, copies. */
static size_t mutate(uint8_t *data, size_t len, size_t room)
{
    for (size_t edits = 1 + below(4); edits > 0 && len > 0; edits--) {
        size_t at = below(below(2) ? len : (len < 64 ? len : 64)), n = 1 + below(8);
        switch (below(6)) {
        case 0:
            data[at] ^= (uint8_t)(1u << below(8));
            break;
        case 1:
            data[at] = (uint8_t)test_random();
            break;
        case 2:
            len = at;
            break;
        case 3:
            if (len + n <= room) {
                memmove(data + at + n, data + at, len - at);
                test_random_bytes(data + at, n);
                len += n;
            }
            break;
        case 4:
            if (at + n <= len) {
                memmove(data + at, data + at + n, len - at - n);
                len -= n;
            }
            break;
        default:
            data[at] = (uint8_t[]){0xdd, 0xdf, 0xc6, 0xdb, 0xc9, 0xff, 0x80, 0x90}[below(8)];
            break;
        }
    }
    return len;
}

PM_TEST(mutated_messages_fail_or_decode_to_something_that_encodes)
{
    setup();
    static struct pm_msg m, again;
    int decoded = 0, refused = 0;
    for (int round = 0; round < 6000; round++) {
        struct pm_error err = {0};
        uint8_t *bytes = NULL, *second = NULL;
        size_t len, second_len;
        random_message(&m, kinds[(size_t)round % N_KINDS]);
        if (m.kind == PM_MSG_TASK && m.task.input.len > 2000) m.task.input.len = 2000;
        if (m.kind == PM_MSG_RESULT) m.result.public_signals.len %= 2000, m.result.proof.len %= 2000;
        CHECK_OK(pm_msg_encode(&bytes, &len, &m, &err), err);
        uint8_t *work = malloc(len + 64); /* exact room, so that the sanitizer sees a read past the end */
        if (!work || !bytes) exit(1);
        memcpy(work, bytes, len);
        free(bytes);
        len = mutate(work, len, len + 64);
        uint8_t *exact = malloc(len ? len : 1);
        if (!exact) exit(1);
        memcpy(exact, work, len);
        free(work);
        if (pm_msg_decode(&m, exact, len, "mutant", &err) == PM_OK) {
            decoded++;
            CHECK_OK(pm_msg_encode(&second, &second_len, &m, &err), err);
            CHECK_OK(pm_msg_decode(&again, second, second_len, "again", &err), err);
            check_same(&m, &again);
            pm_msg_fini(&again);
            free(second);
        } else {
            refused++;
            CHECK(err.status == PM_PROTOCOL && err.text[0]);
            CHECK(m.bytes == NULL);
        }
        pm_msg_fini(&m);
        free(exact);
    }
    CHECK_MSG(decoded > 100 && refused > 1000, "decoded %d, refused %d", decoded, refused);
}

PM_TEST(random_bytes_are_refused)
{
    static struct pm_msg m;
    for (int round = 0; round < 5000; round++) {
        uint8_t bytes[200];
        size_t len = below(sizeof bytes);
        test_random_bytes(bytes, len);
        if (len > 0 && below(2)) bytes[0] = (uint8_t)(0x90 + below(16));
        if (pm_msg_decode(&m, bytes, len, "noise", NULL) == PM_OK) CHECK(m.bytes);
        pm_msg_fini(&m);
    }
}

PM_TEST(any_text_can_be_made_sendable)
{
    char out[8];
    pm_msg_text(out, sizeof out, "short");
    CHECK_STR(out, "short");
    pm_msg_text(out, sizeof out, "exactly7");
    CHECK_STR(out, "exactly");
    pm_msg_text(out, sizeof out, "12345\xe2\x82\xac");
    CHECK_STR(out, "12345"); /* the euro sign does not fit */
    pm_msg_text(out, sizeof out,
                "a\xff\xfe"
                "b");
    CHECK_STR(out, "a??b");
    static struct pm_msg m;
    struct pm_error err = {0};
    for (int i = 0; i < 500; i++) {
        char noise[2000];
        test_random_bytes(noise, sizeof noise - 1);
        noise[sizeof noise - 1] = 0;
        memset(&m, 0, sizeof m);
        m.kind = PM_MSG_FAILED;
        pm_msg_text(m.failed.text, sizeof m.failed.text, noise);
        CHECK_OK(encode(&m, &err), err);
    }
}
