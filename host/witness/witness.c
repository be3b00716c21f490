/* One witness: input to request, request to the circuit's program in the sandbox, its reply to checked
 * values. See witness.h. Everything that held inputs or values is wiped on every way out. */
#include "witness/circuit.h"
#include "witness/driver/protocol.h"
#include "witness/input.h"
#include "base/bytes.h"
#include "file/binfile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t default_wall_ms = 120000, default_memory = (uint64_t)4 << 30;
/* Beside the module's memory: the program's own, and its stack. */
static const uint64_t program_memory = (uint64_t)128 << 20;

/* circom's own words for the codes of its exception handler. */
static const char *exception_name(uint32_t code)
{
    switch (code) {
    case 1:
        return "signal not found";
    case 2:
        return "too many signals set";
    case 3:
        return "signal already set";
    case 4:
        return "assert failed";
    case 5:
        return "not enough memory";
    case 6:
        return "input signal array access exceeds the size";
    default:
        return "unknown error";
    }
}

/* The trace that circom writes, one frame a line, as one line of printable characters. */
static void one_line(char *out, size_t room, const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '\n') len--;
    size_t n = 0;
    for (size_t i = 0; i < len && n + 3 < room; i++) {
        if (text[i] == '\n') out[n++] = ';';
        out[n++] = text[i] >= ' ' && text[i] < 127 ? text[i] : text[i] == '\n' ? ' ' : '?';
    }
    out[n] = '\0';
}

/* The names that the input sets, for the one error in which the circuit cannot say which is missing. */
static void list_names(char *out, size_t room, const struct pm_input *in)
{
    size_t n = 0;
    *out = '\0';
    for (uint32_t i = 0; i < in->n_signals && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%s", i ? ", " : "", in->names[i]);
}

static enum pm_status refused(const struct pm_circuit *c, const struct pm_input *in, const struct pm_reply *r,
                              struct pm_error *err)
{
    char text[600];
    const char *signal = r->a < in->n_signals ? in->names[r->a] : "(none)";
    one_line(text, sizeof text, r->text, r->text_len);
    switch (r->code) {
    case PMD_SIGNAL_UNKNOWN:
        return pm_fail(err, PM_MISMATCH, "%s: the circuit has no input signal %s", c->name, signal);
    case PMD_TOO_FEW:
        return pm_fail(err, PM_MISMATCH, "%s: not enough values for input signal %s: %u expected, %u found",
                       c->name, signal, r->b, r->c);
    case PMD_TOO_MANY:
        return pm_fail(err, PM_MISMATCH, "%s: too many values for input signal %s: %u expected, %u found",
                       c->name, signal, r->b, r->c);
    case PMD_INCOMPLETE:
        list_names(text, sizeof text, in);
        return pm_fail(err, PM_MISMATCH,
                       "%s: an input signal is missing: the circuit takes %u values, the input sets %u (%s)",
                       c->name, r->b, r->c, text);
    case PMD_EXCEPTION:
        if (r->b == 1 || r->b == 2 || r->b == 6)
            return pm_fail(err, PM_MISMATCH, "%s: input signal %s: %s", c->name, signal,
                           exception_name(r->b));
        return pm_fail(err, r->b == 5 ? PM_NO_MEMORY : PM_CIRCUIT, "%s: %s%s%s", c->name,
                       exception_name(r->b), *text ? ": " : "", text);
    case PMD_TRAP:
        return pm_fail(err, PM_CIRCUIT, "%s: the circuit's code failed: %s", c->name, text);
    case PMD_OUT_OF_MEMORY:
        return pm_fail(err, PM_NO_MEMORY, "%s: the circuit needs more memory than allowed", c->name);
    default:
        return pm_fail(err, PM_SANDBOX, "%s: its program answered with code %u: %s", c->name, r->code, text);
    }
}

/* a < b, little-endian. Variable time: it tells only whether a hostile circuit broke its word. */
static bool below_var(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = len; i-- > 0;)
        if (a[i] != b[i]) return a[i] < b[i];
    return false;
}

