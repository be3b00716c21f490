-- Transactions that pay. A row of outbox is one nonce of one key, spent on one task; its rows in outbox_tx are the signed
-- bytes that may spend it (the first, and replacements with higher fees). Written before anything is sent.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    task BLOB NOT NULL,
    chain_id INTEGER NOT NULL,
    sender BLOB NOT NULL,      -- 20 bytes
    nonce INTEGER NOT NULL,
    prover INTEGER NOT NULL,   -- the node whose proof it carries
    state INTEGER NOT NULL,    -- 1 live, 2 mined with effect, 3 settled, 4 consumed without effect
    block_number INTEGER,      -- of the receipt, while it is mined
    block_hash BLOB,
    note TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (chain_id, sender, nonce)
);
-- Nothing is signed for a task while an earlier nonce of it can still be mined.
CREATE UNIQUE INDEX outbox_one_alive ON outbox (task) WHERE state IN (1, 2);
CREATE INDEX outbox_task ON outbox (task);
CREATE TABLE outbox_tx (
    hash BLOB PRIMARY KEY,     -- 32 bytes
    outbox INTEGER NOT NULL REFERENCES outbox (id),
    raw BLOB NOT NULL,
    gas_limit INTEGER NOT NULL,
    max_fee_wei INTEGER NOT NULL,
    priority_wei INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    sends INTEGER NOT NULL DEFAULT 0,
    sent_ms INTEGER,           -- the last time; NULL: not known to have been sent
    error TEXT                 -- what the endpoint answered then
);
CREATE INDEX outbox_tx_outbox ON outbox_tx (outbox);
-- Proved tasks that the contract would refuse now, in simulation.
CREATE TABLE outbox_refusal (
    task BLOB PRIMARY KEY,
    tries INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,  -- not to be tried again before
    reason TEXT NOT NULL
);
