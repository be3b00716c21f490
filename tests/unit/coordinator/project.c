/* Project files: a good one field by field, many bad ones, each with the place of its fault, and mutations.
 */
#include "project_fixture.h"

PM_TEST(a_good_file)
{
    struct project_fixture f;
    char expected[300];
    project_open(&f);
    struct pm_project *p = project_load(&f);
    CHECK_U64(p->id, 7);
    CHECK_STR(p->name, "meters");
    CHECK_STR(p->client_id, "demo");
    CHECK_STR(p->default_version, "1.0");
    uint8_t hash[32];
    pm_sha256(hash, f.good, strlen(f.good));
    CHECK_MEM(p->hash, hash, 32);
    CHECK_U64(p->n_sources, 2);
    snprintf(expected, sizeof expected, "%s/readings", f.temp.path);
    CHECK_STR(p->source[0].type, "file");
    CHECK_STR(p->source[0].path, expected);
    CHECK_STR(p->source[1].type, "http");
    CHECK(!p->source[1].path);

    const struct pm_project_version *v = pm_project_find(p, NULL);
    CHECK(v && v == pm_project_find(p, "1.0") && !pm_project_find(p, "2.0"));
    CHECK_U64(v->vm_type, PM_VM_CIRCOM);
    snprintf(expected, sizeof expected, "%s/c.zkey", f.temp.path);
    CHECK_STR(v->zkey.uri, expected);
    CHECK_U64(v->zkey.size_bytes, strlen("any bytes are a key here"));
    CHECK_U64(v->wasm.size_bytes, strlen("and any are a module"));
    CHECK_U64(v->task_size, 4);
    CHECK_STR(v->group_by, "/meter");
    CHECK_U64(v->n_inputs, 7);
    CHECK_U64(v->n_public, 3);
    CHECK(v->vk.n_public == 3 && v->vk.curve == pm_curve_by_name("bn128"));
    static const struct {
        const char *name;
        enum pm_derive how;
        const char *text;
    } inputs[] = {{"domain", PM_DERIVE_DOMAIN, NULL}, {"meter", PM_DERIVE_FIRST, "/meter"},
                  {"wh", PM_DERIVE_EACH, "/wh"},      {"sigS", PM_DERIVE_LAST, "/sig/S"},
                  {"seven", PM_DERIVE_CONST, "7"},    {"n", PM_DERIVE_COUNT, NULL},
                  {"total", PM_DERIVE_SUM, "/wh"}};
    for (unsigned i = 0; i < 7; i++) {
        const struct pm_binding *b = &v->input[i];
        const char *text = b->how == PM_DERIVE_CONST ? b->constant : b->pointer;
        CHECK_STR(b->name, inputs[i].name);
        CHECK_U64(b->how, inputs[i].how);
        CHECK((text == NULL) == (inputs[i].text == NULL));
        if (text && inputs[i].text) CHECK_STR(text, inputs[i].text);
    }
    CHECK_STR(v->public_signal[2].name, "meter");
    CHECK_U64(v->chain_id, 31337);
    CHECK_STR(v->chain_endpoint, "http://127.0.0.1:8545/");
    CHECK_U64(v->router[0], 0x5f);
    CHECK_U64(v->application[19], 0x12);
    CHECK_U64(v->confirmations, 2);
    pm_project_free(&p);
    CHECK(!p);
    pm_project_free(&p);
    project_close(&f);
}

PM_TEST(the_files_hash_is_checked)
{
    struct project_fixture f;
    struct pm_project *p;
    uint8_t hash[32];
    project_open(&f);
    pm_sha256(hash, f.good, strlen(f.good));
    CHECK_OK(pm_project_load(&p, 1, temp_path(&f.temp, "project.json"), hash, &f.err), f.err);
    pm_project_free(&p);
    hash[31] ^= 1;
    CHECK(pm_project_load(&p, 1, temp_path(&f.temp, "project.json"), hash, &f.err) == PM_MISMATCH && !p);
    CHECK_MSG(strstr(f.err.text, "project.json") && strstr(f.err.text, "expected sha256"), "%s", f.err.text);
    CHECK(pm_project_load(&p, 1, temp_path(&f.temp, "none.json"), NULL, &f.err) == PM_NOT_FOUND);
    CHECK(pm_project_load(&p, 1, f.temp.path, NULL, &f.err) == PM_IO); /* a folder */
    project_close(&f);
}

