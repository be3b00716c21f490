// SHA-256 of a 64-bit message, bits in and bits out: many signals, all of them small.
pragma circom 2.1.0;

include "circomlib/circuits/sha256/sha256.circom";

template Digest() {
    signal input in[64];
    signal output out[256];

    component hash = Sha256(64);
    for (var i = 0; i < 64; i++) {
        in[i] * (1 - in[i]) === 0;
        hash.in[i] <== in[i];
    }
    for (var i = 0; i < 256; i++) out[i] <== hash.out[i];
}

component main = Digest();
