-- +goose Up

-- What several people need to review one dataset: skills, independent verdicts,
-- questions to specialists, comments.

-- Marks such as 'clinician' that some approvals require.
ALTER TABLE users ADD COLUMN skills text[] NOT NULL DEFAULT '{}';

-- How a decision came about. Only 'review', 'adjudication' and 'bulk' move an
-- example's status; 'second' and 'gold' are looks that the reviewer could not tell
-- from the others. Verdicts of kinds 'review' and 'second' are independent: their
-- authors did not see each other's.
ALTER TABLE decisions ADD COLUMN kind text NOT NULL DEFAULT 'review'
    CHECK (kind IN ('review', 'second', 'gold', 'adjudication', 'bulk'));

-- How soon an example should be looked at: higher first (docs/review.md).
ALTER TABLE examples ADD COLUMN suspicion smallint NOT NULL DEFAULT 0;
CREATE INDEX examples_queue_idx ON examples (dataset_id, category, subcategory, suspicion DESC, id) WHERE status = 'pending';

-- Looks that are hidden among the queue: a second opinion on what somebody decided
-- ('second'), or an example whose right verdict is known ('gold', one row for each
-- reviewer who met it). Open until decision_id is set.
CREATE TABLE looks (
    dataset_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    example_id  uuid        NOT NULL,
    revision    integer     NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('second', 'gold')),
    category    text        NOT NULL,
    subcategory text        NOT NULL DEFAULT '',
    first_id    uuid,        -- for 'second': the decision that is being checked
    not_for     uuid,        -- its author, who must not get it
    expected    text,        -- the verdict of 'first_id', or the gold one
    reviewer_id uuid,        -- who looked
    decision_id uuid,        -- what they decided
    agrees      boolean,
    created_at  timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE UNIQUE INDEX looks_second_key ON looks (dataset_id, first_id) WHERE kind = 'second';
CREATE UNIQUE INDEX looks_gold_key ON looks (dataset_id, example_id, reviewer_id) WHERE kind = 'gold';
CREATE INDEX looks_open_idx ON looks (dataset_id, category, subcategory, id) WHERE closed_at IS NULL;
CREATE INDEX looks_example_idx ON looks (dataset_id, example_id);

-- Examples with a known right verdict, mixed into queues to see whether reviewers
-- agree with it.
CREATE TABLE golds (
    dataset_id uuid        NOT NULL,
    example_id uuid        NOT NULL,
    revision   integer     NOT NULL,
    verdict    text        NOT NULL CHECK (verdict IN ('approve', 'reject')),
    reason     text        NOT NULL DEFAULT '', -- shown to the reviewer afterwards
    author_id  uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (dataset_id, example_id)
);

-- Why an example is escalated: a question somebody asked, or two reviewers who
-- disagree. Answered by the decision that ends it.
CREATE TABLE escalations (
    dataset_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    example_id  uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('question', 'disagreement')),
    decision_id uuid        NOT NULL, -- the escalate verdict, or the one that disagreed
    asked_by    uuid        NOT NULL,
    question    text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    answer_id   uuid,                 -- the decision that ended it
    answered_by uuid,
    answer      text        NOT NULL DEFAULT '',
    answered_at timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX escalations_open_idx ON escalations (dataset_id, kind, id) WHERE answered_at IS NULL;
CREATE INDEX escalations_example_idx ON escalations (dataset_id, example_id, id);

-- What people say to each other about an example.
CREATE TABLE comments (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    example_id uuid        NOT NULL,
    revision   integer     NOT NULL,
    author_id  uuid        NOT NULL,
    body       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX comments_example_idx ON comments (dataset_id, example_id, id);

-- What waits in somebody's inbox.
CREATE TABLE notices (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('mention', 'answer', 'assignment', 'adjudicated', 'comment', 'release')),
    example_id uuid,
    author     text        NOT NULL DEFAULT '', -- whose doing it is, as named then
    text       text        NOT NULL DEFAULT '',
    link       text        NOT NULL DEFAULT '', -- path of the page to go to
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at    timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX notices_unread_idx ON notices (dataset_id, user_id, id) WHERE read_at IS NULL;
CREATE INDEX notices_user_idx ON notices (dataset_id, user_id, id);

-- +goose Down
DROP TABLE notices, comments, escalations, golds, looks;
DROP INDEX examples_queue_idx;
ALTER TABLE examples DROP COLUMN suspicion;
ALTER TABLE decisions DROP COLUMN kind;
ALTER TABLE users DROP COLUMN skills;