/* Ways to say the same. */
PM_TEST(good_variants)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"\"groupBy\": \"/meter\"", "\"groupBy\": \"/a~1b/0/~0c\""},
        {", \"groupBy\": \"/meter\"", ""},
        {", \"clientID\": \"demo\"", ""},
        {", \"confirmations\": 2", ""},
        {"{\"const\": 7}",
         "{\"const\": \"21888242871839275222246405745257275088548364400416034343698204186575808495616\"}"},
        {"0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5fbdb2315678afecb367f032d93f642f64180aa3"},
        {"0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5FBDB2315678AFECB367F032D93F642F64180AA3"},
        {"\"sources\": [{\"type\": \"file\", \"path\": \"readings\"}, {\"type\": \"http\"}]",
         "\"datasourceURI\": \"file:///data/x\""},
        {"\"sources\": [", "\"datasourceURI\": \"file://other\", \"sources\": ["},
        {"\"sources\": [", "\"sources\": [{\"type\": \"file\", \"path\": \"/abs\"},"},
        {"\"vmTypeID\"", "\"metadata\": 5, \"vmTypeID\""},
        {"\"version\": \"1.0\"", "\"version\": \"1.0\\u002e0\""},
    };
    struct project_fixture f;
    project_open(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pm_project *p;
        char *text = replaced(f.good, rows[i].from, rows[i].to);
        if (strstr(rows[i].to, "u002e0")) {
            char *again = replaced(text, "\"defaultVersion\": \"1.0\"", "\"defaultVersion\": \"1.0.0\"");
            free(text);
            text = again;
        }
        temp_text(&f.temp, "project.json", text);
        CHECK_OK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err), f.err);
        pm_project_free(&p);
        free(text);
    }
    project_close(&f);
}

/* The example that developers copy from coordinator/README.md loads, once its files are there. */
PM_TEST(the_example_of_the_documentation)
{
    static const char ones[] = "1111111111111111111111111111111111111111111111111111111111111111",
                      twos[] = "2222222222222222222222222222222222222222222222222222222222222222",
                      threes[] = "3333333333333333333333333333333333333333333333333333333333333333";
    struct project_fixture f;
    char *page = NULL, hash[65];
    size_t len;
    project_open(&f);
    CHECK_OK(pm_fetch(&page, &len, PM_TEST_REPOSITORY "/coordinator/README.md", true, 1 << 20, &f.err),
             f.err);
    char *start = page ? strstr(page, "```json\n") : NULL, *end = start ? strstr(start + 8, "```") : NULL;
    CHECK_MSG(end, "no example in the page");
    if (!end) exit(1);
    *end = 0;
    char *key = vk_text(9);
    temp_text(&f.temp, "meter_batch.zkey", "zkey");
    temp_text(&f.temp, "meter_batch.wasm", "wasm");
    temp_text(&f.temp, "verification_key.json", key);
    hash_text(hash, "zkey");
    char *first = replaced(start + 8, ones, hash);
    hash_text(hash, "wasm");
    char *second = replaced(first, twos, hash);
    hash_text(hash, key);
    char *third = replaced(second, threes, hash);
    temp_text(&f.temp, "project.json", third);
    struct pm_project *p = project_load(&f);
    CHECK(p->n_sources == 2 && p->version[0].n_inputs == 11 && p->version[0].n_public == 9);
    pm_project_free(&p);
    free(page);
    free(key);
    free(first);
    free(second);
    free(third);
    project_close(&f);
}

struct bad {
    const char *from, *to;
    enum pm_status status;
    const char *path, *text; /* both must be in the error */
};

#define R254       "21888242871839275222246405745257275088548364400416034343698204186575808495617"
#define ONE_SIGNAL "{\"name\": \"total\", \"sum\": \"/wh\"}"

