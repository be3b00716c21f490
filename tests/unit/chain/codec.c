/* Encodings: numbers, RLP, ABI, reverts, transactions. Vectors are published ones or come from `cast`, the
 * reference. */
#include "test.h"

#include "base/bytes.h"
#include "coordinator/chain/abi.h"
#include "coordinator/chain/outbox_data.h"
#include "coordinator/chain/rlp.h"
#include "coordinator/chain/tx.h"
#include "coordinator/chain/u256.h"

#define CAST "node_modules/@foundry-rs/cast-linux-amd64/bin/cast"

static void check_hex(const struct pm_buf *buf, const char *expected)
{
    char *text = pm_hex_0x(buf->data, buf->len);
    CHECK(!buf->failed);
    CHECK_STR(text + 2, expected);
    free(text);
}

PM_TEST(numbers)
{
    uint8_t a[32], b[32];
    char text[80];
    uint64_t small;
    static const char *const max =
        "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    CHECK(pm_u256_parse(a, max));
    for (int i = 0; i < 32; i++) CHECK_U64(a[i], 0xff);
    pm_u256_decimal(text, a);
    CHECK_STR(text, max);
    CHECK(
        !pm_u256_parse(a, "115792089237316195423570985008687907853269984665640564039457584007913129639936"));
    CHECK(pm_u256_parse(a, "0") && pm_u256_parse(b, "0x0") && memcmp(a, b, 32) == 0);
    pm_u256_decimal(text, a);
    CHECK_STR(text, "0");
    CHECK(pm_u256_parse(a, "18446744073709551615") && pm_u256_to_u64(&small, a) && small == UINT64_MAX);
    CHECK(pm_u256_parse(a, "18446744073709551616") && !pm_u256_to_u64(&small, a));
    CHECK(pm_u256_parse(a, "0xFf") && pm_u256_to_u64(&small, a) && small == 255);
    static const char *const bad[] = {"", "0x", "-1", "+1", " 1", "1 ", "1e3", "0xg", "12a", "0x0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_MSG(!pm_u256_parse(a, bad[i]), "\"%s\"", bad[i]);
    for (int i = 0; i < 200; i++) { /* there and back */
        test_random_bytes(a, 32);
        memset(a, 0, (size_t)(i % 33));
        pm_u256_decimal(text, a);
        CHECK(pm_u256_parse(b, text) && pm_u256_compare(a, b) == 0);
    }
}

PM_TEST(rlp_vectors)
{
    /* Ethereum's own examples (yellow paper; ethereum.org, "Recursive-length prefix"). */
    struct pm_buf b = {0};
    pm_rlp_bytes(&b, (const uint8_t *)"dog", 3);
    check_hex(&b, "83646f67");
    pm_rlp_bytes(&b, (const uint8_t *)"cat", 3);
    pm_rlp_list(&b, 0);
    check_hex(&b, "c883646f6783636174");
    b.len = 0;
    pm_rlp_bytes(&b, NULL, 0);
    pm_rlp_u64(&b, 0);
    pm_rlp_bytes(&b, (const uint8_t *)"\0", 1);
    pm_rlp_u64(&b, 15);
    pm_rlp_u64(&b, 1024);
    pm_rlp_u64(&b, 128);
    check_hex(&b, "8080000f8204008180");
    b.len = 0; /* [ [], [[]], [ [], [[]] ] ] */
    pm_rlp_list(&b, 0);
    size_t two = b.len;
    pm_rlp_list(&b, b.len);
    pm_rlp_list(&b, two);
    size_t three = b.len;
    pm_rlp_list(&b, b.len);
    size_t inner = b.len;
    pm_rlp_list(&b, b.len);
    pm_rlp_list(&b, inner);
    pm_rlp_list(&b, three);
    pm_rlp_list(&b, 0);
    check_hex(&b, "c7c0c1c0c3c0c1c0");
    b.len = 0;
    const char *lorem = "Lorem ipsum dolor sit amet, consectetur adipisicing elit";
    pm_rlp_bytes(&b, (const uint8_t *)lorem, 56);
    CHECK_U64(b.len, 58);
    CHECK(b.data[0] == 0xb8 && b.data[1] == 56);
    b.len = 0;
    uint8_t *big = calloc(1, 70000);
    pm_rlp_bytes(&b, big, 55);
    CHECK(b.data[0] == 0xb7);
    b.len = 0;
    pm_rlp_bytes(&b, big, 70000);
    CHECK(b.data[0] == 0xba && b.data[1] == 1 && b.data[2] == 0x11 && b.data[3] == 0x70 && b.len == 70004);
    pm_rlp_list(&b, 0);
    CHECK(b.data[0] == 0xfa && b.data[3] == 0x74 && b.len == 70008);
    free(big);
    pm_buf_fini(&b);
}

