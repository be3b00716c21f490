/* The subcommands deploy, send and keystore of proofmill-coordinator: arguments in, one result out. The work
 * is deploy.c's and keystore.c's. */
#include "coordinator/chain/deploy.h"

#include "base/bytes.h"
#include "base/random.h"
#include "coordinator/chain/eth.h"
#include "coordinator/chain/keystore.h"
#include "coordinator/chain/tx.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_ARGS = 16, LIGHT_LOG2_N = 12 };

struct args {
    const char *artifact, *rpc, *keystore, *password_file, *vk, *to, *sig, *out;
    const char *max_fee_gwei, *timeout_s;
    char *arg[MAX_ARGS];
    unsigned n_arg;
    const char *word; /* the one argument without a dash */
    bool json, help, light;
};

static const char deploy_help[] =
    "usage: proofmill-coordinator deploy --artifact FILE --rpc URL --keystore FILE --password-file FILE "
    "[options]\n"
    "\n"
    "Deploys a compiled contract, waits for its receipt and prints its address.\n"
    "\n"
    "  --artifact FILE       what contracts/build.mjs wrote: JSON with abi and bytecode\n"
    "  --arg TYPE:VALUE      one constructor argument, in order; e.g. address:0x..., uint256:1, string:1.0, "
    "bool:true\n"
    "  --vk FILE             the verification key of a verifier contract (snarkjs' JSON); needed on any "
    "chain but a local\n"
    "                        one (31337, 1337), where development keys and keys without a second phase are "
    "refused\n";
static const char send_help[] =
    "usage: proofmill-coordinator send --to ADDRESS --sig SIGNATURE --rpc URL --keystore FILE "
    "--password-file FILE [options]\n"
    "\n"
    "Calls a contract in a transaction and waits for its receipt.\n"
    "\n"
    "  --to ADDRESS          the contract\n"
    "  --sig SIGNATURE       e.g. 'bindDapp(uint256,address)'\n"
    "  --arg TYPE:VALUE      one argument, in order; its type as in the signature\n";
static const char common_help[] =
    "  --rpc URL             the chain's JSON-RPC endpoint\n"
    "  --keystore FILE       the account that pays (web3 secret storage, version 3)\n"
    "  --password-file FILE  its password: the first line of a file that only you can read\n"
    "  --max-fee-gwei N      never pay more per gas [200]\n"
    "  --timeout-s N         wait so long for the receipt [120]\n"
    "  --json                print one JSON object\n";
static const char keystore_help[] =
    "usage: proofmill-coordinator keystore new --out FILE --password-file FILE [--light] [--json]\n"
    "       proofmill-coordinator keystore address --keystore FILE --password-file FILE [--json]\n"
    "\n"
    "new      makes an account: a random key, encrypted with the password, in a file that must not exist "
    "yet\n"
    "address  prints the address of an account\n"
    "\n"
    "  --password-file FILE  the password: the first line of a file that only you can read\n"
    "  --light               a cheaper key derivation (4 MiB instead of 256 MiB); for accounts on test "
    "chains\n"
    "  --json                print one JSON object\n";

static int report(const char *command, enum pm_status status, const struct pm_error *err)
{
    if (status != PM_OK) fprintf(stderr, "proofmill-coordinator %s: %s\n", command, err->text);
    return pm_status_exit_code(status);
}

static enum pm_status parse_args(struct args *a, int argc, char **argv, struct pm_error *err)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"--artifact", &a->artifact},
                   {"--rpc", &a->rpc},
                   {"--keystore", &a->keystore},
                   {"--password-file", &a->password_file},
                   {"--vk", &a->vk},
                   {"--to", &a->to},
                   {"--sig", &a->sig},
                   {"--out", &a->out},
                   {"--max-fee-gwei", &a->max_fee_gwei},
                   {"--timeout-s", &a->timeout_s}};
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        if (strcmp(argv[i], "--json") == 0)
            a->json = true;
        else if (strcmp(argv[i], "--light") == 0)
            a->light = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            a->help = true;
        else if (argv[i][0] != '-' && !a->word)
            a->word = argv[i];
        else if (i + 1 == argc)
            return pm_fail(err, PM_USAGE, "%s is unknown here, or lacks a value; try --help", argv[i]);
        else if (strcmp(argv[i], "--arg") == 0) {
            if (a->n_arg == MAX_ARGS) return pm_fail(err, PM_USAGE, "at most %d arguments", MAX_ARGS);
            a->arg[a->n_arg++] = argv[++i];
        } else {
            while (k < sizeof options / sizeof *options && strcmp(argv[i], options[k].name) != 0) k++;
            if (k == sizeof options / sizeof *options)
                return pm_fail(err, PM_USAGE, "%s is unknown; try --help", argv[i]);
            *options[k].value = argv[++i];
        }
    }
    return PM_OK;
}

