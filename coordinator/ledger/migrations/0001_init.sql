-- The ledger: messages, tasks, leases, proofs, nodes, and the history of every task.
-- Migrations are append-only: never edit a file that was released, add the next number.
--
-- Times (_ms) are milliseconds since 1970-01-01 UTC by the database's clock. Ids of tasks and messages are 32-byte
-- hashes. What the code promises is promised again here, by constraints: one open lease per task, one proof per task,
-- a message in at most one task.

PRAGMA application_id = 0x504d4c47; -- "PMLG": so that no other program's file is taken for a ledger

-- Data, as it came. A message waits while it has no task.
CREATE TABLE message (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- order of arrival: the order inside a task
  id          BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
  project     INTEGER NOT NULL,
  version     TEXT NOT NULL,
  grp         TEXT NOT NULL,                     -- the value of the project's groupBy
  body        TEXT NOT NULL,
  origin      TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  task        BLOB REFERENCES task (id),
  position    INTEGER CHECK (position >= 0),     -- place in its task
  CHECK ((task IS NULL) = (position IS NULL))
) STRICT;
CREATE INDEX message_waiting ON message (project, version, grp, seq) WHERE task IS NULL;
CREATE UNIQUE INDEX message_in_task ON message (task, position) WHERE task IS NOT NULL;

-- How many messages of each group wait, kept by triggers, so that packing need not count them.
CREATE TABLE waiting (
  project INTEGER NOT NULL,
  version TEXT NOT NULL,
  grp     TEXT NOT NULL,
  n       INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (project, version, grp)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER message_arrives AFTER INSERT ON message WHEN NEW.task IS NULL BEGIN
  INSERT INTO waiting (project, version, grp, n) VALUES (NEW.project, NEW.version, NEW.grp, 1)
    ON CONFLICT (project, version, grp) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER message_is_packed AFTER UPDATE OF task ON message WHEN OLD.task IS NULL AND NEW.task IS NOT NULL BEGIN
  UPDATE waiting SET n = n - 1 WHERE project = NEW.project AND version = NEW.version AND grp = NEW.grp;
  DELETE FROM waiting WHERE project = NEW.project AND version = NEW.version AND grp = NEW.grp AND n = 0;
END;
-- A packed message belongs to its task for good.
CREATE TRIGGER message_stays BEFORE UPDATE OF task, position ON message WHEN OLD.task IS NOT NULL BEGIN
  SELECT RAISE (ABORT, 'the message is in a task already');
END;

-- How far each source of each project was read; the text is the source's own.
CREATE TABLE source_cursor (
  project    INTEGER NOT NULL,
  source     TEXT NOT NULL,
  cursor     TEXT NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (project, source)
) STRICT, WITHOUT ROWID;

-- Lines that can be no message, with the reason. The newest 10,000 are kept.
CREATE TABLE bad_message (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  project INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  origin  TEXT NOT NULL,
  reason  TEXT NOT NULL,
  body    BLOB NOT NULL  -- the first 4096 bytes; may be anything
) STRICT;
CREATE INDEX bad_message_origin ON bad_message (project, origin);
CREATE TRIGGER bad_message_bound AFTER INSERT ON bad_message BEGIN
  DELETE FROM bad_message WHERE seq <= NEW.seq - 10000;
END;

-- States by number: 1 packed, 2 dispatched, 3 checking, 4 proved, 5 submitted, 6 settled, 7 failed (coordinator/task.h).
CREATE TABLE task (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- order of packing
  id          BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
  project     INTEGER NOT NULL,
  version     TEXT NOT NULL,
  grp         TEXT NOT NULL,
  client_id   TEXT NOT NULL,
  chain_id    INTEGER NOT NULL,
  application BLOB NOT NULL CHECK (length(application) = 20),
  state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
  attempts    INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0), -- leases granted
  failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- of them, ended by a node's own fault
  n_messages  INTEGER NOT NULL CHECK (n_messages > 0),
  created_ms  INTEGER NOT NULL,
  updated_ms  INTEGER NOT NULL,
  n_public    INTEGER NOT NULL CHECK (n_public >= 0),
  publics     BLOB NOT NULL CHECK (length(publics) = n_public * 32), -- what a proof must say: plain little-endian
  input       TEXT NOT NULL                                          -- the circuit's input.json
) STRICT;
CREATE INDEX task_state ON task (state, seq);
CREATE INDEX task_project ON task (project, seq);