PM_TEST(abi_vectors)
{
    /* Solidity documentation, "Examples" of the ABI: sam(bytes,bool,uint256[]) without its dynamic array, and
     * baz. */
    struct pm_abi abi = {0};
    struct pm_buf out = {0};
    struct pm_error err;
    uint8_t selector[4];
    pm_abi_selector(selector, "baz(uint32,bool)");
    CHECK_MEM(selector, "\xcd\xcd\x77\xc0", 4);
    pm_abi_add_u64(&abi, 69);
    pm_abi_add_bool(&abi, true);
    CHECK_OK(pm_abi_finish(&abi, &out, &err), err);
    CHECK_U64(out.len, 64);
    CHECK(out.data[31] == 69 && out.data[63] == 1);
    out.len = 0;
    pm_abi_add_bytes(&abi, (const uint8_t *)"dave", 4);
    pm_abi_add_bool(&abi, true);
    pm_abi_add_string(&abi, "");
    CHECK_OK(pm_abi_finish(&abi, &out, &err), err);
    check_hex(&out, "0000000000000000000000000000000000000000000000000000000000000060"
                    "0000000000000000000000000000000000000000000000000000000000000001"
                    "00000000000000000000000000000000000000000000000000000000000000a0"
                    "0000000000000000000000000000000000000000000000000000000000000004"
                    "6461766500000000000000000000000000000000000000000000000000000000"
                    "0000000000000000000000000000000000000000000000000000000000000000");
    pm_buf_fini(&out);
}

