-- What identity says of each hotel, its staff and guests (projections; `version` is identity's).
CREATE TABLE hotels (
    id uuid PRIMARY KEY,
    hotel_id uuid NOT NULL CHECK (hotel_id = id),
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    default_language text NOT NULL,
    languages text[] NOT NULL,
    confidence_threshold double precision NOT NULL,
    never_auto text[] NOT NULL,
    hand_over_vips boolean NOT NULL,
    brand jsonb NOT NULL,
    consent_text text NOT NULL,
    allowed_origins text[] NOT NULL,
    version int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
-- Not unique: when a slug moves from one hotel to another, the events may come in either order.
CREATE INDEX hotels_slug ON hotels (slug);

CREATE TABLE staff (
    hotel_id uuid NOT NULL,
    user_id uuid NOT NULL,
    display_name text NOT NULL,
    active boolean NOT NULL,
    version int NOT NULL,
    PRIMARY KEY (hotel_id, user_id)
);

CREATE TABLE guests (
    id uuid PRIMARY KEY,
    hotel_id uuid NOT NULL,
    status text NOT NULL,
    version int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    hotel_id uuid NOT NULL,
    guest_id uuid NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'paused', 'waiting_for_staff', 'with_staff', 'ended')),
    assignee_id uuid CHECK (assignee_id IS NULL OR status IN ('with_staff', 'ended')),
    subject text,
    last_seq int NOT NULL DEFAULT 0,
    ai_since_seq int NOT NULL DEFAULT 0,      -- what was said up to here is no history for the AI
    escalated_seq int NOT NULL DEFAULT 0,     -- the last "our team has been told"
    escalation_id uuid,                       -- the escalation that brought or keeps it with staff
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,          -- the last thing that happened in it, monotonic
    ended_at timestamptz,
    CHECK (status <> 'with_staff' OR assignee_id IS NOT NULL),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);
-- queries.conversations.list_conversations: each status newest first, merged.
CREATE INDEX conversations_by_status ON conversations (hotel_id, status, updated_at DESC, id DESC);
-- A guest has one conversation going on; commands.conversations.start and queries.conversations.current_of.
CREATE UNIQUE INDEX conversations_going_on ON conversations (hotel_id, guest_id, channel) WHERE status <> 'ended';

CREATE TABLE messages (
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    seq int NOT NULL CHECK (seq > 0),
    id uuid NOT NULL,
    hotel_id uuid NOT NULL,
    sender text NOT NULL CHECK (sender IN ('guest', 'ai', 'staff', 'system')),
    sender_id uuid,
    kind text NOT NULL DEFAULT 'text' CHECK (kind IN ('text', 'notice')),
    notice text,
    text text NOT NULL,
    language text,
    turn_id uuid,
    action text,
    confidence double precision,
    sources jsonb NOT NULL DEFAULT '[]',
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    -- The id is made by the client, so it is unique per conversation only: no guest can learn of or block another's.
    UNIQUE (conversation_id, id)
);

CREATE TABLE turns (
    id uuid PRIMARY KEY,
    hotel_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    first_seq int NOT NULL,
    last_seq int NOT NULL CHECK (last_seq >= first_seq),
    state text NOT NULL CHECK (state IN ('open', 'answered', 'handed_over', 'dropped')),
    due_at timestamptz NOT NULL,
    attempt int NOT NULL DEFAULT 0,
    message_id uuid,
    action text,
    confidence double precision,
    reasons text[] NOT NULL DEFAULT '{}',
    engine text,
    waited_ms int,
    traceparent text,                         -- of the last guest message: the answer continues its trace
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- send_message joins the open turn: there is one at most.
CREATE UNIQUE INDEX turns_open ON turns (conversation_id) WHERE state = 'open';
