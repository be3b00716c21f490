/* proofmill: the command line. A table of commands, options by getopt, the result as text or JSON, an exit
 * code that scripts can use. What the commands do is in cmd_*.c. Two programs are made of it: what asks a
 * coordinator needs libcurl, whose thirty libraries take longer to load than a small proof should wait;
 * `proofmill` is without, and hands those commands to `proofmill-client` beside it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PM_CLI_CLIENT
#define CLIENT(run, show) run, show
#else
#define CLIENT(run, show) cmd_client, NULL
#endif

static const struct pm_command commands[] = {
    {"prove", "CIRCUIT.zkey WITNESS.wtns PROOF.json PUBLIC.json", "make a Groth16 proof from a witness",
     "The arguments of snarkjs and rapidsnark. The proof is checked before it is written; a witness that "
     "does not\n"
     "satisfy the circuit ends with exit code 1 and writes nothing.\n"
     "\n"
     "proofmill prove --batch DIR CIRCUIT.zkey WITNESS.wtns... proves any number of witnesses with a key "
     "that "
     "is loaded\n"
     "once: DIR/NAME.proof.json and DIR/NAME.public.json for NAME.wtns. A bad witness refuses only itself; "
     "then the exit\n"
     "code is that of the first one.",
     2, 1 << 20, OPT_THREADS | OPT_DEVICE | OPT_BATCH | OPT_TABLES, cmd_prove, NULL},
    {"fullprove", "INPUT.json CIRCUIT.wasm CIRCUIT.zkey PROOF.json PUBLIC.json",
     "witness and proof in one step",
     "Computes the witness with circom's own .wasm, translated to native code once and kept in the cache, "
     "then proves.",
     5, 5, OPT_THREADS | OPT_DEVICE | OPT_CACHE, cmd_fullprove, NULL},
    {"verify", "VERIFICATION_KEY.json PUBLIC.json PROOF.json", "check a proof",
     "Exit code 0: the proof holds. 1: it does not. 3: a file is malformed.", 3, 3, 0, cmd_verify,
     show_verify},
    {"setup", "--dev CIRCUIT.r1cs CIRCUIT.zkey", "make a development key for a circuit",
     "The secrets are drawn on this machine, so whoever runs this could forge proofs: the key says so of "
     "itself and is\n"
     "refused for any chain but a local one. For production make the key by a ceremony (snarkjs groth16 "
     "setup and\n"
     "zkey contribute).",
     2, 2, OPT_THREADS | OPT_DEV, cmd_setup, NULL},
    {"ptau", "--dev POWER FILE.ptau", "make development powers of tau, prepared for `snarkjs groth16 setup`",
     "For circuits of up to 2^POWER rows (constraints, public signals and one more). The secrets are known "
     "to everyone,\n"
     "who can so forge proofs of every key that is made from the file; such keys are told by their alpha "
     "and beta, and\n"
     "refused like those of setup --dev, whatever is contributed to their second phase.",
     2, 2, OPT_THREADS | OPT_DEV | OPT_CURVE, cmd_ptau, NULL},
    {"export", "verificationkey|solidity CIRCUIT.zkey OUTPUT",
     "write a verification key or a verifier contract",
     "A verifier contract is refused for a key that must not hold value (development keys, and keys without "
     "a second\n"
     "phase); with --local it is written, and its constructor refuses every chain but a local one (31337, "
     "1337).",
     3, 3, OPT_LOCAL | OPT_NAME, cmd_export, NULL},
    {"inspect", "FILE", "say what a .zkey, .ptau, .wtns, .r1cs or JSON file holds, and check it",
     "With --deep every point of a .zkey or .ptau is checked: on its curve and in its subgroup.", 1, 1,
     OPT_DEEP | OPT_THREADS, cmd_inspect, NULL},
    {"bench", "[field|ntt|msm|prove|verify|all]", "measure this machine",
     "Checks results first, then times them: minimum and median of --runs. Without arguments a short round "
     "of "
     "all.\n"
     "prove makes a chain of x^2 + k with nearly 2^N constraints, its development key, and proofs, cold and "
     "warm.",
     0, 1, OPT_THREADS | OPT_DEVICE | OPT_CURVE | OPT_BENCH | OPT_TABLES, cmd_bench, show_bench},
    {"synth", "OUT.r1cs OUT.wtns", "make a circuit of any size and its witness, for benchmarks",
     "Nothing is compiled, and the same arguments give the same files. Values 0 / 1 / small / full-width, "
     "and "
     "wires that\n"
     "stand in A and B, in per cent:\n"
     "  wide    0 / 0 / 0 / 100     100, 100   a chain of x^2 + k, the circuit of bench\n"
     "  mixed   45 / 25 / 10 / 20    80, 50    the usual\n"
     "  bits    58 / 42 / 0 / 0      64, 34    like SHA-256",
     2, 2, OPT_CURVE | OPT_SYNTH, cmd_synth, NULL},
    {"submit", "PROJECT MESSAGES.jsonl", "hand messages to a coordinator",
     "One JSON message a line; \"-\" reads standard input. The project must have a source of type http.", 2,
     2, OPT_URL | OPT_TOKEN, CLIENT(cmd_submit, NULL)},
    {"tasks", "", "list a coordinator's tasks", "Newest first.", 0, 0, OPT_URL | OPT_FILTER,
     CLIENT(cmd_tasks, show_tasks)},
    {"nodes", "", "list a coordinator's prover nodes", "", 0, 0, OPT_URL, CLIENT(cmd_nodes, show_nodes)},
    {"explain", "TASK", "tell a task's whole history",
     "TASK is an id as `tasks` shows it; its first characters suffice.", 1, 1, OPT_URL,
     CLIENT(cmd_explain, show_explain)},
};
enum { n_commands = sizeof commands / sizeof *commands };

struct option_row {
    const char *name, *value, *help;
    unsigned bit;
    int letter;
};
static const struct option_row option_rows[] = {
    {"threads", "N", "threads to use (default: one per CPU)", OPT_THREADS, 't'},
    {"device", "NAME", "cpu, cuda:0, cuda:GPU-uuid, or auto (default): the best that takes the key",
     OPT_DEVICE, 'd'},
    {"batch", "DIR", "many witnesses; their proofs go to this folder", OPT_BATCH, 'b'},
    {"tables", "MIB", "memory for tables of a warm key's points (default: 0)", OPT_TABLES, 'M'},
    {"deep", NULL, "check every point", OPT_DEEP, 'D'},
    {"dev", NULL, "yes, for development only", OPT_DEV, 'e'},
    {"local", NULL, "for a local chain only", OPT_LOCAL, 'l'},
    {"curve", "NAME", "bn128 (default), or another curve of this build", OPT_CURVE, 'C'},
    {"name", "NAME", "the contract's name (default: Verifier)", OPT_NAME, 'n'},
    {"cache", "DIR", "where native code is kept (default: ~/.cache/proofmill)", OPT_CACHE, 'c'},
    {"url", "URL", "the coordinator (default: $PROOFMILL_URL, or http://127.0.0.1:8080)", OPT_URL, 'u'},
    {"token-file", "FILE", "a file with the coordinator's token", OPT_TOKEN, 'T'},
    {"project", "ID", "only this project's", OPT_FILTER, 'p'},
    {"state", "STATE", "only in this state: packed, dispatched, checking, proved, submitted, settled, failed",
     OPT_FILTER, 's'},
    {"kind", "KIND", "wide (default), mixed or bits", OPT_SYNTH, 'k'},
    {"constraints", "N", "how many constraints (default: 2^16 - 8)", OPT_SYNTH, 'N'},
    {"log2", "N", "size: 2^N (default: one that takes seconds)", OPT_BENCH, 'L'},
    {"log2", "N", "2^N - 8 constraints, for a domain of 2^N", OPT_SYNTH, 'L'},
    {"runs", "N", "timed runs (default 5)", OPT_BENCH, 'r'},
    {"limit", "N", "at most so many (default 50)", OPT_FILTER, 'm'},
    {"json", NULL, "the result as one JSON object", 0, 'j'},
    {"help", NULL, "this text", 0, 'h'},
};
enum { n_options = sizeof option_rows / sizeof *option_rows };

static void help_command(FILE *to, const struct pm_command *c)
{
    fprintf(to, "proofmill %s %s\n\n  %s.\n", c->name, c->arguments, c->summary);
    if (*c->details) fprintf(to, "\n%s\n", c->details);
    fprintf(to, "\noptions:\n");
    for (int i = 0; i < n_options; i++) {
        const struct option_row *o = &option_rows[i];
        if (o->bit && !(c->options & o->bit)) continue;
        char left[40];
        (void)snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(to, "  %-20s %s\n", left, o->help);
    }
}

static void help(FILE *to)
{
    fprintf(to, "proofmill " PM_VERSION ": Groth16 proofs, and the pool that makes them\n\n"
                "usage: proofmill COMMAND [OPTIONS] ARGUMENTS\n\ncommands:\n");
    for (int i = 0; i < n_commands; i++) fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n`proofmill COMMAND --help` explains one. Every command takes --json.\n"
                "exit codes: 0 done, 1 the proof or witness does not hold, 2 wrong arguments, 3 malformed or "
                "unfit input,\n"
                "4 a file cannot be read or written, 5 out of memory or time, or the device fails,\n"
                "6 the peer or chain fails, 7 not allowed, 70 a fault of proofmill itself\n"
                "environment: PROOFMILL_CPU names the instruction sets to use at most: ifma (with adx), adx, "
                "or nothing\n"
                "for portable C; `proofmill bench` says what runs\n");
}

static unsigned long parse_number(struct pm_cli *cli, const char *what, const char *text, unsigned long max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n > max) {
        (void)pm_fail(&cli->err, PM_USAGE, "--%s wants a number up to %lu, not \"%s\"", what, max, text);
        return 0;
    }
    return n;
}

static void take_option(struct pm_cli *cli, int letter, const char *value)
{
    switch (letter) {
    case 't':
        cli->threads = (unsigned)parse_number(cli, "threads", value, 4096);
        break;
    case 'm':
        cli->limit = (unsigned)parse_number(cli, "limit", value, 1000);
        break;
    case 'L':
        cli->log2 = (unsigned)parse_number(cli, "log2", value, 26);
        break;
    case 'r':
        cli->runs = (unsigned)parse_number(cli, "runs", value, 101);
        break;
    case 'k':
        cli->kind = value;
        break;
    case 'N':
        cli->constraints = (unsigned)parse_number(cli, "constraints", value, 1 << 27);
        break;
    case 'd':
        cli->device = value;
        break;
    case 'b':
        cli->batch = value;
        break;
    case 'M':
        cli->tables_mib = (unsigned)parse_number(cli, "tables", value, 1 << 20);
        break;
    case 'D':
        cli->deep = true;
        break;
    case 'e':
        cli->dev = true;
        break;
    case 'l':
        cli->local = true;
        break;
    case 'C':
        cli->curve = value;
        break;
    case 'n':
        cli->name = value;
        break;
    case 'c':
        cli->cache = value;
        break;
    case 'u':
        cli->url = value;
        break;
    case 'T':
        cli->token_file = value;
        break;
    case 'p':
        cli->project = value;
        break;
    case 's':
        cli->state = value;
        break;
    case 'j':
        cli->json = true;
        break;
    }
}

/* Fills cli from the command's options. Returns false when help was asked for. */
static bool read_options(struct pm_cli *cli, const struct pm_command *c, int argc, char **argv)
{
    struct option longopts[n_options + 1] = {{0}};
    int n = 0;
    for (int i = 0; i < n_options; i++) {
        const struct option_row *o = &option_rows[i];
        if (o->bit && !(c->options & o->bit)) continue;
        longopts[n++] = (struct option){o->name, o->value ? required_argument : no_argument, NULL, o->letter};
    }
    opterr = 0;
    /* Scripts want their JSON for a faulty call too. */
    for (int i = 1; i < argc; i++) cli->json = cli->json || strcmp(argv[i], "--json") == 0;
    int letter;
    while ((letter = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
        if (letter == 'h') return false;
        if (letter == '?') {
            (void)pm_fail(&cli->err, PM_USAGE,
                          "%s: option \"%s\" is not known to this command, or lacks its value", c->name,
                          argv[optind - 1]);
            return true;
        }
        take_option(cli, letter, optarg);
    }
    cli->n_args = argc - optind;
    cli->arg = argv + optind;
    const bool one_proof = (c->options & OPT_BATCH) && !cli->batch; /* cmd_prove counts */
    if (cli->err.status == PM_OK && !one_proof && (cli->n_args < c->min_args || cli->n_args > c->max_args))
        (void)pm_fail(&cli->err, PM_USAGE, "%s takes %d arguments (%s), not %d", c->name, c->min_args,
                      c->arguments, cli->n_args);
    return true;
}

static void show_plain(json_t *result)
{
    const char *key;
    json_t *value;
    json_object_foreach(result, key, value)
    {
        if (json_is_string(value)) {
            printf("%s: %s\n", key, json_string_value(value));
            continue;
        }
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(10));
        printf("%s: %s\n", key, text ? text : "?");
        free(text);
    }
}

