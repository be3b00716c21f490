// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title What a router calls: an application that takes proved results.
/// @notice W3bstream's signature. A call has effect as a whole or reverts; it must accept calls from its router only.
interface IDapp {
    /// @param projectId the project whose result this is
    /// @param proverId  the node that made the proof
    /// @param clientId  the project's own name for whoever sent the data
    /// @param data      the result and its proof, in the application's own encoding
    function process(uint256 projectId, uint256 proverId, string calldata clientId, bytes calldata data) external;
}
