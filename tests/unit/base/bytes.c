/* Loads and stores at odd addresses, hex both ways, equality, wiping. */
#include "base/bytes.h"
#include "test.h"

PM_TEST(loads_have_the_right_order)
{
    const uint8_t b[] = {0xff, 1, 2, 3, 4, 5, 6, 7, 0x88};
    CHECK_U64(pm_load_le32(b + 1), 0x04030201);
    CHECK_U64(pm_load_be32(b + 1), 0x01020304);
    CHECK_U64(pm_load_le64(b + 1), 0x8807060504030201);
    CHECK_U64(pm_load_be64(b + 1), 0x0102030405060788);
    CHECK_U64(pm_load_le32(b + 5), 0x88070605);
    CHECK_U64(pm_load_be32(b), 0xff010203);
}

PM_TEST(stores_mirror_loads_and_stay_inside)
{
    for (int round = 0; round < 100; round++) {
        uint8_t b[12];
        uint64_t v = test_random();
        memset(b, 0xa5, sizeof b);
        pm_store_le64(b + 1, v);
        CHECK_U64(pm_load_le64(b + 1), v);
        CHECK_U64(b[0], 0xa5);
        CHECK_U64(b[9], 0xa5);
        pm_store_be64(b + 1, v);
        CHECK_U64(pm_load_be64(b + 1), v);
        CHECK_U64(pm_load_le64(b + 1), __builtin_bswap64(v));
        memset(b, 0xa5, sizeof b);
        pm_store_le32(b + 3, (uint32_t)v);
        CHECK_U64(pm_load_le32(b + 3), (uint32_t)v);
        CHECK_U64(b[2], 0xa5);
        CHECK_U64(b[7], 0xa5);
        pm_store_be32(b + 3, (uint32_t)v);
        CHECK_U64(pm_load_be32(b + 3), (uint32_t)v);
    }
}

PM_TEST(hex_both_ways)
{
    uint8_t in[64], out[64];
    char text[2 * sizeof in + 1];
    for (size_t len = 0; len <= sizeof in; len++) {
        test_random_bytes(in, len);
        memset(text, 'z', sizeof text);
        pm_hex_encode(text, in, len);
        CHECK_U64(strlen(text), 2 * len);
        CHECK(pm_hex_decode(out, len, text));
        CHECK_MEM(in, out, len);
    }
    pm_hex_encode(text, (const uint8_t[]){0x00, 0x0f, 0xf0, 0xab}, 4);
    CHECK_STR(text, "000ff0ab");
}

PM_TEST(hex_accepts_case_and_prefix)
{
    uint8_t out[2];
    CHECK(pm_hex_decode(out, 2, "0xAb1F"));
    CHECK_MEM(out, "\xab\x1f", 2);
    CHECK(pm_hex_decode(out, 2, "0XaB1f"));
    CHECK_MEM(out, "\xab\x1f", 2);
    CHECK(pm_hex_decode(out, 0, ""));
    CHECK(pm_hex_decode(out, 0, "0x"));
}

PM_TEST(hex_refuses_the_rest)
{
    static const char *const bad[] = {
        "",      "ab1",    "ab1f0",  "ab1f00",          "0x",   "0xab1",  "ab1g", "g b1f", " ab1f",
        "ab1f ", "0x0xab", "x0ab1f", "0ab1f",           "-b1f", "ab\n1f", "@b1f", "`b1f",  "/b1f",
        ":b1f",  "[b1f",   "Gb1f",   "\xff\x62\x31\x66"};
    uint8_t out[2];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_MSG(!pm_hex_decode(out, 2, bad[i]), "\"%s\" was accepted", bad[i]);
}

PM_TEST(equality)
{
    uint8_t a[33], b[33];
    test_random_bytes(a, sizeof a);
    memcpy(b, a, sizeof a);
    CHECK(pm_equal_ct(a, b, sizeof a));
    CHECK(pm_equal_ct(a, b, 0));
    for (size_t i = 0; i < 8 * sizeof a; i++) {
        b[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK(!pm_equal_ct(a, b, sizeof a));
        CHECK(pm_equal_ct(a, b, i / 8));
        b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

PM_TEST(wiping)
{
    uint8_t a[10];
    memset(a, 7, sizeof a);
    pm_wipe(a + 1, 8);
    CHECK_U64(a[0], 7);
    CHECK_U64(a[9], 7);
    for (int i = 1; i < 9; i++) CHECK_U64(a[i], 0);
    pm_wipe(NULL, 8);
    pm_wipe(a, 0);
    CHECK_U64(a[0], 7);
}

PM_TEST(zeros)
{
    uint8_t bytes[40] = {0};
    CHECK(pm_bytes_are_zero(bytes, sizeof bytes) && pm_bytes_are_zero(bytes, 0));
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(1 << i % 8);
        CHECK(!pm_bytes_are_zero(bytes, sizeof bytes) && pm_bytes_are_zero(bytes, i));
        bytes[i] = 0;
    }
}
