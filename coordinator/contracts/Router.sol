// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IDapp} from "./IDapp.sol";

/// @title The door between coordinators and applications, compatible with W3bstream's router.
/// @notice A project is registered by the router's owner and from then on belongs to its own owner, who binds the
/// application and names the operators: the coordinators that may submit its results. A result that the application
/// refuses is an event, not a failed transaction: read `success`, not the receipt's status.
/// @dev Holds no funds and no proofs. What a result means is the application's business.
contract Router {
    struct Project {
        address owner;
        address dapp;
        uint64 minimumGas;
    }

    /// @dev What `route` keeps for itself, so that an application that burns all its gas cannot take the event with it:
    /// the log with MAX_REASON bytes costs about 12,000.
    uint256 public constant RESERVED_GAS = 30_000;
    /// @dev Longer reasons are cut: a contract must not make others pay for its returned data.
    uint256 public constant MAX_REASON = 1024;

    /// @notice Registers projects; fixed at deployment.
    address public immutable owner;
    mapping(uint256 projectId => Project) private projects;
    mapping(uint256 projectId => mapping(address => bool)) public isOperator;

    event ProjectRegistered(uint256 indexed projectId, address indexed owner);
    event OperatorSet(uint256 indexed projectId, address indexed operator, bool allowed);
    event MinimumGasSet(uint256 indexed projectId, uint64 minimumGas);
    event DappBound(uint256 indexed projectId, address indexed operator, address dapp);
    event DappUnbound(uint256 indexed projectId, address indexed operator);
    /// @notice One result was handed to the application.
    /// @param operator     who submitted it
    /// @param success      whether the application accepted it; only then did anything change
    /// @param revertReason what the application reverted with, at most MAX_REASON bytes; empty on success
    event DataProcessed(
        uint256 indexed projectId,
        uint256 indexed proverId,
        address indexed operator,
        bool success,
        bytes revertReason
    );

    error NotOwner(address caller);
    error ZeroAddress();
    error ProjectTaken(uint256 projectId, address owner);
    error NotProjectOwner(uint256 projectId, address caller);
    error NotOperator(uint256 projectId, address caller);
    error NoDapp(uint256 projectId);
    error NoCode(address dapp);
    error NotEnoughGas(uint256 left, uint256 needed);

    constructor() {
        owner = msg.sender;
    }

    modifier onlyProjectOwner(uint256 projectId) {
        if (projects[projectId].owner != msg.sender) revert NotProjectOwner(projectId, msg.sender);
        _;
    }

    /// @notice Gives a project id that is still free to its owner. By the router's owner, so that nobody squats on ids.
    function registerProject(uint256 projectId, address projectOwner_) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        if (projectOwner_ == address(0)) revert ZeroAddress();
        if (projects[projectId].owner != address(0)) revert ProjectTaken(projectId, projects[projectId].owner);
        projects[projectId].owner = projectOwner_;
        emit ProjectRegistered(projectId, projectOwner_);
    }

    /// @notice Allows or forbids an address to submit the project's results.
    function setOperator(uint256 projectId, address operator, bool allowed) external onlyProjectOwner(projectId) {
        isOperator[projectId][operator] = allowed;
        emit OperatorSet(projectId, operator, allowed);
    }

    /// @notice The gas that a call of the application always gets; a transaction with less reverts as a whole.
    function setMinimumGas(uint256 projectId, uint64 minimumGas_) external onlyProjectOwner(projectId) {
        projects[projectId].minimumGas = minimumGas_;
        emit MinimumGasSet(projectId, minimumGas_);
    }

    function bindDapp(uint256 projectId, address dapp_) external onlyProjectOwner(projectId) {
        if (dapp_.code.length == 0) revert NoCode(dapp_);
        projects[projectId].dapp = dapp_;
        emit DappBound(projectId, msg.sender, dapp_);
    }

    function unbindDapp(uint256 projectId) external onlyProjectOwner(projectId) {
        delete projects[projectId].dapp;
        emit DappUnbound(projectId, msg.sender);
    }

    function projectOwner(uint256 projectId) external view returns (address) {
        return projects[projectId].owner;
    }

    function dapp(uint256 projectId) external view returns (address) {
        return projects[projectId].dapp;
    }

    function minimumGas(uint256 projectId) external view returns (uint64) {
        return projects[projectId].minimumGas;
    }

    /// @notice Hands one result to the project's application and reports what it said.
    /// @dev Whoever estimates gas must estimate the application's call, not this one: an estimate of a function that
    /// catches reverts finds the least gas at which *it* succeeds, and starves the call inside. A call gets at most
    /// 63/64 of what is left (EIP-150); what it needs at least can be declared with `setMinimumGas`.
    function route(uint256 projectId, uint256 proverId, string calldata clientId, bytes calldata data) external {
        if (!isOperator[projectId][msg.sender]) revert NotOperator(projectId, msg.sender);
        Project memory project = projects[projectId];
        if (project.dapp == address(0)) revert NoDapp(projectId);
        if (project.dapp.code.length == 0) revert NoCode(project.dapp);

        bytes memory input = abi.encodeCall(IDapp.process, (projectId, proverId, clientId, data));
        (bool success, bytes memory reason) = _callCapped(project.dapp, input, project.minimumGas);
        emit DataProcessed(projectId, proverId, msg.sender, success, reason);
    }

    /// @dev Solidity's own call would copy everything that the callee returns, at our expense.
    function _callCapped(address target, bytes memory input, uint256 minimum)
        private
        returns (bool success, bytes memory reason)
    {
        uint256 left = gasleft();
        uint256 needed = RESERVED_GAS + minimum + minimum / 63;
        if (left < needed) revert NotEnoughGas(left, needed);
        uint256 forwarded = left - RESERVED_GAS;
        uint256 size;
        assembly ("memory-safe") {
            // More than 63/64 of what is left is cut to that by the machine.
            success := call(forwarded, target, 0, add(input, 0x20), mload(input), 0, 0)
            size := returndatasize()
        }
        if (success) return (true, "");
        if (size > MAX_REASON) size = MAX_REASON;
        reason = new bytes(size);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, size)
        }
    }
}
