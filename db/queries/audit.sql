-- name: InsertAuditEntry :exec
INSERT INTO audit_log (id, dataset_id, actor_id, actor, action, object, detail)
VALUES (@id, sqlc.narg('dataset_id'), sqlc.narg('actor_id'), @actor, @action, @object, @detail);

-- name: LockAuditChain :exec
-- One sealer at a time; released with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('spotter audit chain', 0));

-- name: AuditHead :one
SELECT seq, hash FROM audit_seals ORDER BY seq DESC LIMIT 1;

-- name: AuditSealAt :one
SELECT hash FROM audit_seals WHERE seq = @seq;

-- name: UnsealedAuditEntries :many
-- The sealer's queue. An entry may be in it although it is sealed: a restore that
-- copies rows with the triggers on queues them again.
SELECT sqlc.embed(l), EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = l.id) AS sealed
  FROM audit_unsealed u JOIN audit_log l ON l.id = u.entry_id
 ORDER BY l.id
 LIMIT @max_rows;

-- name: InsertAuditSeals :exec
INSERT INTO audit_seals (seq, entry_id, previous, hash)
SELECT unnest(@seqs::bigint[]), unnest(@entry_ids::uuid[]), unnest(@previous::bytea[]), unnest(@hashes::bytea[]);

-- name: DeleteUnsealedAuditEntries :exec
DELETE FROM audit_unsealed WHERE entry_id = ANY(@entry_ids::uuid[]);

-- name: AuditChain :many
-- A piece of the chain with its entries; an entry that is gone has no present_id.
SELECT s.seq, s.entry_id, s.previous, s.hash,
       l.id AS present_id, l.dataset_id, l.at, l.actor_id, l.actor, l.action, l.object, l.detail
  FROM audit_seals s LEFT JOIN audit_log l ON l.id = s.entry_id
 WHERE s.seq > @after
 ORDER BY s.seq
 LIMIT @max_rows;

-- name: CountUnsealedAuditEntries :one
SELECT count(*) FROM audit_log l WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.entry_id = l.id);

-- name: CountVanishedAuditEntries :one
-- Written, never sealed, and gone.
SELECT count(*) FROM audit_unsealed u WHERE NOT EXISTS (SELECT FROM audit_log l WHERE l.id = u.entry_id);

-- name: ListAuditEntries :many
-- Newest first, strictly before (before_at, before_id). An action that ends with
-- a full stop stands for all that begin so.
SELECT l.id, l.dataset_id, l.at, l.actor_id, l.actor, l.action, l.object, l.detail, coalesce(s.seq, 0)::bigint AS seq
  FROM audit_log l LEFT JOIN audit_seals s ON s.entry_id = l.id
 WHERE (l.at, l.id) < (@before_at::timestamptz, @before_id::uuid)
   AND l.at >= @since::timestamptz
   AND (sqlc.narg('actor_id')::uuid IS NULL OR l.actor_id = sqlc.narg('actor_id')::uuid)
   AND (sqlc.narg('action')::text IS NULL OR l.action = sqlc.narg('action')::text
        OR (right(sqlc.narg('action')::text, 1) = '.' AND starts_with(l.action, sqlc.narg('action')::text)))
   AND (sqlc.narg('object')::text IS NULL OR l.object = sqlc.narg('object')::text)
 ORDER BY l.at DESC, l.id DESC
 LIMIT @max_rows;
