/* The program around a circuit: compiled together with what wasm2c makes of circom's module, once per
 * circuit, and run in the sandbox, once per witness. It is the module's runtime (memory, table, traps), its
 * host (circom's imports) and the other end of protocol.h. It is not part of libproofmill, which only carries
 * its text.
 *
 * It is built with
 *   PMD_WASM_SHA256  the module's hash, as a string of hex digits
 *   PMD_HAS_<name>   1 for each of circom's optional exports that the module has
 * and runs with system calls for reading 0, writing 1, memory and exit. */
#include "protocol.h"

#include <circuit.h> /* made by wasm2c, beside this file when it is compiled */

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* A pointer of the module is 32 bits and an offset another 32: with this much reserved no access leaves it.
 */
#define RESERVED ((size_t)0x200000000 + 65536)
enum { page_bytes = 65536, max_pages = 65535, max_types = 1024, buffer_bytes = 65536 };

struct Z_runtime_instance_t {
    int unused;
};

static Z_circuit_instance_t circuit;
static struct Z_runtime_instance_t runtime;
static uint32_t current_signal;
static uint32_t text_len, log_len, log_gap;
static char text[PMD_MAX_TEXT], log_text[PMD_MAX_LOG];
static unsigned char out_buffer[buffer_bytes], in_buffer[buffer_bytes];
static size_t out_len, in_pos, in_len;

/* ---- bytes in and out ---- */

static void flush(void)
{
    for (size_t at = 0; at < out_len;) {
        ssize_t n = write(1, out_buffer + at, out_len - at);
        if (n <= 0) _exit(3);
        at += (size_t)n;
    }
    out_len = 0;
}

static void put(const void *data, size_t len)
{
    for (const unsigned char *p = data; len > 0;) {
        size_t n = buffer_bytes - out_len < len ? buffer_bytes - out_len : len;
        memcpy(out_buffer + out_len, p, n);
        out_len += n;
        p += n;
        len -= n;
        if (out_len == buffer_bytes) flush();
    }
}

static void put_word(uint32_t w)
{
    unsigned char b[4] = {(unsigned char)w, (unsigned char)(w >> 8), (unsigned char)(w >> 16),
                          (unsigned char)(w >> 24)};
    put(b, 4);
}

static void put_reply(enum pmd_code code, uint32_t a, uint32_t b, uint32_t c, uint64_t payload)
{
    const uint32_t words[PMD_REPLY_WORDS] = {
        PMD_REPLY_MAGIC,   (uint32_t)code,           a, b, c, text_len, log_len,
        (uint32_t)payload, (uint32_t)(payload >> 32)};
    for (int i = 0; i < PMD_REPLY_WORDS; i++) put_word(words[i]);
    put(text, text_len);
    put(log_text, log_len);
}

__attribute__((noreturn)) static void finish(enum pmd_code code, uint32_t a, uint32_t b, uint32_t c)
{
    out_len = 0;
    put_reply(code, a, b, c, 0);
    flush();
    _exit(0);
}

static void add_text(const char *s, size_t len)
{
    size_t room = PMD_MAX_TEXT - text_len;
    if (len > room) len = room;
    memcpy(text + text_len, s, len);
    text_len += (uint32_t)len;
}

__attribute__((noreturn)) static void finish_text(enum pmd_code code, uint32_t b, const char *why)
{
    add_text(why, strlen(why));
    finish(code, current_signal, b, 0);
}

static int get_byte(void)
{
    if (in_pos == in_len) {
        ssize_t n = read(0, in_buffer, buffer_bytes);
        if (n <= 0) return -1;
        in_pos = 0;
        in_len = (size_t)n;
    }
    return in_buffer[in_pos++];
}

static uint32_t get_word(void)
{
    uint32_t w = 0;
    for (int i = 0; i < 4; i++) {
        int b = get_byte();
        if (b < 0) finish_text(PMD_BAD_REQUEST, 0, "the request ends too early");
        w |= (uint32_t)b << 8 * i;
    }
    return w;
}

/* ---- wasm2c's runtime ---- */

bool wasm_rt_is_initialized(void) { return true; }

void wasm_rt_trap(wasm_rt_trap_t trap)
{
    static const char *const why[] = {"no trap",
                                      "access outside the module's memory or table, or call stack exhausted",
                                      "integer overflow",
                                      "division by zero",
                                      "conversion of a number that is none",
                                      "unreachable instruction",
                                      "wrong indirect call",
                                      "uncaught exception",
                                      "call stack exhausted"};
    unsigned i = (unsigned)trap;
    finish_text(PMD_TRAP, i, i < sizeof why / sizeof *why ? why[i] : "unknown trap");
}

