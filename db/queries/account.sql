-- Users ----------------------------------------------------------------------

-- name: InsertUser :one
INSERT INTO users (id, email, name, role, password_hash)
VALUES (@id, @email, @name, @role, @password_hash)
RETURNING id, email, name, role, password_hash, disabled_at, created_at, skills;

-- name: UserByID :one
SELECT id, email, name, role, password_hash, disabled_at, created_at, skills FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT id, email, name, role, password_hash, disabled_at, created_at, skills FROM users WHERE lower(email) = lower(@email);

-- name: LockUser :one
SELECT id, email, name, role, password_hash, disabled_at, created_at, skills FROM users WHERE id = @id FOR UPDATE;

-- name: LockActiveAdmins :many
-- In the order of their ids, so that two who take admins away at once queue and
-- do not deadlock. There are a handful.
SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE;

-- name: AdminExists :one
SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL);

-- name: ListUsers :many
SELECT id, email, name, role, password_hash, disabled_at, created_at, skills
  FROM users
 WHERE lower(email) > lower(@after)
 ORDER BY lower(email)
 LIMIT @max_rows;

-- name: SetUserRole :exec
UPDATE users SET role = @role WHERE id = @id;

-- name: SetUserSkills :exec
UPDATE users SET skills = @skills::text[] WHERE id = @id;

-- name: SetUserDisabled :exec
UPDATE users SET disabled_at = sqlc.narg('disabled_at') WHERE id = @id;

-- name: SetUserPassword :exec
UPDATE users SET password_hash = @password_hash WHERE id = @id;

-- Sessions -------------------------------------------------------------------

-- name: InsertSession :exec
INSERT INTO sessions (id_hash, user_id, user_agent, address, created_at, seen_at, expires_at)
VALUES (@id_hash, @user_id, @user_agent, @address, @created_at, @created_at, @expires_at);

-- name: SessionUser :one
-- A session that is in force, with its user.
SELECT s.data, s.user_agent, s.address, s.created_at, s.seen_at, s.expires_at,
       u.id, u.email, u.name, u.role, u.disabled_at, u.created_at AS user_created_at, u.skills
  FROM sessions s JOIN users u ON u.id = s.user_id
 WHERE s.id_hash = @id_hash AND s.expires_at > @now AND s.seen_at > @idle_since AND u.disabled_at IS NULL;

-- name: TouchSession :exec
UPDATE sessions SET seen_at = @seen_at WHERE id_hash = @id_hash AND seen_at < @seen_at;

-- name: SetSessionData :exec
UPDATE sessions SET data = @data WHERE id_hash = @id_hash AND expires_at > @now;

-- name: RotateSession :execrows
UPDATE sessions SET id_hash = @new_hash WHERE id_hash = @old_hash AND user_id = @user_id AND expires_at > @now;

-- name: EndSession :execrows
-- The row stays for a while: it says that the user has come from this address.
UPDATE sessions SET expires_at = @now, data = '' WHERE id_hash = @id_hash AND user_id = @user_id AND expires_at > @now;

-- name: EndSessions :execrows
-- All of a user's sessions but the one kept (an empty hash keeps none).
UPDATE sessions SET expires_at = @now, data = '' WHERE user_id = @user_id AND id_hash <> @kept AND expires_at > @now;

-- name: ListSessions :many
SELECT id_hash, user_agent, address, created_at, seen_at, expires_at
  FROM sessions
 WHERE user_id = @user_id AND expires_at > @now AND seen_at > @idle_since
 ORDER BY seen_at DESC, id_hash
 LIMIT @max_rows;

-- name: SessionAddresses :many
-- Where the user has been signed in from, as far as we remember.
SELECT DISTINCT address FROM sessions WHERE user_id = @user_id ORDER BY address LIMIT @max_rows;

-- name: SweepSessions :execrows
DELETE FROM sessions WHERE expires_at < @ended_before;

-- One-time links -----------------------------------------------------------------

-- name: LockSetup :exec
SELECT pg_advisory_xact_lock(hashtextextended('spotter setup', 0));

-- name: InsertInvitation :exec
INSERT INTO invitations (id, token_hash, kind, email, role, created_by, created_at, expires_at)
VALUES (@id, @token_hash, @kind, @email, @role, sqlc.narg('created_by'), @created_at, @expires_at);