static const struct bad bad_rows[] = {
    {"{\"name\"", "{\"name\"", PM_OK, "", ""},
    {"{\"name\": \"meters\",", "{\"name\": \"meters\" ", PM_FORMAT, "line 1", "expected JSON"},
    {"{\"name\": \"meters\",", "{\"name\": \"meters\", \"name\": \"x\",", PM_FORMAT, "line 1", "duplicate"},
    {"\"name\": \"meters\", ", "", PM_FORMAT, "$.name:", "found nothing"},
    {"\"meters\"", "\"\"", PM_FORMAT, "$.name:", "1 to 64 bytes"},
    {"\"meters\"", "7", PM_FORMAT, "$.name:", "found 7"},
    {"\"meters\"", "\"a\\nb\"", PM_FORMAT, "$.name:", "control characters"},
    {"\"clientID\"", "\"clientId\"", PM_FORMAT, "$:", "found \"clientId\""},
    {"\"defaultVersion\": \"1.0\"", "\"defaultVersion\": \"2.0\"", PM_FORMAT,
     "$.defaultVersion:", "found \"2.0\""},
    {"\"defaultVersion\": \"1.0\", ", "", PM_FORMAT, "$.defaultVersion:", "found nothing"},
    {"\"metadata\": {\"anything\"", "\"metdata\": {\"anything\"", PM_FORMAT, "$:", "\"metdata\""},
    {"[{\"type\": \"file\", \"path\": \"readings\"}, {\"type\": \"http\"}]", "[]", PM_FORMAT,
     "$.sources:", "1 to 16"},
    {"[{\"type\": \"file\", \"path\": \"readings\"}, {\"type\": \"http\"}]", "{}", PM_FORMAT,
     "$.sources:", "an array"},
    {"\"path\": \"readings\"", "\"folder\": \"readings\"", PM_FORMAT, "$.sources[0]:", "\"folder\""},
    {", \"path\": \"readings\"", "", PM_FORMAT, "$.sources[0].path:", "found nothing"},
    {"{\"type\": \"http\"}", "{\"type\": \"http\", \"path\": \"x\"}", PM_FORMAT, "$.sources[1]:", "\"path\""},
    {"{\"type\": \"http\"}", "{\"type\": \"ftp\"}", PM_FORMAT, "$.sources[1].type:", "\"ftp\""},
    {"{\"type\": \"http\"}", "{\"type\": \"postgres\"}", PM_UNSUPPORTED, "$.sources[1]:", "not offered yet"},
    {"{\"type\": \"http\"}", "{}", PM_FORMAT, "$.sources[1].type:", "found nothing"},
    {"{\"type\": \"http\"}", "5", PM_FORMAT, "$.sources[1]:", "an object"},
    {"\"path\": \"readings\"", "\"path\": \"https://a.example/x\"", PM_UNSUPPORTED,
     "$.sources[0]:", "local folder"},
    {"\"path\": \"readings\"}, {\"type\": \"http\"}",
     "\"path\": \"a\"}, {\"type\": \"file\", \"path\": \"a\"}", PM_FORMAT, "$.sources[1]:", "twice"},
    {"\"sources\": [", "\"datasourceURI\": \"postgres://u@h/db\", \"sources\": [", PM_UNSUPPORTED,
     "$.datasourceURI:", "not offered yet"},
    {"\"sources\": [", "\"datasourceURI\": \"gopher://x\", \"sources\": [", PM_FORMAT,
     "$.datasourceURI:", "file://"},
    {"\"versions\": [", "\"versions\": 3, \"x\": [", PM_FORMAT, "$:", "\"x\""},
    {"\"version\": \"1.0\"", "\"version\": 1.0", PM_FORMAT, "$.versions[0].version:", "found 1.0"},
    {"\"vmTypeID\": 100,", "", PM_FORMAT, "$.versions[0].vmTypeID:", "100 (circom)"},
    {"\"vmTypeID\": 100", "\"vmTypeID\": 1, \"code\": \"00\"", PM_UNSUPPORTED, "$.versions[0]:", "risc0"},
    {"\"vmTypeID\": 100", "\"vmTypeID\": 2", PM_UNSUPPORTED, "$.versions[0]:", "halo2"},
    {"\"vmTypeID\": 100", "\"vmTypeID\": 3", PM_UNSUPPORTED, "$.versions[0]:", "zkwasm"},
    {"\"vmTypeID\": 100", "\"vmTypeID\": 4", PM_UNSUPPORTED, "$.versions[0]:", "wasm"},
    {"\"vmTypeID\": 100", "\"vmTypeID\": \"100\"", PM_FORMAT, "$.versions[0].vmTypeID:", "found \"100\""},
    {"\"vmTypeID\": 100", "\"vmTypeID\": 101", PM_FORMAT, "$.versions[0].vmTypeID:", "found 101"},
    {"\"circuit\": {", "\"circuit\": {\"wtns\": 1,", PM_FORMAT, "$.versions[0].circuit:", "\"wtns\""},
    {"\"uri\": \"c.zkey\"", "\"uri\": \"d.zkey\"", PM_NOT_FOUND, "$.versions[0].circuit.zkey:", "d.zkey"},
    {"\"uri\": \"c.zkey\"", "\"uri\": \"c.wasm\"", PM_MISMATCH,
     "$.versions[0].circuit.zkey:", "expected sha256"},
    {"\"uri\": \"c.zkey\"", "\"uri\": \".\"", PM_IO, "$.versions[0].circuit.zkey:", "regular file"},
    {"\"uri\": \"c.zkey\"", "\"uri\": \"ipfs://QmX\"", PM_UNSUPPORTED,
     "$.versions[0].circuit.zkey:", "ipfs://"},
    {"\"uri\": \"c.zkey\"", "\"uri\": \"http://u:p@a.example/\"", PM_UNSUPPORTED,
     "$.versions[0].circuit.zkey:", "password"},
    {"\"uri\": \"c.zkey\"", "\"uri\": \"\"", PM_FORMAT, "$.versions[0].circuit.zkey.uri:", "found \"\""},
    {"\"uri\": \"c.zkey\", \"sha256\": \"", "\"uri\": \"c.zkey\", \"sha256\": \"00", PM_FORMAT,
     "$.versions[0].circuit.zkey.sha256:", "64 hex digits"},
    {"\"uri\": \"c.zkey\", \"sha256\"", "\"uri\": \"c.zkey\", \"sha\"", PM_FORMAT,
     "$.versions[0].circuit.zkey:", "\"sha\""},
    {"\"uri\": \"vk.json\"", "\"uri\": \"http://127.0.0.1:9/vk.json\"", PM_AUTH,
     "$.versions[0].circuit.verificationKey:", "private address"},
    {"\"uri\": \"vk.json\"", "\"uri\": \"http://[::ffff:10.0.0.1]/vk.json\"", PM_AUTH,
     "$.versions[0].circuit.verificationKey:", "private address"},
    {"\"size\": 4", "\"size\": 0", PM_FORMAT, "$.versions[0].task.size:", "found 0"},
    {"\"size\": 4", "\"size\": 4097", PM_FORMAT, "$.versions[0].task.size:", "1 to 4096"},
    {"\"size\": 4", "\"size\": 4.0", PM_FORMAT, "$.versions[0].task.size:", "found 4.0"},
    {"\"size\": 4, ", "", PM_FORMAT, "$.versions[0].task.size:", "found nothing"},
    {"\"groupBy\": \"/meter\"", "\"groupBy\": \"meter\"", PM_FORMAT,
     "$.versions[0].task.groupBy:", "JSON pointer"},
    {"\"groupBy\": \"/meter\"", "\"groupBy\": \"/a~2\"", PM_FORMAT,
     "$.versions[0].task.groupBy:", "JSON pointer"},
    {"\"groupBy\"", "\"groupby\"", PM_FORMAT, "$.versions[0].task:", "\"groupby\""},
    {"\"inputs\": {", "\"inputs\": {}, \"x\": {", PM_FORMAT, "$.versions[0]:", "\"x\""},
    {"{\"first\": \"/meter\"}", "{}", PM_FORMAT, "$.versions[0].inputs.meter:", "exactly one of"},
    {"{\"first\": \"/meter\"}", "{\"first\": \"/meter\", \"last\": \"/meter\"}", PM_FORMAT,
     "$.versions[0].inputs.meter:", "found 2"},
    {"{\"first\": \"/meter\"}", "{\"first\": \"/meter\", \"name\": \"x\"}", PM_FORMAT,
     "$.versions[0].inputs.meter:", "and a name"},
    {"{\"first\": \"/meter\"}", "{\"frist\": \"/meter\"}", PM_FORMAT,
     "$.versions[0].inputs.meter:", "\"frist\""},
    {"{\"first\": \"/meter\"}", "\"/meter\"", PM_FORMAT, "$.versions[0].inputs.meter:", "an object"},
    {"{\"first\": \"/meter\"}", "{\"first\": \"\"}", PM_FORMAT,
     "$.versions[0].inputs.meter.first:", "JSON pointer"},
    {"{\"first\": \"/meter\"}", "{\"first\": 3}", PM_FORMAT, "$.versions[0].inputs.meter.first:", "found 3"},
    {"\"meter\": {\"first\"", "\"meter[0]\": {\"first\"", PM_FORMAT,
     "$.versions[0].inputs.meter[0]:", "name of a signal"},
    {"{\"domain\": true}", "{\"domain\": 1}", PM_FORMAT,
     "$.versions[0].inputs.domain.domain:", "expected true"},
    {"{\"count\": true}", "{\"count\": false}", PM_FORMAT, "$.versions[0].inputs.n.count:", "expected true"},
    {"{\"const\": 7}", "{\"const\": -7}", PM_FORMAT, "$.versions[0].inputs.seven.const:", "found -7"},
    {"{\"const\": 7}", "{\"const\": \"" R254 "\"}", PM_FORMAT,
     "$.versions[0].inputs.seven.const:", "modulus"},
    {"{\"const\": 7}", "{\"const\": \"07\"}", PM_FORMAT, "$.versions[0].inputs.seven.const:", "found \"07\""},
    {"{\"const\": 7}", "{\"const\": \"0x7\"}", PM_FORMAT, "$.versions[0].inputs.seven.const:", "decimal"},
    {ONE_SIGNAL ", ", "", PM_MISMATCH, "$.versions[0].publicSignals:", "3 public signals, found 2"},
    {ONE_SIGNAL, ONE_SIGNAL ", {\"name\": \"a\", \"const\": 1}", PM_MISMATCH,
     "$.versions[0].publicSignals:", "found 4"},
    {"\"name\": \"total\", \"sum\"", "\"sum\"", PM_FORMAT, "$.versions[0].publicSignals[0]:", "beside name"},
    {"\"name\": \"total\", \"sum\"", "\"name\": 1, \"sum\"", PM_FORMAT,
     "$.versions[0].publicSignals[0].name:", "signal"},
    {"\"name\": \"total\", \"sum\"", "\"name\": \"total\", \"each\"", PM_FORMAT,
     "$.versions[0].publicSignals[0]:", "one number"},
    {"\"name\": \"meter\"", "\"name\": \"total\"", PM_FORMAT, "$.versions[0].publicSignals[2]:", "twice"},
    {"\"name\": \"domain\", \"domain\": true", "\"name\": \"domain\", \"count\": true", PM_FORMAT,
     "$.versions[0].publicSignals:", "ties a proof"},
    {"\"ethereumContract\"", "\"stdout\"", PM_UNSUPPORTED, "$.versions[0].output:", "not offered yet"},
    {"\"ethereumContract\"", "\"solanaProgram\"", PM_UNSUPPORTED, "$.versions[0].output:", "not offered yet"},
    {"\"ethereumContract\"", "\"textile\"", PM_UNSUPPORTED, "$.versions[0].output:", "not offered yet"},
    {"\"ethereumContract\"", "\"x\"", PM_FORMAT, "$.versions[0].output.type:", "found \"x\""},
    {"\"ethereum\": {", "\"ethereum\": {\"contractMethod\": \"f\",", PM_FORMAT,
     "$.versions[0].output.ethereum:", "\"contractMethod\""},
    {"\"chainId\": 31337", "\"chainId\": 0", PM_FORMAT, "$.versions[0].output.ethereum.chainId:", "found 0"},
    {"\"chainId\": 31337, ", "", PM_FORMAT, "$.versions[0].output.ethereum.chainId:", "found nothing"},
    {"http://127.0.0.1:8545", "ws://127.0.0.1:8545", PM_FORMAT,
     "$.versions[0].output.ethereum.chainEndpoint:", "http(s)"},
    {"http://127.0.0.1:8545", "http://", PM_FORMAT, "$.versions[0].output.ethereum", "URL"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5FbDB2315678afecb367f032d93F642f64180aA3", PM_FORMAT,
     "$.versions[0].output.ethereum.contractAddress:", "EIP-55"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5FbDB2315678afecb367f032d93F642f64180aa", PM_FORMAT,
     "$.versions[0].output.ethereum.contractAddress:", "40 hex digits"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x0000000000000000000000000000000000000000", PM_FORMAT,
     "$.versions[0].output.ethereum.contractAddress:", "not zero"},
    {"0xe7f1725e7734ce288f8367e1bb143e90bb3f0512", "0x5FbDB2315678afecb367f032d93F642f64180aa3", PM_FORMAT,
     "$.versions[0].output.ethereum.receiverAddress:", "another contract"},
    {"\"confirmations\": 2", "\"confirmations\": 0", PM_FORMAT,
     "$.versions[0].output.ethereum.confirmations:", "found 0"},
};