static enum pm_status need(const char *value, const char *name, struct pm_error *err)
{
    return value ? PM_OK : pm_fail(err, PM_USAGE, "%s is needed; try --help", name);
}

static enum pm_status number(uint64_t *out, const char *text, uint64_t fallback, uint64_t max,
                             const char *name, struct pm_error *err)
{
    char *end;
    *out = fallback;
    if (!text) return PM_OK;
    *out = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || *out > max || *out == 0)
        return pm_fail(err, PM_USAGE, "%s %s: expected a number from 1 to %llu", name, text,
                       (unsigned long long)max);
    return PM_OK;
}

/* -- accounts -- */

static enum pm_status unlock(uint8_t key[32], uint8_t address[20], const struct args *a, struct pm_error *err)
{
    char *password;
    PM_TRY(need(a->keystore, "--keystore FILE", err));
    PM_TRY(need(a->password_file, "--password-file FILE", err));
    PM_TRY(pm_password_load(&password, a->password_file, err));
    enum pm_status status = pm_keystore_read(key, address, a->keystore, password, err);
    pm_password_free(&password);
    return status;
}

static enum pm_status keystore_new(uint8_t address[20], const struct args *a, struct pm_error *err)
{
    uint8_t key[32];
    char *password = NULL;
    enum pm_status status;
    PM_TRY(need(a->out, "--out FILE", err));
    PM_TRY(need(a->password_file, "--password-file FILE", err));
    PM_GOTO(pm_password_load(&password, a->password_file, err));
    PM_GOTO(pm_random_bytes(key, sizeof key, err));
    PM_GOTO(pm_eth_address(address, key, err)); /* fails for one of 2^127 keys */
    PM_GOTO(pm_keystore_write(a->out, key, password, a->light ? LIGHT_LOG2_N : PM_KEYSTORE_LOG2_N, err));
out:
    pm_wipe(key, sizeof key);
    pm_password_free(&password);
    return status;
}

int pm_keystore_main(int argc, char **argv)
{
    struct args a = {0};
    struct pm_error err = {0};
    uint8_t key[32] = {0}, address[20];
    char text[41];
    enum pm_status status = parse_args(&a, argc, argv, &err);
    if (status == PM_OK && a.help) {
        fputs(keystore_help, stdout);
        return 0;
    }
    if (status == PM_OK && a.word && strcmp(a.word, "new") == 0)
        status = keystore_new(address, &a, &err);
    else if (status == PM_OK && a.word && strcmp(a.word, "address") == 0)
        status = unlock(key, address, &a, &err);
    else if (status == PM_OK)
        status = pm_fail(&err, PM_USAGE, "expected new or address; try --help");
    pm_wipe(key, sizeof key);
    if (status != PM_OK) return report("keystore", status, &err);
    pm_hex_encode(text, address, 20);
    printf(a.json ? "{\"address\": \"0x%s\"}\n" : "0x%s\n", text);
    return 0;
}

/* -- transactions -- */

static enum pm_status open_sender(struct pm_sender *out, const struct args *a, struct pm_error *err)
{
    uint64_t gwei, seconds;
    memset(out, 0, sizeof *out);
    PM_TRY(need(a->rpc, "--rpc URL", err));
    PM_TRY(number(&gwei, a->max_fee_gwei, 200, 1000000000, "--max-fee-gwei", err));
    PM_TRY(number(&seconds, a->timeout_s, 120, 86400, "--timeout-s", err));
    out->max_fee_wei = gwei * 1000000000u;
    out->timeout_ms = (unsigned)seconds * 1000;
    PM_TRY(pm_rpc_new(&out->rpc, a->rpc, NULL, err));
    enum pm_status status = pm_eth_chain_id(out->rpc, &out->chain_id, err);
    if (status == PM_OK) status = unlock(out->key, out->address, a, err);
    return status;
}

static void close_sender(struct pm_sender *sender)
{
    pm_rpc_free(&sender->rpc);
    pm_wipe(sender, sizeof *sender);
}

