// Every shape that an input can have (a number, a list, a matrix), a log() of text and value, division, and an
// assertion of its own: what the witness room's tests need and no real circuit has all at once.
pragma circom 2.1.0;

template Shapes() {
    signal input one;
    signal input list[3];
    signal input matrix[2][3];
    signal output sum;
    signal output inverse;

    var acc = one;
    for (var i = 0; i < 3; i++) acc += list[i];
    for (var i = 0; i < 2; i++) {
        for (var j = 0; j < 3; j++) acc += matrix[i][j] * (3 * i + j + 1);
    }
    log("acc", acc);
    assert(acc != 1000);
    sum <== acc;
    inverse <-- one == 0 ? 0 : 1 / one;
    signal product <== inverse * one;
    (product - 1) * one === 0;
}

component main = Shapes();