PM_TEST(bad_files_say_where)
{
    struct project_fixture f;
    project_open(&f);
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        const struct bad *row = &bad_rows[i];
        struct pm_project *p;
        char *text = replaced(f.good, row->from, row->to);
        temp_text(&f.temp, "project.json", text);
        memset(&f.err, 0, sizeof f.err);
        enum pm_status status = pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err);
        CHECK_MSG(status == row->status, "%s: status %s: %s", row->to, pm_status_name(status), f.err.text);
        CHECK((p != NULL) == (status == PM_OK));
        CHECK_MSG(status == PM_OK || (strstr(f.err.text, "project.json: ") && strstr(f.err.text, row->path)),
                  "%s: expected \"%s\" in \"%s\"", row->to, row->path, f.err.text);
        CHECK_MSG(strstr(f.err.text, row->text), "%s: expected \"%s\" in \"%s\"", row->to, row->text,
                  f.err.text);
        pm_project_free(&p);
        free(text);
    }
    project_close(&f);
}

PM_TEST(a_version_that_is_there_twice)
{
    struct project_fixture f;
    struct pm_project *p;
    project_open(&f);
    const char *start = strstr(f.good, "{\"version\": \"1.0\"");
    char *one = strndup(start, strlen(start) - strlen("]}\n")), *list = NULL, *text;
    size_t size = 2 * strlen(one) + 10;
    list = malloc(size);
    snprintf(list, size, "%s,\n%s]}\n", one, one);
    text = replaced(f.good, start, list);
    temp_text(&f.temp, "project.json", text);
    CHECK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err) == PM_FORMAT);
    CHECK_MSG(strstr(f.err.text, "$.versions[1]: ") && strstr(f.err.text, "\"1.0\" twice"), "%s", f.err.text);
    char *other = replaced(text, "  {\"version\": \"1.0\"", "  {\"version\": \"0.9\"");
    temp_text(&f.temp, "project.json", other);
    CHECK_OK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err), f.err);
    CHECK(p && p->n_versions == 2 && pm_project_find(p, NULL) == &p->version[1]);
    pm_project_free(&p);
    free(one);
    free(list);
    free(text);
    free(other);
    project_close(&f);
}