static void print_sent(const struct args *a, const struct pm_sender *sender, const struct pm_sent *sent,
                       const char *contract)
{
    char hash[65], address[41];
    pm_hex_encode(hash, sent->hash, 32);
    pm_hex_encode(address, sent->contract, 20);
    if (a->json) {
        printf("{");
        if (contract) printf("\"contract\": \"%s\", \"address\": \"0x%s\", ", contract, address);
        printf("\"transaction\": \"0x%s\", \"block\": %llu, \"gas\": %llu, \"chainId\": %llu}\n", hash,
               (unsigned long long)sent->block_number, (unsigned long long)sent->gas_used,
               (unsigned long long)sender->chain_id);
    } else {
        if (contract) printf("%s is at 0x%s\n", contract, address);
        printf("transaction 0x%s, block %llu, %llu gas\n", hash, (unsigned long long)sent->block_number,
               (unsigned long long)sent->gas_used);
    }
}

static enum pm_status deploy(const struct args *a, struct pm_error *err)
{
    struct pm_artifact artifact;
    struct pm_sender sender = {0};
    struct pm_sent sent;
    enum pm_status status;
    PM_TRY(need(a->artifact, "--artifact FILE", err));
    PM_TRY(pm_artifact_load(&artifact, a->artifact, err));
    PM_GOTO(pm_encode_args(&artifact.bytecode, a->arg, a->n_arg, artifact.constructor, artifact.n_constructor,
                           err));
    PM_GOTO(open_sender(&sender, a, err));
    PM_GOTO(pm_verifier_check(&artifact, a->vk, sender.chain_id, err));
    PM_GOTO(pm_send_and_wait(&sent, &sender, NULL, artifact.bytecode.data, artifact.bytecode.len, err));
    size_t code_len;
    PM_GOTO(pm_eth_code_len(sender.rpc, &code_len, sent.contract, err));
    if (code_len == 0)
        PM_GOTO(
            pm_fail(err, PM_CHAIN, "%s: the receipt names a contract without code", pm_rpc_name(sender.rpc)));
    print_sent(a, &sender, &sent, artifact.name);
out:
    close_sender(&sender);
    pm_artifact_fini(&artifact);
    return status;
}

int pm_deploy_main(int argc, char **argv)
{
    struct args a = {0};
    struct pm_error err = {0};
    enum pm_status status = parse_args(&a, argc, argv, &err);
    if (status == PM_OK && a.help) {
        printf("%s%s", deploy_help, common_help);
        return 0;
    }
    if (status == PM_OK && a.word) status = pm_fail(&err, PM_USAGE, "%s is unknown; try --help", a.word);
    if (status == PM_OK) status = deploy(&a, &err);
    return report("deploy", status, &err);
}

static enum pm_status send_call(const struct args *a, struct pm_error *err)
{
    struct pm_sender sender = {0};
    struct pm_sent sent;
    struct pm_buf data = {0};
    char types[MAX_ARGS][64];
    unsigned n_types;
    uint8_t to[20], selector[4];
    size_t code_len;
    enum pm_status status;
    PM_TRY(need(a->to, "--to ADDRESS", err));
    PM_TRY(need(a->sig, "--sig SIGNATURE", err));
    if (strncmp(a->to, "0x", 2) != 0 || !pm_hex_decode(to, 20, a->to))
        return pm_fail(err, PM_USAGE, "--to %s is no address", a->to);
    PM_TRY(pm_signature_types(types, &n_types, MAX_ARGS, a->sig, err));
    pm_abi_selector(selector, a->sig);
    pm_buf_add(&data, selector, 4);
    PM_GOTO(pm_encode_args(&data, a->arg, a->n_arg, types, n_types, err));
    PM_GOTO(open_sender(&sender, a, err));
    PM_GOTO(pm_eth_code_len(sender.rpc, &code_len, to, err));
    if (code_len == 0)
        PM_GOTO(pm_fail(err, PM_CHAIN, "%s: %s has no code; a call would do nothing", pm_rpc_name(sender.rpc),
                        a->to));
    PM_GOTO(pm_send_and_wait(&sent, &sender, to, data.data, data.len, err));
    print_sent(a, &sender, &sent, NULL);
out:
    close_sender(&sender);
    pm_buf_fini(&data);
    return status;
}

int pm_send_main(int argc, char **argv)
{
    struct args a = {0};
    struct pm_error err = {0};
    enum pm_status status = parse_args(&a, argc, argv, &err);
    if (status == PM_OK && a.help) {
        printf("%s%s", send_help, common_help);
        return 0;
    }
    if (status == PM_OK && a.word) status = pm_fail(&err, PM_USAGE, "%s is unknown; try --help", a.word);
    if (status == PM_OK) status = send_call(&a, &err);
    return report("send", status, &err);
}
