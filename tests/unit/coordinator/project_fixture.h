/* For tests of project files: a folder with a good project file, its artifacts, and a real verification key
 * (of generator points: it checks, and verifies nothing). */
#ifndef PM_TEST_PROJECT_FIXTURE_H
#define PM_TEST_PROJECT_FIXTURE_H

#include "base/bytes.h"
#include "coordinator/project/fetch.h"
#include "coordinator/project/project.h"
#include "json/json.h"
#include "temp.h"

struct project_fixture {
    struct temp temp;
    char *good; /* the project file's text */
    struct pm_error err;
};

/* The three hashes are filled in. */
static const char project_template[] =
    "{\"name\": \"meters\", \"defaultVersion\": \"1.0\", \"clientID\": \"demo\",\n"
    " \"sources\": [{\"type\": \"file\", \"path\": \"readings\"}, {\"type\": \"http\"}],\n"
    " \"metadata\": {\"anything\": [\"goes\", 1]},\n"
    " \"versions\": [\n"
    "  {\"version\": \"1.0\", \"vmTypeID\": 100,\n"
    "   \"circuit\": {\n"
    "     \"zkey\": {\"uri\": \"c.zkey\", \"sha256\": \"%s\"},\n"
    "     \"wasm\": {\"uri\": \"./c.wasm\", \"sha256\": \"%s\"},\n"
    "     \"verificationKey\": {\"uri\": \"vk.json\", \"sha256\": \"%s\"}},\n"
    "   \"task\": {\"size\": 4, \"groupBy\": \"/meter\"},\n"
    "   \"inputs\": {\"domain\": {\"domain\": true}, \"meter\": {\"first\": \"/meter\"}, \"wh\": {\"each\": "
    "\"/wh\"},\n"
    "              \"sigS\": {\"last\": \"/sig/S\"}, \"seven\": {\"const\": 7}, \"n\": {\"count\": true},\n"
    "              \"total\": {\"sum\": \"/wh\"}},\n"
    "   \"publicSignals\": [{\"name\": \"total\", \"sum\": \"/wh\"}, {\"name\": \"domain\", \"domain\": "
    "true},\n"
    "                     {\"name\": \"meter\", \"first\": \"/meter\"}],\n"
    "   \"output\": {\"type\": \"ethereumContract\", \"ethereum\": {\n"
    "      \"chainId\": 31337, \"chainEndpoint\": \"http://127.0.0.1:8545\",\n"
    "      \"contractAddress\": \"0x5FbDB2315678afecb367f032d93F642f64180aa3\",\n"
    "      \"receiverAddress\": \"0xe7f1725e7734ce288f8367e1bb143e90bb3f0512\", \"confirmations\": 2}}}]}\n";

__attribute__((unused)) static void hash_text(char out[65], const char *text)
{
    uint8_t hash[32];
    pm_sha256(hash, text, strlen(text));
    pm_hex_encode(out, hash, 32);
}

__attribute__((unused)) static char *vk_text(uint32_t n_public)
{
    const struct pm_curve *curve = pm_curve_by_name("bn128");
    struct pm_vk vk = {.curve = curve, .n_public = n_public};
    if (!curve) exit(1);
    memcpy(vk.alpha1, curve->g1_generator, curve->g1_bytes);
    memcpy(vk.beta2, curve->g2_generator, curve->g2_bytes);
    memcpy(vk.gamma2, curve->g2_generator, curve->g2_bytes);
    memcpy(vk.delta2, curve->g2_generator, curve->g2_bytes);
    vk.ic = malloc((n_public + 1u) * curve->g1_bytes);
    for (uint32_t i = 0; i <= n_public; i++)
        memcpy(vk.ic + i * curve->g1_bytes, curve->g1_generator, curve->g1_bytes);
    char *text = pm_json_write_vk(&vk);
    pm_vk_fini(&vk);
    if (!text) exit(1);
    return text;
}

__attribute__((unused)) static void project_open(struct project_fixture *f)
{
    char zkey[65], wasm[65], vk[65];
    char *key = vk_text(3);
    memset(f, 0, sizeof *f);
    temp_open(&f->temp);
    temp_text(&f->temp, "c.zkey", "any bytes are a key here");
    temp_text(&f->temp, "c.wasm", "and any are a module");
    temp_text(&f->temp, "vk.json", key);
    hash_text(zkey, "any bytes are a key here");
    hash_text(wasm, "and any are a module");
    hash_text(vk, key);
    free(key);
    f->good = malloc(sizeof project_template + 200);
    snprintf(f->good, sizeof project_template + 200, project_template, zkey, wasm, vk);
    temp_text(&f->temp, "project.json", f->good);
}

__attribute__((unused)) static void project_close(struct project_fixture *f)
{
    free(f->good);
    temp_close(&f->temp);
}

__attribute__((unused)) static struct pm_project *project_load(struct project_fixture *f)
{
    struct pm_project *p = NULL;
    CHECK_OK(pm_project_load(&p, 7, temp_path(&f->temp, "project.json"), NULL, &f->err), f->err);
    if (!p) exit(1);
    return p;
}

/* A copy with the first `from` replaced. */
__attribute__((unused)) static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *copy = malloc(size);
    CHECK_MSG(at, "no \"%s\" in the text", from);
    if (!at) exit(1);
    snprintf(copy, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return copy;
}

#endif
