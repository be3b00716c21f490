// One Poseidon hash of a public and a private value: small enough for a real ceremony in a test.
pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";

template Commitment() {
    signal input message;
    signal input secret;
    signal output commitment;

    component hash = Poseidon(2);
    hash.inputs[0] <== message;
    hash.inputs[1] <== secret;
    commitment <== hash.out;
}

component main {public [message]} = Commitment();
