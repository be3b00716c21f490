// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IDapp} from "proofmill/IDapp.sol";

/// @title An application for the outbox's tests: takes what the router brings, or reverts in every known way on demand.
/// @dev Its data is the outbox's usual one with three signals: group, previous, next. Each group is a chain of numbers.
contract TestApp is IDapp {
    enum Mode { Accept, Error, Panic, Custom, Empty, OutOfGas, Bomb, BurnThenAccept, Silent }

    Mode public mode;
    address public immutable router;
    uint256 public calls;
    mapping(bytes32 taskId => bool) public settled;
    mapping(bytes32 taskId => uint256) public settledCount;
    mapping(uint256 group => uint256) public last;
    uint256 private burnt;

    error Refused(uint256 code, string why);
    error NotRouter(address caller);
    error AlreadySettled(bytes32 taskId);
    error WrongHead(uint256 meter, uint256 expected, uint256 found);

    constructor(address router_) {
        router = router_;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// Somebody else settles the task.
    function settleDirectly(bytes32 taskId, uint256 group, uint256 next) external {
        settled[taskId] = true;
        last[group] = next;
    }

    function process(uint256, uint256, string calldata, bytes calldata data) external {
        if (msg.sender != router) revert NotRouter(msg.sender);
        (bytes32 taskId,,,,, uint256[3] memory s) =
            abi.decode(data, (bytes32, string, uint256[2], uint256[2][2], uint256[2], uint256[3]));
        if (mode == Mode.Error) revert("the application said no");
        if (mode == Mode.Panic) assert(calls == type(uint256).max);
        if (mode == Mode.Custom) revert Refused(42, "custom");
        if (mode == Mode.Empty) assembly { revert(0, 0) }
        if (mode == Mode.OutOfGas) while (true) burnt++;
        if (mode == Mode.Bomb) assembly { revert(0, 100000) }
        if (mode == Mode.Silent) return;
        // Deep use of gas at the end of the call: an estimate of the router's call would not pay for it.
        if (mode == Mode.BurnThenAccept) for (uint256 i = 0; i < 20; i++) burnt = uint256(keccak256(abi.encode(burnt, i)));
        if (settled[taskId]) revert AlreadySettled(taskId);
        if (last[s[0]] != s[1]) revert WrongHead(s[0], last[s[0]], s[1]);
        last[s[0]] = s[2];
        settled[taskId] = true;
        settledCount[taskId]++;
        calls++;
    }
}