static int finish(const struct pm_command *c, struct pm_cli *cli, enum pm_status status, json_t *result)
{
    if (cli->json) {
        json_t *out = result ? json_incref(result) : json_object();
        json_object_set_new(out, "ok", json_boolean(status == PM_OK));
        if (status != PM_OK) {
            json_object_set_new(out, "status", json_string(pm_status_name(status)));
            json_object_set_new(out, "message", json_string(cli->err.text));
        }
        json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
        putchar('\n');
        json_decref(out);
    } else if (status == PM_OK && result) {
        (c->show ? c->show : show_plain)(result);
    }
    if (status != PM_OK)
        fprintf(stderr, "proofmill: %s\n", *cli->err.text ? cli->err.text : pm_status_meaning(status));
    json_decref(result);
    return fflush(stdout) == 0 ? pm_status_exit_code(status) : pm_status_exit_code(PM_IO);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0) return puts("proofmill " PM_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : pm_status_exit_code(PM_USAGE);
    }
    for (int i = 0; i < n_commands; i++) {
        if (strcmp(commands[i].name, name) != 0) continue;
        struct pm_cli cli = {.argv = argv,
                             .device = "auto",
                             .limit = 50,
                             .name = "Verifier",
                             .curve = "bn128",
                             .kind = "wide"};
        json_t *result = NULL;
        if (!read_options(&cli, &commands[i], argc - 1, argv + 1)) {
            help_command(stdout, &commands[i]);
            return 0;
        }
        enum pm_status status = cli.err.status;
        if (status == PM_OK) status = commands[i].run(&cli, &result);
        return finish(&commands[i], &cli, status, result);
    }
    fprintf(stderr, "proofmill: there is no command \"%s\"; `proofmill --help` lists them\n", name);
    return pm_status_exit_code(PM_USAGE);
}
