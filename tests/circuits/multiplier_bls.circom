// The multiplier over the scalar field of BLS12-381: the only thing that differs is the prime it is compiled for.
pragma circom 2.1.0;

template Multiplier() {
    signal input a;
    signal input b;
    signal output c;
    c <== a * b;
}

component main = Multiplier();
