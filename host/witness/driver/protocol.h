/* What the witness room says to a circuit's native program over its standard input, and what that answers:
 * 32-bit little-endian words and bytes. Included by both sides (the program is compiled with a copy of this
 * file), so it needs nothing else of the project.
 *
 * Request:  magic, kind, number of signals; then for each signal: its name's hash (high word, low word),
 * number of values, the values, n32 words each. Reply:    magic, code, three numbers (their meaning stands
 * with the code), length of the text, of the log, of the payload (low word, high word); then text, log,
 * payload. Payload of a description: struct pmd_about's words, then the wasm's SHA-256. Of a witness: its
 * values. */
#ifndef PM_WITNESS_DRIVER_PROTOCOL_H
#define PM_WITNESS_DRIVER_PROTOCOL_H

#include <stdint.h>

enum {
    PMD_REQUEST_MAGIC = 0x31574d50, /* "PMW1" */
    PMD_REPLY_MAGIC = 0x31524d50,   /* "PMR1" */
    PMD_REQUEST_WORDS = 3,
    PMD_SIGNAL_WORDS = 3,
    PMD_REPLY_WORDS = 9,
    PMD_MAX_N32 = 8,
    PMD_MAX_TEXT = 4096,
    PMD_MAX_LOG = 65536,
    PMD_ABOUT_WORDS = 6 + PMD_MAX_N32,
    PMD_SHA256_BYTES = 32,
};

enum pmd_kind { PMD_DESCRIBE = 1, PMD_WITNESS = 2 };

enum pmd_code {
    PMD_OK,
    PMD_SIGNAL_UNKNOWN, /* a: index of the signal in the request */
    PMD_TOO_FEW,        /* a: index, b: values expected, c: values found */
    PMD_TOO_MANY,       /* the same */
    PMD_INCOMPLETE,     /* b: values expected in all, c: values found in all */
    PMD_EXCEPTION,      /* a: index of the signal being set, b: circom's code; text: circom's trace */
    PMD_TRAP,           /* b: wasm2c's trap; text: its meaning */
    PMD_BAD_REQUEST,    /* text */
    PMD_BAD_MODULE,     /* text */
    PMD_OUT_OF_MEMORY,
};

/* version (major, minor, patch), n32, n_witness, n_inputs (UINT32_MAX: the module does not say), prime. */
enum { PMD_ABOUT_N32 = 3, PMD_ABOUT_WITNESS = 4, PMD_ABOUT_INPUTS = 5, PMD_ABOUT_PRIME = 6 };

#endif