static struct func_type {
    uint32_t params, results;
    wasm_rt_type_t list[32];
} types[max_types];
static uint32_t n_types;

uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
    struct func_type t;
    memset(&t, 0, sizeof t);
    if (params > 32 || results > 32 - params)
        finish_text(PMD_BAD_MODULE, 0, "a function with too many parameters");
    t.params = params;
    t.results = results;
    va_list args;
    va_start(args, results);
    for (uint32_t i = 0; i < params + results; i++) t.list[i] = (wasm_rt_type_t)va_arg(args, int);
    va_end(args);
    for (uint32_t i = 0; i < n_types; i++)
        if (memcmp(&types[i], &t, sizeof t) == 0) return i + 1;
    if (n_types == max_types) finish_text(PMD_BAD_MODULE, 0, "too many types of functions");
    types[n_types++] = t;
    return n_types;
}

static bool open_pages(uint8_t *base, uint32_t from, uint32_t n)
{
    return n == 0 ||
           mprotect(base + (size_t)from * page_bytes, (size_t)n * page_bytes, PROT_READ | PROT_WRITE) == 0;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t limit)
{
    void *base = mmap(NULL, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED || pages > max_pages || !open_pages(base, 0, pages))
        finish_text(PMD_OUT_OF_MEMORY, pages, "the module's memory");
    memory->data = base;
    memory->pages = pages;
    memory->max_pages = limit < max_pages ? limit : max_pages;
    memory->size = pages * page_bytes;
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t more)
{
    uint32_t old = memory->pages;
    if (old > memory->max_pages || more > memory->max_pages - old || !open_pages(memory->data, old, more))
        return UINT32_MAX;
    memory->pages = old + more;
    memory->size = memory->pages * page_bytes;
    return old;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) { munmap(memory->data, RESERVED); }

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t n, uint32_t limit)
{
    table->data = calloc(n ? n : 1, sizeof *table->data);
    if (!table->data) finish_text(PMD_OUT_OF_MEMORY, n, "the module's table");
    table->size = n;
    table->max_size = limit;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table) { free(table->data); }

static void on_fault(int sig)
{
    (void)sig;
    wasm_rt_trap(WASM_RT_TRAP_OOB);
}

