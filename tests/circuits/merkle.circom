// Membership in a Poseidon Merkle tree of depth 16: root from a leaf, its siblings and its index, bit by bit.
pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";

template MerklePath(DEPTH) {
    signal input leaf;
    signal input siblings[DEPTH];
    signal input right[DEPTH]; // 1 where the path's node is the right child
    signal output root;

    component hash[DEPTH];
    signal swap[DEPTH];
    for (var i = 0; i < DEPTH; i++) {
        var node = i == 0 ? leaf : hash[i - 1].out;
        right[i] * (1 - right[i]) === 0;
        swap[i] <== right[i] * (siblings[i] - node);
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== node + swap[i];
        hash[i].inputs[1] <== siblings[i] - swap[i];
    }
    root <== hash[DEPTH - 1].out;
}

component main {public [leaf]} = MerklePath(16);
