// The smallest circuit that is one: c = a * b, with c public.
pragma circom 2.1.0;

template Multiplier() {
    signal input a;
    signal input b;
    signal output c;
    c <== a * b;
}

component main = Multiplier();