PM_TEST(limits_of_size)
{
    struct project_fixture f;
    struct pm_project *p;
    project_open(&f);
    char *big = malloc((1 << 20) + 2);
    memset(big, ' ', (1 << 20) + 1);
    memcpy(big, f.good, strlen(f.good));
    temp_write(&f.temp, "project.json", "w", big, 1 << 20);
    CHECK_OK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err), f.err);
    pm_project_free(&p);
    temp_write(&f.temp, "project.json", "w", big, (1 << 20) + 1);
    CHECK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err) == PM_FORMAT);
    CHECK_MSG(strstr(f.err.text, "at most 1048576 bytes"), "%s", f.err.text);
    free(big);

    /* Input that no worker would accept: 4096 messages with 16 numbers each. */
    char inputs[2048] = "\"inputs\": {";
    for (int i = 0; i < 16; i++) {
        size_t len = strlen(inputs);
        snprintf(inputs + len, sizeof inputs - len, "\"x%d\": {\"each\": \"/x\"}, ", i);
    }
    char *text = replaced(f.good, "\"inputs\": {", inputs),
         *large = replaced(text, "\"size\": 4", "\"size\": 4096");
    temp_text(&f.temp, "project.json", large);
    CHECK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err) == PM_FORMAT);
    CHECK_MSG(strstr(f.err.text, "$.versions[0].inputs: ") && strstr(f.err.text, "task.size"), "%s",
              f.err.text);
    free(text);
    free(large);
    project_close(&f);
}