/* What a command prints, without the line end. */
static void run(char *out, size_t cap, const char *command)
{
    FILE *f = popen(command, "r");
    size_t len = f ? fread(out, 1, cap - 1, f) : 0;
    CHECK_MSG(f && pclose(f) == 0, "%s", command);
    out[len] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

PM_TEST(abi_equals_cast)
{
    struct pm_abi abi = {0};
    struct pm_buf out = {0};
    struct pm_error err;
    char said[8192];
    CHECK_OK(pm_abi_add_text(&abi, "string", "energy-meters, a text that is longer than a word", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "uint256", "123456789012345678901234567890", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "address", "0x5FbDB2315678afecb367f032d93F642f64180aa3", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "bytes4", "0xdeadbeef", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "bytes", "0x0102030405", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "bool", "false", &err), err);
    CHECK_OK(pm_abi_add_text(&abi, "uint8", "0xff", &err), err);
    CHECK_OK(pm_abi_finish(&abi, &out, &err), err);
    run(said, sizeof said,
        CAST " abi-encode 'f(string,uint256,address,bytes4,bytes,bool,uint8)' 'energy-meters, a text that is "
             "longer than a "
             "word' 123456789012345678901234567890 0x5FbDB2315678afecb367f032d93F642f64180aa3 0xdeadbeef "
             "0x0102030405 false 255");
    check_hex(&out, said + 2);
    pm_buf_fini(&out);
    static const char *const bad[][2] = {
        {"uint8", "256"},    {"uint9", "1"},     {"uint256", ""},     {"uint256", "-1"},  {"uint264", "1"},
        {"uint08", "1"},     {"address", "0x5"}, {"bytes33", "0x00"}, {"bytes4", "0x00"}, {"bytes", "0xabc"},
        {"bytes", "0x0xab"}, {"bool", "1"},      {"int256", "1"},     {"uint256[]", "1"}, {"", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_MSG(pm_abi_add_text(&abi, bad[i][0], bad[i][1], &err) == PM_USAGE, "%s %s", bad[i][0],
                  bad[i][1]);
    pm_abi_fini(&abi);
}

static void revert_is(const char *signature, const char *args, const char *expected)
{
    char command[512], said[4096], text[600];
    struct pm_buf data = {0};
    snprintf(command, sizeof command, CAST " calldata '%s' %s", signature, args);
    run(said, sizeof said, command);
    CHECK(pm_buf_add_hex(&data, said));
    pm_abi_revert_text(text, sizeof text, data.data, data.len);
    CHECK_STR(text, expected);
    /* Cut or changed anywhere it must still be read without harm, and end. */
    for (int i = 0; i < 300 && data.len; i++) {
        size_t cut = test_random() % (data.len + 1);
        uint8_t *copy = malloc(cut ? cut : 1);
        memcpy(copy, data.data, cut);
        if (cut > 4 && i % 2) copy[4 + test_random() % (cut - 4)] ^= (uint8_t)(1 + test_random() % 255);
        char small[40];
        pm_abi_revert_text(small, sizeof small, copy, cut);
        CHECK(strlen(small) < sizeof small);
        pm_abi_revert_text(text, sizeof text, copy, cut);
        free(copy);
    }
    pm_buf_fini(&data);
}

PM_TEST(revert_reasons)
{
    char text[100];
    revert_is("Error(string)", "'not today'", "not today");
    revert_is("Panic(uint256)", "0x11", "Panic(0x11): arithmetic overflow");
    revert_is("Panic(uint256)", "0x77", "Panic(0x77): unknown code");
    revert_is("WrongHead(uint256,uint256,uint256)", "1 2 3", "WrongHead(1, 2, 3)");
    revert_is("UnknownVersion(string)", "1.0", "UnknownVersion(\"1.0\")");
    revert_is("ZeroAddress()", "", "ZeroAddress()");
    revert_is("Mine(uint256)", "5",
              "custom error 0xff7aacc4(0000000000000000000000000000000000000000000000000000000000000005)");
    pm_abi_revert_text(text, sizeof text, NULL, 0);
    CHECK(strstr(text, "no reason"));
    pm_abi_revert_text(text, sizeof text, (const uint8_t *)"\1\2", 2);
    CHECK(strstr(text, "2 bytes"));
}

/* abi readers over random and cut bytes: what they accept lies inside. */
PM_TEST(readers_stay_inside)
{
    for (int round = 0; round < 20000; round++) {
        size_t len = test_random() % 200;
        uint8_t *data = malloc(len ? len : 1), word[32];
        test_random_bytes(data, len);
        if (len >= 32 && round % 2) memset(data, 0, 31);
        if (len >= 64 && round % 4 == 1) memset(data + 32, 0, 30);
        const uint8_t *p;
        size_t n;
        bool flag;
        uint64_t v;
        if (pm_abi_read_bytes(&p, &n, data, len, test_random() % 3)) CHECK(p >= data && p + n <= data + len);
        (void)pm_abi_read_bool(&flag, data, len, test_random() % 8);
        (void)pm_abi_read_u64(&v, data, len, test_random() % 8);
        CHECK(!pm_abi_read_word(word, data, len, len / 32) && !pm_abi_read_word(word, data, len, SIZE_MAX));
        free(data);
    }
}

static const uint8_t dev_key[32] = {0xac, 0x09, 0x74, 0xbe, 0xc3, 0x9a, 0x17, 0xe3, 0x6b, 0xa4, 0xa6,
                                    0xb4, 0xd2, 0x38, 0xff, 0x94, 0x4b, 0xac, 0xb4, 0x78, 0xcb, 0xed,
                                    0x5e, 0xfc, 0xae, 0x78, 0x4d, 0x7b, 0xf4, 0xf2, 0xff, 0x80};
#define DEV_KEY "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

PM_TEST(addresses)
{
    uint8_t address[20], expected[20], zero[32] = {0};
    struct pm_error err;
    CHECK_OK(pm_eth_address(address, dev_key, &err), err);
    CHECK(pm_hex_decode(expected, 20, "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    CHECK_MEM(address, expected, 20);
    CHECK(pm_eth_address(address, zero, &err) == PM_USAGE);
    /* geth's crypto tests */
    uint8_t sender[20];
    CHECK(pm_hex_decode(sender, 20, "970e8128ab834e8eac17ab8e3812f010678cf791"));
    static const char *const contracts[] = {"333c3310824b7c685133f2bedb2ca4b8b4df633d",
                                            "8bda78331c916a08481428e4b07c96d3e916d165",
                                            "c9ddedf451bc62ce88bf9292afb13df35b670699"};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(pm_tx_contract_address(address, sender, i, &err), err);
        CHECK(pm_hex_decode(expected, 20, contracts[i]));
        CHECK_MEM(address, expected, 20);
    }
}

static void sign_like_cast(const struct pm_tx *tx)
{
    char command[8192], said[16384];
    struct pm_buf raw = {0};
    struct pm_error err;
    uint8_t hash[32];
    char *data = pm_hex_0x(tx->data, tx->data_len), *to = tx->to ? pm_hex_0x(tx->to, 20) : NULL, value[80];
    pm_u256_decimal(value, tx->value);
    snprintf(command, sizeof command,
             CAST " mktx --private-key " DEV_KEY
                  " --nonce %llu --gas-limit %llu --gas-price %llu --priority-gas-price %llu "
                  "--chain %llu --value %s %s %s",
             (unsigned long long)tx->nonce, (unsigned long long)tx->gas_limit,
             (unsigned long long)tx->max_fee_wei, (unsigned long long)tx->priority_wei,
             (unsigned long long)tx->chain_id, value, to ? to : "--create", data);
    run(said, sizeof said, command);
    CHECK_OK(pm_tx_sign(&raw, hash, tx, dev_key, &err), err);
    check_hex(&raw, said + 2);
    pm_buf_fini(&raw);
    free(data);
    free(to);
}

/* A chain id of 1 to 7 bytes. The short ones are chains that cast knows to take type-2 transactions: by names of
 * its own it signs others, such as 88, as legacy whatever fees it is given. No such name has more than 5 bytes. */
static uint64_t some_chain_id(int i)
{
    static const uint64_t known[] = {1, 1337, 31337, 11155111};
    if (i % 2) return known[(unsigned)i / 2 % 4];
    return ((uint64_t)1 << 40) + (test_random() >> (8 + test_random() % 16));
}

PM_TEST(transactions_equal_cast)
{
    uint8_t to[20], data[1500];
    struct pm_tx tx = {.chain_id = 31337,
                       .nonce = 7,
                       .gas_limit = 210000,
                       .max_fee_wei = 30000000000u,
                       .priority_wei = 1000000000u,
                       .to = to,
                       .data = data,
                       .data_len = 4};
    test_random_bytes(data, sizeof data);
    test_random_bytes(to, sizeof to);
    sign_like_cast(&tx);
    tx.to = NULL; /* a deployment */
    sign_like_cast(&tx);
    for (int i = 0; i < 12; i++) { /* long and short fields, list headers of every length */
        tx.to = i % 3 ? to : NULL;
        test_random_bytes(to, sizeof to);
        tx.nonce = test_random() >> (test_random() % 64);
        tx.chain_id = some_chain_id(i);
        tx.gas_limit = test_random() >> (8 + test_random() % 50);
        tx.priority_wei = test_random() >> (20 + test_random() % 44);
        tx.max_fee_wei = tx.priority_wei + (test_random() >> 30);
        tx.data_len = 1 + test_random() % (i < 6 ? 60 : sizeof data);
        pm_u256_from_u64(tx.value, i % 2 ? test_random() : 0);
        sign_like_cast(&tx);
    }
}

PM_TEST(signing_is_deterministic_and_checked)
{
    struct pm_buf a = {0}, b = {0};
    struct pm_tx tx = {.chain_id = 1, .gas_limit = 21000, .max_fee_wei = 1};
    uint8_t hash_a[32], hash_b[32], bad[32];
    struct pm_error err;
    CHECK_OK(pm_tx_sign(&a, hash_a, &tx, dev_key, &err), err);
    CHECK_OK(pm_tx_sign(&b, hash_b, &tx, dev_key, &err), err);
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0 && memcmp(hash_a, hash_b, 32) == 0);
    memset(bad, 0xff, 32);
    b.len = 0;
    CHECK(pm_tx_sign(&b, hash_b, &tx, bad, &err) == PM_USAGE);
    pm_buf_fini(&a);
    pm_buf_fini(&b);
}

PM_TEST(payload_equals_cast)
{
    static const char proof[] =
        "{\"pi_a\": [\"11\",\"12\",\"1\"], \"pi_b\": [[\"21\",\"22\"],[\"23\",\"24\"],[\"1\",\"0\"]],"
        " \"pi_c\": [\"31\",\"32\",\"1\"], \"protocol\": \"groth16\", \"curve\": \"bn128\"}";
    struct pm_buf payload = {0}, call = {0};
    struct pm_error err;
    uint8_t task[32] = {0xab, [31] = 0xcd};
    char said[8192], inner[8192], command[9000];
    CHECK_OK(pm_outbox_payload(&payload, task, "1.0", proof, "[\"7\",\"8\",\"9\"]", &err), err);
    run(inner, sizeof inner,
        CAST " abi-encode 'f(bytes32,string,uint256[2],uint256[2][2],uint256[2],uint256[3])' "
             "0xab000000000000000000000000000000000000000000000000000000000000cd 1.0 '[11,12]' "
             "'[[22,21],[24,23]]' '[31,32]' "
             "'[7,8,9]'");
    check_hex(&payload, inner + 2);
    CHECK_OK(pm_outbox_calldata(&call, "route", 1, 2, "meters", &payload, &err), err);
    snprintf(command, sizeof command, CAST " calldata 'route(uint256,uint256,string,bytes)' 1 2 meters %s",
             inner);
    run(said, sizeof said, command);
    check_hex(&call, said + 2);
    payload.len = 0;
    static const char *const bad_proofs[] = {
        "",
        "[]",
        "{}",
        "{\"curve\": \"bn128\"}",
        "{\"pi_a\": [\"11\",\"12\",\"0\"], \"pi_b\": [[\"21\",\"22\"],[\"23\",\"24\"],[\"1\",\"0\"]], "
        "\"pi_c\": [\"31\",\"32\",\"1\"], \"curve\": \"bn128\"}",
        "{\"pi_a\": [\"11\",12,\"1\"], \"pi_b\": [[\"21\",\"22\"],[\"23\",\"24\"],[\"1\",\"0\"]], \"pi_c\": "
        "[\"31\",\"32\",\"1\"], \"curve\": \"bn128\"}",
        "{\"pi_a\": [\"11\",\"12\",\"1\"], \"pi_b\": [[\"21\"],[\"23\",\"24\"],[\"1\",\"0\"]], \"pi_c\": "
        "[\"31\",\"32\",\"1\"], \"curve\": \"bn128\"}"};
    for (size_t i = 0; i < sizeof bad_proofs / sizeof *bad_proofs; i++)
        CHECK_MSG(pm_outbox_payload(&payload, task, "1.0", bad_proofs[i], "[]", &err) != PM_OK, "%s",
                  bad_proofs[i]);
    CHECK(pm_outbox_payload(&payload, task, "1.0", proof, "[7]", &err) == PM_FORMAT);
    CHECK(pm_outbox_payload(&payload, task, "1.0", proof, "{}", &err) == PM_FORMAT);
    CHECK(pm_outbox_payload(&payload, task, "1.0", proof, "[\"0x7\"]", &err) == PM_FORMAT);
    char other[600];
    snprintf(other, sizeof other, "%s", proof);
    memcpy(strstr(other, "bn128"), "bls12", 5);
    CHECK(pm_outbox_payload(&payload, task, "1.0", other, "[]", &err) == PM_UNSUPPORTED);
    pm_buf_fini(&payload);
    pm_buf_fini(&call);
}

PM_TEST(fees)
{
    struct pm_outbox_fees f, old;
    CHECK(pm_outbox_first_fees(&f, 100, 10, 1000) && f.max_fee_wei == 210 && f.priority_wei == 10);
    CHECK(pm_outbox_first_fees(&f, 100, 10, 150) && f.max_fee_wei == 150);
    CHECK(pm_outbox_first_fees(&f, 100, 10, 110) && f.max_fee_wei == 110);
    CHECK(!pm_outbox_first_fees(&f, 100, 10, 109));
    CHECK(!pm_outbox_first_fees(&f, UINT64_MAX, 10, 109) && !pm_outbox_first_fees(&f, 0, 0, 0));
    CHECK(pm_outbox_first_fees(&f, 0, 0, 5) && f.max_fee_wei == 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t base = test_random() >> (test_random() % 64),
                 priority = test_random() >> (test_random() % 64);
        uint64_t cap = test_random() >> (test_random() % 64);
        if (!pm_outbox_first_fees(&old, base, priority, cap)) continue;
        CHECK(old.max_fee_wei <= cap && old.priority_wei <= old.max_fee_wei);
        uint64_t now = test_random() >> (test_random() % 64), tip = test_random() >> (test_random() % 64);
        if (!pm_outbox_raised_fees(&f, &old, now, tip, cap)) continue;
        CHECK(f.max_fee_wei <= cap && f.priority_wei <= f.max_fee_wei);
        CHECK(f.max_fee_wei > old.max_fee_wei && f.max_fee_wei - old.max_fee_wei >= old.max_fee_wei / 10);
        CHECK(f.priority_wei > old.priority_wei &&
              f.priority_wei - old.priority_wei >= old.priority_wei / 10);
    }
    old = (struct pm_outbox_fees){100, 10};
    CHECK(!pm_outbox_raised_fees(&f, &old, 1, 1, 105));
    for (uint64_t inner = 21000; inner < 30000000; inner = inner * 3 / 2) {
        uint64_t limit = pm_outbox_gas_limit(inner);
        CHECK((limit - 60000) - (limit - 60000) / 64 >= inner);
    }
    CHECK_U64(pm_outbox_gas_limit(UINT64_MAX), UINT64_MAX);
}

PM_TEST(buffers_fail_once_and_for_all)
{
    struct pm_buf b = {0};
    struct pm_error err;
    pm_buf_add(&b, "x", 1);
    pm_buf_add_zeros(&b, (size_t)17 << 20);
    CHECK(b.failed);
    pm_buf_add(&b, "y", 1);
    CHECK_U64(b.len, 1);
    CHECK(pm_buf_check(&b, &err) == PM_NO_MEMORY);
    pm_buf_fini(&b);
    static const char *const bad[] = {"", "0", "0x1", "0xzz", "1234", "0x0x12", "0x12 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_MSG(!pm_buf_add_hex(&b, bad[i]), "\"%s\"", bad[i]);
    CHECK(pm_buf_add_hex(&b, "0x") && b.len == 0 && pm_buf_add_hex(&b, "0xAb01") && b.len == 2 &&
          b.data[0] == 0xab);
    pm_buf_fini(&b);
}