/* Faults are answered on a stack of their own: the usual reason for one is that the other is used up. */
static void catch_faults(void)
{
    static unsigned char stack[65536];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternative, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* ---- circom's imports ---- */

/* One message of the module, into `to`; what does not fit is dropped. */
static size_t get_message(char *to, size_t room)
{
    size_t n = 0;
#ifdef PMD_HAS_getMessageChar
    for (uint32_t i = 0; i < 1 << 20; i++) {
        uint32_t c = Z_circuitZ_getMessageChar(&circuit);
        if (c == 0) return n;
        if (n < room) to[n++] = (char)c;
    }
#else
    (void)to, (void)room;
#endif
    return n;
}

void Z_runtimeZ_exceptionHandler(struct Z_runtime_instance_t *unused, u32 code)
{
    (void)unused;
    finish(PMD_EXCEPTION, current_signal, code, 0);
}

void Z_runtimeZ_printErrorMessage(struct Z_runtime_instance_t *unused)
{
    (void)unused;
    char message[256];
    add_text(message, get_message(message, sizeof message));
    add_text("\n", 1);
}

/* The parts of one log() call are joined by spaces; a part that is a line break ends it. */
static void add_log(const char *part, size_t len)
{
    bool ends = len == 1 && part[0] == '\n';
    if (log_gap && !ends && log_len < PMD_MAX_LOG) log_text[log_len++] = ' ';
    for (size_t i = 0; i < len && log_len < PMD_MAX_LOG; i++) log_text[log_len++] = part[i];
    log_gap = !ends;
}

void Z_runtimeZ_writeBufferMessage(struct Z_runtime_instance_t *unused)
{
    (void)unused;
    char message[1024];
    add_log(message, get_message(message, sizeof message));
}

/* The shared number in decimal. */
void Z_runtimeZ_showSharedRWMemory(struct Z_runtime_instance_t *unused)
{
    (void)unused;
    uint32_t words[PMD_MAX_N32], n = Z_circuitZ_getFieldNumLen32(&circuit);
    char digits[PMD_MAX_N32 * 10];
    size_t at = sizeof digits;
    if (n > PMD_MAX_N32) return;
    for (uint32_t i = 0; i < n; i++) words[i] = Z_circuitZ_readSharedRWMemory(&circuit, i);
    do {
        uint64_t rest = 0;
        for (uint32_t i = n; i-- > 0;) {
            rest = rest << 32 | words[i];
            words[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        digits[--at] = (char)('0' + rest);
        while (n > 0 && words[n - 1] == 0) n--;
    } while (n > 0 && at > 0);
    add_log(digits + at, sizeof digits - at);
}

/* ---- the two requests ---- */

static uint32_t field_words(void)
{
    uint32_t n32 = Z_circuitZ_getFieldNumLen32(&circuit);
    if (n32 == 0 || n32 > PMD_MAX_N32)
        finish_text(PMD_BAD_MODULE, n32, "numbers of a size that no supported field has");
    return n32;
}

static void describe(void)
{
    uint32_t about[PMD_ABOUT_WORDS] = {2,         0, 0, field_words(), Z_circuitZ_getWitnessSize(&circuit),
                                       UINT32_MAX};
#ifdef PMD_HAS_getVersion
    about[0] = Z_circuitZ_getVersion(&circuit);
#endif
#ifdef PMD_HAS_getMinorVersion
    about[1] = Z_circuitZ_getMinorVersion(&circuit);
#endif
#ifdef PMD_HAS_getPatchVersion
    about[2] = Z_circuitZ_getPatchVersion(&circuit);
#endif
#ifdef PMD_HAS_getInputSize
    about[PMD_ABOUT_INPUTS] = Z_circuitZ_getInputSize(&circuit);
#endif
    Z_circuitZ_getRawPrime(&circuit);
    for (uint32_t i = 0; i < about[PMD_ABOUT_N32]; i++)
        about[PMD_ABOUT_PRIME + i] = Z_circuitZ_readSharedRWMemory(&circuit, i);
    put_reply(PMD_OK, 0, 0, 0, PMD_ABOUT_WORDS * 4 + PMD_SHA256_BYTES);
    for (int i = 0; i < PMD_ABOUT_WORDS; i++) put_word(about[i]);
    static const char hex[] = PMD_WASM_SHA256;
    for (int i = 0; i < PMD_SHA256_BYTES; i++) {
        unsigned char byte = 0;
        for (int j = 0; j < 2; j++) {
            char c = hex[2 * i + j];
            byte = (unsigned char)(byte << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
        }
        put(&byte, 1);
    }
    flush();
}

/* Returns how many values it set. The module computes when the last one is set. */
static uint32_t set_signal(uint32_t n32)
{
    uint32_t high = get_word(), low = get_word(), n = get_word();
#ifdef PMD_HAS_getInputSignalSize
    uint32_t size = Z_circuitZ_getInputSignalSize(&circuit, high, low);
    if (size >= UINT32_MAX / 2) finish(PMD_SIGNAL_UNKNOWN, current_signal, 0, n);
    if (n < size) finish(PMD_TOO_FEW, current_signal, size, n);
    if (n > size) finish(PMD_TOO_MANY, current_signal, size, n);
#endif
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n32; j++) Z_circuitZ_writeSharedRWMemory(&circuit, j, get_word());
        Z_circuitZ_setInputSignal(&circuit, high, low, i);
    }
    return n;
}

static void witness(uint32_t n_signals)
{
    uint32_t n32 = field_words(), total = 0;
    Z_circuitZ_init(&circuit, 0);
    for (current_signal = 0; current_signal < n_signals; current_signal++) total += set_signal(n32);
#ifdef PMD_HAS_getInputSize
    uint32_t wanted = Z_circuitZ_getInputSize(&circuit);
    if (total < wanted) finish(PMD_INCOMPLETE, 0, wanted, total);
#endif
    uint32_t n = Z_circuitZ_getWitnessSize(&circuit);
    if (log_gap) add_log("\n", 1);
    put_reply(PMD_OK, n, n32 * 4, 0, (uint64_t)n * n32 * 4);
    for (uint32_t i = 0; i < n; i++) {
        Z_circuitZ_getWitness(&circuit, i);
        for (uint32_t j = 0; j < n32; j++) put_word(Z_circuitZ_readSharedRWMemory(&circuit, j));
    }
    flush();
}

/* The sandbox lets this program start itself; from here on nothing may be started. */
static void forbid_exec(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(4);
}

int main(void)
{
    forbid_exec();
    catch_faults();
    Z_circuit_init_module();
    Z_circuit_instantiate(&circuit, &runtime);
    uint32_t magic = get_word(), kind = get_word(), n_signals = get_word();
    if (magic != PMD_REQUEST_MAGIC) finish_text(PMD_BAD_REQUEST, 0, "no request of this protocol");
    if (kind == PMD_DESCRIBE)
        describe();
    else if (kind == PMD_WITNESS)
        witness(n_signals);
    else
        finish_text(PMD_BAD_REQUEST, kind, "an unknown kind of request");
    _exit(0);
}