static enum pm_status check_values(const struct pm_circuit *c, const struct pm_reply *r, struct pm_error *err)
{
    const struct pm_circuit_info *info = &c->info;
    if (r->a != info->n_values || r->b != info->n8 || r->payload_len != (size_t)info->n_values * info->n8)
        return pm_fail(err, PM_CIRCUIT, "%s: a witness of %u values expected, %u found", c->name,
                       info->n_values, r->a);
    for (size_t i = 0; i < info->n_values; i++)
        if (!below_var(r->payload + i * info->n8, info->prime, info->n8))
            return pm_fail(err, PM_CIRCUIT, "%s: value %zu of its witness is not below the prime", c->name,
                           i);
    uint8_t sum = 0;
    for (size_t i = 1; i < info->n8; i++) sum |= r->payload[i];
    if (r->payload[0] != 1 || sum != 0)
        return pm_fail(err, PM_CIRCUIT, "%s: its witness does not begin with the number one", c->name);
    return PM_OK;
}

/* Moves the log to the block's beginning (the reply's header has done its work) and ends it. */
static void keep(struct pm_witness *out, uint8_t *block, size_t len, const struct pm_circuit_info *info,
                 const struct pm_reply *r)
{
    *out = (struct pm_witness){.values = block + (r->payload - block),
                               .n_values = info->n_values,
                               .n8 = info->n8,
                               .block = block,
                               .block_len = len};
    memcpy(out->prime, info->prime, sizeof out->prime);
    out->log = (char *)block;
    size_t n = r->log_len;
    memmove(out->log, r->log, n);
    out->log[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((out->log[i] < ' ' || out->log[i] == 127) && out->log[i] != '\n') out->log[i] = '?';
}

enum pm_status pm_circuit_witness(const struct pm_circuit *circuit, const char *input_json, size_t len,
                                  struct pm_witness *out, const struct pm_witness_limits *limits,
                                  struct pm_error *err)
{
    enum pm_status status;
    const struct pm_circuit_info *info = &circuit->info;
    struct pm_witness_limits chosen = limits ? *limits : (struct pm_witness_limits){0, 0, -1};
    struct pm_sandbox_limits box = {
        chosen.wall_ms ? chosen.wall_ms : default_wall_ms,
        (chosen.memory_bytes ? chosen.memory_bytes : default_memory) + program_memory, 0, chosen.cancel_fd};
    size_t max = 4 * PMD_REPLY_WORDS + PMD_MAX_TEXT + PMD_MAX_LOG + (size_t)info->n_values * info->n8,
           got = 0;
    struct pm_input input = {0};
    struct pm_reply reply;
    uint8_t *block = NULL;
    *out = (struct pm_witness){0};

    PM_GOTO(pm_input_parse(&input, info, input_json, len, err));
    block = malloc(max);
    if (!block) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory for a witness of %u values", circuit->name,
                         info->n_values);
        goto out;
    }
    PM_GOTO(pm_circuit_ask(circuit, &reply, block, &got, max, input.request, input.len, &box, err));
    if (reply.code != PMD_OK) {
        status = refused(circuit, &input, &reply, err);
        goto out;
    }
    PM_GOTO(check_values(circuit, &reply, err));
    keep(out, block, got, info, &reply);
    block = NULL;
out:
    if (block) pm_wipe(block, got);
    free(block);
    pm_input_fini(&input);
    return status;
}

void pm_witness_fini(struct pm_witness *witness)
{
    if (witness->block) pm_wipe(witness->block, witness->block_len);
    free(witness->block);
    *witness = (struct pm_witness){0};
}

enum pm_status pm_witness_write(const struct pm_witness *witness, const char *path, struct pm_error *err)
{
    enum pm_status status;
    struct pm_binwriter *w = NULL;
    uint8_t word[4];
    PM_GOTO(pm_binwriter_new(&w, path, "wtns", 2, 2, err));
    PM_GOTO(pm_binwriter_section(w, 1, err));
    pm_store_le32(word, witness->n8);
    PM_GOTO(pm_binwriter_put(w, word, sizeof word, err));
    PM_GOTO(pm_binwriter_put(w, witness->prime, witness->n8, err));
    pm_store_le32(word, witness->n_values);
    PM_GOTO(pm_binwriter_put(w, word, sizeof word, err));
    PM_GOTO(pm_binwriter_section(w, 2, err));
    PM_GOTO(pm_binwriter_put(w, witness->values, (size_t)witness->n_values * witness->n8, err));
    PM_GOTO(pm_binwriter_finish(w, err));
out:
    pm_binwriter_free(&w);
    return status;
}