-- name: InvitationByToken :one
SELECT id, token_hash, kind, email, role, created_by, created_at, expires_at, used_at
  FROM invitations WHERE token_hash = @token_hash AND kind = @kind;

-- name: LockInvitation :one
SELECT id, token_hash, kind, email, role, created_by, created_at, expires_at, used_at
  FROM invitations WHERE token_hash = @token_hash AND kind = @kind FOR UPDATE;

-- name: UseInvitation :exec
UPDATE invitations SET used_at = @used_at::timestamptz WHERE id = @id;

-- name: DeleteOpenSetups :execrows
DELETE FROM invitations WHERE kind = 'setup' AND used_at IS NULL;

-- name: DeleteOpenInvitationsTo :execrows
DELETE FROM invitations WHERE kind = 'invitation' AND used_at IS NULL AND lower(email) = lower(@email);

-- name: DeleteInvitation :one
DELETE FROM invitations WHERE id = @id AND kind = 'invitation' AND used_at IS NULL RETURNING email, role;

-- name: ListInvitations :many
SELECT i.id, i.email, i.role, i.created_at, i.expires_at, coalesce(u.name, '') AS created_by_name
  FROM invitations i LEFT JOIN users u ON u.id = i.created_by
 WHERE i.kind = 'invitation' AND i.used_at IS NULL
 ORDER BY i.created_at DESC, i.id DESC
 LIMIT @max_rows;

-- API tokens -----------------------------------------------------------------

-- name: InsertToken :exec
INSERT INTO tokens (id, user_id, name, token_hash, prefix, created_at, expires_at)
VALUES (@id, @user_id, @name, @token_hash, @prefix, @created_at, @expires_at);

-- name: TokenUser :one
SELECT t.id AS token_id, t.last_used_at, t.expires_at, t.revoked_at,
       u.id, u.email, u.name, u.role, u.disabled_at, u.created_at, u.skills
  FROM tokens t JOIN users u ON u.id = t.user_id
 WHERE t.token_hash = @token_hash;

-- name: TouchToken :exec
UPDATE tokens SET last_used_at = @used_at::timestamptz
 WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @used_at::timestamptz);

-- name: ListTokens :many
SELECT id, name, prefix, created_at, last_used_at, expires_at, revoked_at
  FROM tokens WHERE user_id = @user_id
 ORDER BY id DESC
 LIMIT @max_rows;

-- name: RevokeToken :one
UPDATE tokens SET revoked_at = @now::timestamptz
 WHERE id = @id AND user_id = @user_id AND revoked_at IS NULL
RETURNING name, prefix;

-- The throttle ----------------------------------------------------------------

-- name: LockLoginKey :exec
SELECT pg_advisory_xact_lock(hashtextextended(@key::text, 1));

-- name: BlockingLoginFailure :one
-- The newest failure that has so many newer ones, if there is one since then: when
-- it goes out of the window, there is room for one more attempt.
SELECT failed_at FROM login_failures
 WHERE key = @key AND failed_at > @since
 ORDER BY failed_at DESC
OFFSET @newer LIMIT 1;

-- name: InsertLoginFailure :exec
INSERT INTO login_failures (key, failed_at) VALUES (@key, @failed_at);

-- name: DeleteLoginFailures :exec
DELETE FROM login_failures WHERE key = @key;

-- name: DeleteLoginFailure :exec
-- One row, even where two have the same time.
DELETE FROM login_failures
 WHERE ctid = (SELECT f.ctid FROM login_failures f WHERE f.key = @key AND f.failed_at = @failed_at LIMIT 1);

-- name: SweepLoginFailures :execrows
DELETE FROM login_failures WHERE failed_at < @before;

-- Secrets -----------------------------------------------------------------------

-- name: InsertSecret :exec
-- Whoever comes first makes it.
INSERT INTO secrets (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;

-- name: Secret :one
SELECT value FROM secrets WHERE name = @name;

-- name: LockSecret :one
SELECT value FROM secrets WHERE name = @name FOR UPDATE;

-- name: SetSecret :exec
UPDATE secrets SET value = @value, created_at = @now WHERE name = @name;