PM_TEST(a_verification_key_that_is_none)
{
    struct project_fixture f;
    struct pm_project *p;
    char hash[65];
    project_open(&f);
    const char *at = strstr(f.good, "\"vk.json\", \"sha256\": \"");
    char *old = strndup(at + strlen("\"vk.json\", \"sha256\": \""), 64);
    hash_text(hash, "{\"protocol\":\"groth16\"}");
    char *text = replaced(f.good, old, hash);
    temp_text(&f.temp, "vk.json", "{\"protocol\":\"groth16\"}");
    temp_text(&f.temp, "project.json", text);
    CHECK(pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err) != PM_OK && !p);
    CHECK_MSG(strstr(f.err.text, "$.versions[0].circuit.verificationKey: ") && strstr(f.err.text, "vk.json"),
              "%s", f.err.text);
    free(old);
    free(text);
    project_close(&f);
}

/* Bytes changed, doubled, dropped, cut: an error with a text, or a project; never anything else. */
PM_TEST(mutated_files)
{
    struct project_fixture f;
    project_open(&f);
    size_t len = strlen(f.good), good = 0;
    char *text = malloc(2 * len + 2);
    for (int i = 0; i < 3000; i++) {
        struct pm_project *p;
        size_t n = len;
        memcpy(text, f.good, len + 1);
        for (int k = 0; k <= i % 4; k++) {
            size_t at = test_random() % n, piece = test_random() % 40 % (n - at);
            switch (test_random() % 5) {
            case 0:
                text[at] = (char)test_random();
                break;
            case 1:
                text[at] = "{}[]\",:0-9.e\\\""[test_random() % 14];
                break;
            case 2:
                memmove(text + at, text + at + piece, n - at - piece);
                n -= piece;
                break;
            case 3:
                if (n + piece < 2 * len) {
                    memmove(text + at + piece, text + at, n - at);
                    n += piece;
                }
                break;
            case 4:
                n = test_random() % 30 ? n : at + 1;
                break;
            }
        }
        temp_write(&f.temp, "project.json", "w", text, n);
        memset(&f.err, 0, sizeof f.err);
        enum pm_status status = pm_project_load(&p, 7, temp_path(&f.temp, "project.json"), NULL, &f.err);
        CHECK((status == PM_OK) == (p != NULL));
        CHECK_MSG(status == PM_OK || f.err.text[0], "status %s without a text", pm_status_name(status));
        CHECK(status != PM_INTERNAL && status != PM_NO_MEMORY);
        good += status == PM_OK;
        pm_project_free(&p);
    }
    CHECK(good > 0 && good < 3000);
    free(text);
    project_close(&f);
}
