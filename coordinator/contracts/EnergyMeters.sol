// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IDapp} from "./IDapp.sol";

/// @title A Groth16 verifier for nine public signals, as `proofmill export solidity` writes it.
/// @dev It must refuse signals that are not below the scalar field's modulus.
interface IVerifier {
    function verifyProof(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        uint256[9] calldata publicSignals
    ) external view returns (bool);
}

/// @title Energy meters: what registered devices measured, batch by batch, each batch proved.
/// @notice A batch extends its meter's hash chain from the head stored here; the proof shows that the meter's own device
/// signed the new head. Nobody else can invent, drop, reorder or repeat a reading.
/// @dev Public signals of circuit meter_batch: head, total, counter, domain, meter, keyX, keyY, prevHead, prevCounter.
contract EnergyMeters is IDapp {
    struct Meter {
        uint256 keyX;
        uint256 keyY;
        uint256 lastHead;
        uint256 lastCounter;
        uint256 total;
    }

    /// @dev `data` of `process` is abi.encode of these, one after another.
    struct Batch {
        bytes32 taskId;
        string version;
        uint256[2] a;
        uint256[2][2] b;
        uint256[2] c;
        uint256[9] signals;
    }

    uint256 private constant HEAD = 0;
    uint256 private constant TOTAL = 1;
    uint256 private constant COUNTER = 2;
    uint256 private constant DOMAIN = 3;
    uint256 private constant METER = 4;
    uint256 private constant KEY_X = 5;
    uint256 private constant KEY_Y = 6;
    uint256 private constant PREV_HEAD = 7;
    uint256 private constant PREV_COUNTER = 8;
    /// @dev The order of BN254's groups: signals and the devices' coordinates lie below it.
    uint256 private constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    address public immutable owner;
    address public immutable router;
    uint256 public immutable projectId;

    mapping(bytes32 versionHash => IVerifier) private verifiers;
    mapping(uint256 meter => Meter) private meters;
    /// @notice Whether a task's batch is part of the totals.
    mapping(bytes32 taskId => bool) public settled;

    event VerifierSet(string version, address verifier);
    event MeterRegistered(uint256 indexed meter, uint256 keyX, uint256 keyY);
    event BatchSettled(bytes32 indexed taskId, uint256 indexed meter, uint256 total, uint256 counter, uint256 head);

    error NotOwner(address caller);
    error ZeroAddress();
    error NoCode(address verifier);
    error InvalidMeter(uint256 meter);
    error MeterTaken(uint256 meter);
    error NotRouter(address caller);
    error WrongProject(uint256 projectId);
    error AlreadySettled(bytes32 taskId);
    error UnknownVersion(string version);
    error UnknownMeter(uint256 meter);
    error WrongKey(uint256 meter, uint256 keyX, uint256 keyY);
    error WrongHead(uint256 meter, uint256 expected, uint256 found);
    error WrongCounter(uint256 meter, uint256 expected, uint256 found);
    error WrongDomain(uint256 expected, uint256 found);
    error NotCanonical(uint256 signal);
    error InvalidProof(bytes32 taskId);

    /// @param router_    whose calls are taken, and nobody else's
    /// @param projectId_ the one project that this contract belongs to
    constructor(address router_, uint256 projectId_) {
        if (router_ == address(0)) revert ZeroAddress();
        owner = msg.sender;
        router = router_;
        projectId = projectId_;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        _;
    }

    /// @notice Accepts proofs of a project version from now on; the zero address ends that.
    function setVerifier(string calldata version, address verifier) external onlyOwner {
        if (verifier != address(0) && verifier.code.length == 0) revert NoCode(verifier);
        verifiers[keccak256(bytes(version))] = IVerifier(verifier);
        emit VerifierSet(version, verifier);
    }

    /// @notice Registers a meter with its device's public key. Its chain starts at head 0, counter 0.
    function registerMeter(uint256 meter, uint256 keyX, uint256 keyY) external onlyOwner {
        // The point (0, 1) is the curve's neutral element: anybody can sign for it.
        if (meter >= FIELD || keyX == 0 || keyX >= FIELD || keyY >= FIELD) revert InvalidMeter(meter);
        if (meters[meter].keyX != 0) revert MeterTaken(meter);
        meters[meter] = Meter(keyX, keyY, 0, 0, 0);
        emit MeterRegistered(meter, keyX, keyY);
    }

    /// @inheritdoc IDapp
    function process(uint256 projectId_, uint256, string calldata, bytes calldata data) external {
        if (msg.sender != router) revert NotRouter(msg.sender);
        if (projectId_ != projectId) revert WrongProject(projectId_);
        Batch memory batch;
        (batch.taskId, batch.version, batch.a, batch.b, batch.c, batch.signals) =
            abi.decode(data, (bytes32, string, uint256[2], uint256[2][2], uint256[2], uint256[9]));
        _check(batch);
        _settle(batch);
    }

    function verifierOf(string calldata version) external view returns (address) {
        return address(verifiers[keccak256(bytes(version))]);
    }

    function meterOf(uint256 meter) external view returns (Meter memory) {
        return meters[meter];
    }

    function lastHead(uint256 meter) external view returns (uint256) {
        return meters[meter].lastHead;
    }

    function lastCounter(uint256 meter) external view returns (uint256) {
        return meters[meter].lastCounter;
    }

    /// @notice All watt-hours of a meter so far.
    function totals(uint256 meter) external view returns (uint256) {
        return meters[meter].total;
    }

    /// @notice The public signal that ties a proof to one task of this contract on this chain.
    function domainOf(string memory version, bytes32 taskId) public view returns (uint256) {
        bytes memory domain =
            abi.encode(block.chainid, address(this), projectId, keccak256(bytes(version)), taskId);
        return uint256(keccak256(domain)) >> 8;
    }

    function _check(Batch memory batch) private view {
        uint256[9] memory s = batch.signals;
        if (settled[batch.taskId]) revert AlreadySettled(batch.taskId);
        IVerifier verifier = verifiers[keccak256(bytes(batch.version))];
        if (address(verifier) == address(0)) revert UnknownVersion(batch.version);

        Meter storage meter = meters[s[METER]];
        if (meter.keyX == 0) revert UnknownMeter(s[METER]);
        if (meter.keyX != s[KEY_X] || meter.keyY != s[KEY_Y]) revert WrongKey(s[METER], s[KEY_X], s[KEY_Y]);
        if (meter.lastHead != s[PREV_HEAD]) revert WrongHead(s[METER], meter.lastHead, s[PREV_HEAD]);
        if (meter.lastCounter != s[PREV_COUNTER]) {
            revert WrongCounter(s[METER], meter.lastCounter, s[PREV_COUNTER]);
        }
        uint256 domain = domainOf(batch.version, batch.taskId);
        if (domain != s[DOMAIN]) revert WrongDomain(domain, s[DOMAIN]);
        // The other signals were compared with canonical numbers. v and v + FIELD would prove the same.
        for (uint256 i = HEAD; i <= COUNTER; i++) {
            if (s[i] >= FIELD) revert NotCanonical(s[i]);
        }
        if (!verifier.verifyProof(batch.a, batch.b, batch.c, s)) revert InvalidProof(batch.taskId);
    }

    function _settle(Batch memory batch) private {
        uint256[9] memory s = batch.signals;
        Meter storage meter = meters[s[METER]];
        settled[batch.taskId] = true;
        meter.lastHead = s[HEAD];
        meter.lastCounter = s[COUNTER];
        meter.total += s[TOTAL];
        emit BatchSettled(batch.taskId, s[METER], s[TOTAL], s[COUNTER], s[HEAD]);
    }
}
