-- name: InsertWebhookEndpoint :exec
INSERT INTO webhook_endpoints (dataset_id, id, name, url, events, secret, author)
VALUES (@dataset_id, @id, @name, @url, @events, @secret, @author);

-- name: WebhookEndpoints :many
SELECT id, name, url, events, secret, author, given_up, created_at, disabled_at, disabled_why
  FROM webhook_endpoints
 WHERE dataset_id = @dataset_id AND removed_at IS NULL
 ORDER BY id
 LIMIT 100;

-- name: WebhookEndpointByID :one
SELECT id, name, url, events, secret, author, given_up, created_at, disabled_at, disabled_why
  FROM webhook_endpoints
 WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL;

-- name: WebhookListeners :many
-- Who is to be told of an event.
SELECT id FROM webhook_endpoints
 WHERE dataset_id = @dataset_id AND removed_at IS NULL AND disabled_at IS NULL AND @event::text = ANY(events)
 ORDER BY id
 LIMIT 100;

-- name: UpdateWebhookEndpoint :execrows
UPDATE webhook_endpoints SET name = @name, url = @url, events = @events
 WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL;

-- name: SetWebhookSecret :execrows
UPDATE webhook_endpoints SET secret = @secret WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL;

-- name: EnableWebhook :execrows
UPDATE webhook_endpoints SET disabled_at = NULL, disabled_why = '', given_up = 0
 WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL AND disabled_at IS NOT NULL;

-- name: DisableWebhook :execrows
UPDATE webhook_endpoints SET disabled_at = now(), disabled_why = @why
 WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL AND disabled_at IS NULL;

-- name: RemoveWebhook :execrows
-- The log of what was sent stays until it is swept; the secret goes.
UPDATE webhook_endpoints SET removed_at = now(), secret = ''
 WHERE dataset_id = @dataset_id AND id = @id AND removed_at IS NULL;

-- name: CountWebhookResult :one
-- Counts deliveries in a row that were given up; one that arrives ends the row.
UPDATE webhook_endpoints SET given_up = CASE WHEN @arrived::boolean THEN 0 ELSE given_up + 1 END
 WHERE dataset_id = @dataset_id AND id = @id
RETURNING given_up;

-- name: InsertWebhookDelivery :exec
INSERT INTO webhook_deliveries (dataset_id, id, endpoint_id, event, body)
VALUES (@dataset_id, @id, @endpoint_id, @event, @body);

-- name: ClaimWebhookDelivery :one
-- Takes a delivery for as long as one attempt may last.
UPDATE webhook_deliveries d
   SET claimed_until = now() + make_interval(secs => @seconds::float8)
 WHERE d.dataset_id = @dataset_id AND d.id = @id AND d.state = 'waiting'
   AND (d.claimed_until IS NULL OR d.claimed_until < now())
RETURNING d.endpoint_id, d.event, d.body, d.tries;

-- name: InsertWebhookAttempt :exec
INSERT INTO webhook_attempts (dataset_id, delivery_id, id, status, millis, response, error)
VALUES (@dataset_id, @delivery_id, @id, @status, @millis, @response, @error);

-- name: SettleWebhookDelivery :execrows
-- What became of an attempt: it arrived, is tried again at next_at, or is given up.
UPDATE webhook_deliveries
   SET state = @state, tries = tries + 1, next_at = @next_at, claimed_until = NULL,
       finished_at = CASE WHEN @state::text = 'waiting' THEN NULL ELSE now() END
 WHERE dataset_id = @dataset_id AND id = @id AND state = 'waiting';

-- name: ResendWebhookDelivery :execrows
UPDATE webhook_deliveries
   SET state = 'waiting', tries = 0, next_at = now(), finished_at = NULL
 WHERE dataset_id = @dataset_id AND id = @id AND endpoint_id = @endpoint_id AND state <> 'waiting';

-- name: HurryWebhookDelivery :execrows
UPDATE webhook_deliveries SET next_at = now()
 WHERE dataset_id = @dataset_id AND id = @id AND endpoint_id = @endpoint_id AND state = 'waiting';

-- name: OverdueWebhookDeliveries :many
-- Deliveries whose job was lost with its process; their time is moved so that they
-- are not put in again at once.
UPDATE webhook_deliveries d
   SET next_at = now() + interval '1 minute'
  FROM (SELECT w.id FROM webhook_deliveries w
         WHERE w.dataset_id = @dataset_id AND w.state = 'waiting' AND w.next_at < now() - interval '1 minute'
           AND (w.claimed_until IS NULL OR w.claimed_until < now())
         ORDER BY w.next_at LIMIT 100 FOR UPDATE SKIP LOCKED) AS late
 WHERE d.dataset_id = @dataset_id AND d.id = late.id
RETURNING d.id;

-- name: WebhookDeliveries :many
-- The log of an endpoint, newest first, with each delivery's last attempt.
SELECT d.id, d.event, d.state, d.tries, d.next_at, d.created_at, d.finished_at,
       coalesce(a.status, 0)::int AS status, coalesce(a.millis, 0)::int AS millis,
       coalesce(a.response, '')::text AS response, coalesce(a.error, '')::text AS error,
       (a.created_at IS NOT NULL)::boolean AS tried, coalesce(a.created_at, d.created_at)::timestamptz AS tried_at
  FROM webhook_deliveries d
  LEFT JOIN LATERAL (SELECT t.status, t.millis, t.response, t.error, t.created_at FROM webhook_attempts t
                      WHERE t.dataset_id = d.dataset_id AND t.delivery_id = d.id
                      ORDER BY t.id DESC LIMIT 1) AS a ON true
 WHERE d.dataset_id = @dataset_id AND d.endpoint_id = @endpoint_id AND d.id < @before
 ORDER BY d.id DESC
 LIMIT @max_rows::int;

-- name: WebhookDeliveryByID :one
SELECT id, endpoint_id, event, body, state, tries, next_at, created_at, finished_at
  FROM webhook_deliveries
 WHERE dataset_id = @dataset_id AND endpoint_id = @endpoint_id AND id = @id;

-- name: WebhookAttempts :many
SELECT id, status, millis, response, error, created_at
  FROM webhook_attempts
 WHERE dataset_id = @dataset_id AND delivery_id = @delivery_id
 ORDER BY id DESC
 LIMIT 100;

-- name: SweepWebhookAttempts :exec
DELETE FROM webhook_attempts a USING webhook_deliveries d
 WHERE d.dataset_id = @dataset_id AND a.dataset_id = d.dataset_id AND a.delivery_id = d.id
   AND d.created_at < now() - interval '30 days' AND d.state <> 'waiting';

-- name: SweepWebhookDeliveries :execrows
DELETE FROM webhook_deliveries d
 WHERE d.dataset_id = @dataset_id AND d.created_at < now() - interval '30 days' AND d.state <> 'waiting';
