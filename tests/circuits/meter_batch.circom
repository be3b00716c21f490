// Energy meters: one proof aggregates N readings of one meter.
//
// A reading (meter, counter, wh) extends the meter's hash chain:
//     head_i = Poseidon(head_{i-1}, meter, counter_i, wh_i)
// and the device signs the chain's head with EdDSA-Poseidon over Baby Jubjub. One signature, over the head after the
// last reading, vouches for all of them: nobody without the device's key can invent a reading, drop one or reorder two.
//
// Public signals, in this order:
//     head, total, counter                                      (outputs)
//     domain, meter, keyX, keyY, prevHead, prevCounter          (inputs)
// `domain` names the chain, application, project, version and task; it is bound here and recomputed by the contract.
pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/bitify.circom";

template MeterBatch(N) {
    var COUNTER_BITS = 64;
    var WH_BITS = 32;
    var METER_BITS = 64;

    signal input domain;
    signal input meter;
    signal input keyX;
    signal input keyY;
    signal input prevHead;
    signal input prevCounter;

    signal input counters[N];
    signal input wh[N];
    signal input sigR8x;
    signal input sigR8y;
    signal input sigS;

    signal output head;
    signal output total;
    signal output counter;

    // A public input that no constraint mentions could be exchanged in a finished proof.
    signal domainSquare <== domain * domain;

    component meterRange = Num2Bits(METER_BITS);
    meterRange.in <== meter;

    // Counters strictly grow. Every step's difference less one lies in [0, 2^64), so that, as integers,
    //     prevCounter < counter_1 < ... < counter_N <= prevCounter + N * 2^64,
    // far below the field's prime: no step can wrap around. With the first and the last below 2^64 all of them are.
    component firstRange = Num2Bits(COUNTER_BITS);
    firstRange.in <== prevCounter;
    component step[N];
    for (var i = 0; i < N; i++) {
        step[i] = Num2Bits(COUNTER_BITS);
        step[i].in <== counters[i] - (i == 0 ? prevCounter : counters[i - 1]) - 1;
    }
    component lastRange = Num2Bits(COUNTER_BITS);
    lastRange.in <== counters[N - 1];
    counter <== counters[N - 1];

    component whRange[N];
    var sum = 0;
    for (var i = 0; i < N; i++) {
        whRange[i] = Num2Bits(WH_BITS);
        whRange[i].in <== wh[i];
        sum += wh[i];
    }
    total <== sum;

    component link[N];
    for (var i = 0; i < N; i++) {
        link[i] = Poseidon(4);
        link[i].inputs[0] <== i == 0 ? prevHead : link[i - 1].out;
        link[i].inputs[1] <== meter;
        link[i].inputs[2] <== counters[i];
        link[i].inputs[3] <== wh[i];
    }
    head <== link[N - 1].out;

    // The verifier's additions assume points of the curve; it checks neither of them itself.
    component keyOnCurve = BabyCheck();
    keyOnCurve.x <== keyX;
    keyOnCurve.y <== keyY;
    component r8OnCurve = BabyCheck();
    r8OnCurve.x <== sigR8x;
    r8OnCurve.y <== sigR8y;

    component signature = EdDSAPoseidonVerifier();
    signature.enabled <== 1;
    signature.Ax <== keyX;
    signature.Ay <== keyY;
    signature.S <== sigS;
    signature.R8x <== sigR8x;
    signature.R8y <== sigR8y;
    signature.M <== head;
}

component main {public [domain, meter, keyX, keyY, prevHead, prevCounter]} = MeterBatch(16);
