/* Published vectors, lengths around the 136-byte block, chained hashes, and pieces of every size.
 *
 * "", "abc", the fox and the selector of transfer(address,uint256) are the well-known ones. The others were
 * computed with two independent libraries (js-sha3 and noble-hashes), which agreed. */
#include "base/bytes.h"
#include "base/keccak.h"
#include "test.h"

static void check_hash(const void *data, size_t len, const char *expected)
{
    uint8_t hash[32];
    char text[65];
    pm_keccak256(hash, data, len);
    pm_hex_encode(text, hash, 32);
    CHECK_MSG(strcmp(text, expected) == 0, "%zu bytes hash to %s, expected %s", len, text, expected);
}

static void message(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(7 * i + len);
}

PM_TEST(published_vectors)
{
    uint8_t hash[32];
    check_hash("", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    check_hash("abc", 3, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    check_hash("The quick brown fox jumps over the lazy dog", 43,
               "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
    pm_keccak256(hash, "transfer(address,uint256)", 25);
    CHECK_MEM(hash, "\xa9\x05\x9c\xbb", 4);
}

PM_TEST(lengths_around_the_block)
{
    static const struct {
        size_t len;
        const char *hash;
    } v[] = {
        {1, "5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2"},
        {134, "8884d266ac61dea6a59234e679bb56fd1bf116a05634f2e8de1b7224302bc122"},
        {135, "8ab570337c9a3a773c3605160ca58e3f0546d92d217c908669cc4f35a31933bc"},
        {136, "16b30a6be318a7acbcba7a2194789f628abf68dfbbf55a4d840f22f6a4d29efd"},
        {137, "6a7e8293441d51be41bf4994995b35981f90c07866c7fd0465f405e2b7a8f8dd"},
        {271, "bb02bca6be57f42d131406260c6f1a81fd9922af8bd1c96d78f454b19ae10add"},
        {272, "443464c0c3ac8036d14a6f8647fc93b592d514adefbe88683cbbda3b4b2c4553"},
        {273, "73d5960773e36742ead7c872d84d535f35e75b9517ccb1023491276013f88890"},
        {1000, "5cab097db1a529f5b1a15428cc494df950671bc3824340aad89941fa68e151bc"},
    };
    uint8_t m[1000];
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        message(m, v[i].len);
        check_hash(m, v[i].len, v[i].hash);
    }
}

/* The hash of the hash of ... of nothing, a thousand times. */
PM_TEST(a_chain)
{
    uint8_t hash[32];
    pm_keccak256(hash, "", 0);
    for (int i = 1; i < 999; i++) pm_keccak256(hash, hash, 32);
    check_hash(hash, 32, "afd44af4ff80c04ef8438436edc76323751ab36096a08414d66f5b9f7ede7d2b");
}

/* The hash of the hashes of messages of every length below 600. */
PM_TEST(every_length)
{
    enum { n = 600 };
    static uint8_t m[n], all[n * 32];
    for (size_t len = 0; len < n; len++) {
        message(m, len);
        pm_keccak256(all + 32 * len, m, len);
    }
    check_hash(all, sizeof all, "d045375b2f068865c1466bbbfc1dadba09dc70edf3a5de29763b4e92910e16ac");
}

PM_TEST(pieces_give_the_same)
{
    uint8_t m[700], whole[32], hash[32];
    test_random_bytes(m, sizeof m);
    for (int round = 0; round < 200; round++) {
        size_t len = test_random() % sizeof m, done = 0;
        struct pm_keccak k;
        pm_keccak256(whole, m, len);
        pm_keccak_init(&k);
        while (done < len) {
            size_t piece = 1 + test_random() % (len - done);
            pm_keccak_update(&k, m + done, piece);
            pm_keccak_update(&k, m, 0);
            done += piece;
        }
        pm_keccak_final(&k, hash);
        CHECK_MEM(hash, whole, 32);
    }
}
