-- Transactions that pay. A row of outbox is one nonce of one key, spent on one task; its rows in outbox_tx are the signed
-- bytes that may spend it: the first, and replacements with higher fees. Written before anything is sent.
--
-- States: 1 live (may be mined at any time), 2 mined with effect, 3 settled, 4 consumed without effect.
CREATE TABLE outbox (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  task         BLOB NOT NULL REFERENCES task (id),
  chain_id     INTEGER NOT NULL,
  sender       BLOB NOT NULL CHECK (length(sender) = 20),
  nonce        INTEGER NOT NULL CHECK (nonce >= 0),
  prover       INTEGER NOT NULL REFERENCES node (id), -- whose proof it carries
  state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  block_number INTEGER,                               -- of the receipt, once it was mined with effect
  block_hash   BLOB CHECK (length(block_hash) = 32),
  note         TEXT,
  created_ms   INTEGER NOT NULL,
  updated_ms   INTEGER NOT NULL,
  UNIQUE (chain_id, sender, nonce)
) STRICT;
-- Nothing is signed for a task while an earlier nonce of it can still be mined.
CREATE UNIQUE INDEX outbox_one_alive ON outbox (task) WHERE state IN (1, 2);
CREATE INDEX outbox_task ON outbox (task, id);

CREATE TABLE outbox_tx (
  hash         BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
  outbox       INTEGER NOT NULL REFERENCES outbox (id),
  raw          BLOB NOT NULL,
  gas_limit    INTEGER NOT NULL CHECK (gas_limit > 0),
  max_fee_wei  INTEGER NOT NULL CHECK (max_fee_wei > 0),
  priority_wei INTEGER NOT NULL CHECK (priority_wei BETWEEN 0 AND max_fee_wei),
  created_ms   INTEGER NOT NULL,
  sends        INTEGER NOT NULL DEFAULT 0,
  sent_ms      INTEGER, -- the last time; NULL: not known to have been sent
  error        TEXT     -- what the endpoint answered then
) STRICT;
CREATE INDEX outbox_tx_outbox ON outbox_tx (outbox, created_ms);

-- Proved tasks that the contract refuses at present, in simulation.
CREATE TABLE outbox_refusal (
  task     BLOB PRIMARY KEY NOT NULL REFERENCES task (id),
  tries    INTEGER NOT NULL CHECK (tries >= 0),
  first_ms INTEGER NOT NULL,
  next_ms  INTEGER NOT NULL, -- not to be tried again before
  reason   TEXT NOT NULL
) STRICT;

-- Whose turn it is within a group is asked all the time; final tasks do not matter there.
CREATE INDEX task_unfinished ON task (project, grp, seq) WHERE state < 6;