CREATE TABLE node (
  id            INTEGER PRIMARY KEY AUTOINCREMENT, -- the prover's id on-chain: never used twice
  identity      BLOB NOT NULL UNIQUE CHECK (length(identity) = 33),
  curve_public  BLOB NOT NULL CHECK (length(curve_public) = 32),
  beneficiary   BLOB NOT NULL CHECK (length(beneficiary) = 20),
  name          TEXT NOT NULL,
  device        TEXT NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms  INTEGER NOT NULL,
  proofs        INTEGER NOT NULL DEFAULT 0 CHECK (proofs >= 0),
  failures      INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0)
) STRICT;

-- The right to work on a task until a deadline. Outcomes: open; result (a proof came and is being verified);
-- accepted, rejected (the verdict on that proof); lost, expired (ended without one); cancelled (another's proof won).
CREATE TABLE lease (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  task        BLOB NOT NULL REFERENCES task (id),
  node        INTEGER NOT NULL REFERENCES node (id),
  attempt     INTEGER NOT NULL CHECK (attempt > 0),
  session     BLOB NOT NULL CHECK (length(session) = 16),
  granted_ms  INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL CHECK (deadline_ms >= granted_ms),
  ended_ms    INTEGER,
  outcome     TEXT NOT NULL DEFAULT 'open'
              CHECK (outcome IN ('open', 'result', 'accepted', 'rejected', 'lost', 'expired', 'cancelled')),
  counts      INTEGER NOT NULL DEFAULT 0 CHECK (counts IN (0, 1)), -- ended by the node's own fault
  reason      TEXT,
  CHECK ((outcome = 'open') = (ended_ms IS NULL)),
  UNIQUE (task, attempt)
) STRICT;
CREATE UNIQUE INDEX lease_open ON lease (task) WHERE ended_ms IS NULL;
CREATE INDEX lease_deadline ON lease (deadline_ms) WHERE ended_ms IS NULL;
CREATE INDEX lease_node ON lease (node, task);

-- The proof of a task: at most one. verified_ms is NULL while it is being checked; a rejected proof is deleted.
CREATE TABLE proof (
  task        BLOB PRIMARY KEY NOT NULL REFERENCES task (id),
  lease       INTEGER NOT NULL UNIQUE REFERENCES lease (number),
  node        INTEGER NOT NULL REFERENCES node (id),
  proof_type  TEXT NOT NULL,
  witness_ms  INTEGER NOT NULL CHECK (witness_ms >= 0),
  prove_ms    INTEGER NOT NULL CHECK (prove_ms >= 0),
  received_ms INTEGER NOT NULL,
  verified_ms INTEGER,
  proof       TEXT NOT NULL,
  publics     TEXT NOT NULL
) STRICT;

-- Every step of every task, written with the step. from_state is NULL for the first. Nothing here is ever changed.
CREATE TABLE history (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  task       BLOB NOT NULL REFERENCES task (id),
  at_ms      INTEGER NOT NULL,
  event      TEXT NOT NULL,
  from_state INTEGER CHECK (from_state BETWEEN 1 AND 7),
  to_state   INTEGER NOT NULL CHECK (to_state BETWEEN 1 AND 7),
  node       INTEGER REFERENCES node (id),
  detail     TEXT
) STRICT;
CREATE INDEX history_task ON history (task, seq);
CREATE TRIGGER history_stays BEFORE UPDATE ON history BEGIN
  SELECT RAISE (ABORT, 'history is not changed');
END;
CREATE TRIGGER history_is_kept BEFORE DELETE ON history BEGIN
  SELECT RAISE (ABORT, 'history is not deleted');
END;
