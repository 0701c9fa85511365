-- The hot path: everything that happens when somebody says something, in one call and one transaction of its own.
-- SECURITY INVOKER and set_config first, so that row-level security holds for every statement in it.
-- The conversation row's lock makes seq gapless and the outbox ordered per conversation.
-- When a turn is due is read from this server's clock, which all processes share: a caller whose clock is an hour ahead
-- would have its guests wait for that hour.
CREATE OR REPLACE FUNCTION send_message(
    p_hotel_id uuid,
    p_conversation_id uuid,
    p_sender text,             -- guest or staff
    p_sender_id uuid,
    p_message_id uuid,         -- made by the client: the idempotency key
    p_text text,               -- masked already
    p_now timestamptz,
    p_hold interval,           -- how long after its first message the turn waits for more; zero: answer at once
    p_turn_id uuid,            -- used when a turn opens
    p_event_id uuid,
    p_audit_id uuid,           -- used for staff: what guests say is its own record
    p_traceparent text
) RETURNS TABLE (outcome text, seq int, sent_at timestamptz, turn_id uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    conversation conversations%ROWTYPE;
    stored messages%ROWTYPE;
    v_clock timestamptz := clock_timestamp();
    v_now timestamptz;
    v_time text;
    v_sender jsonb;
    v_turn_id uuid;
    v_due_at timestamptz;
BEGIN
    PERFORM set_config('app.hotel_id', p_hotel_id::text, true);

    SELECT * INTO conversation FROM conversations WHERE id = p_conversation_id FOR UPDATE;
    IF NOT FOUND OR (p_sender = 'guest' AND conversation.guest_id <> p_sender_id) THEN
        RETURN QUERY SELECT 'missing', NULL::int, NULL::timestamptz, NULL::uuid;
        RETURN;
    END IF;
    IF p_sender = 'guest' AND NOT EXISTS (SELECT FROM hotels WHERE id = p_hotel_id AND status = 'active') THEN
        RETURN QUERY SELECT 'suspended', NULL::int, NULL::timestamptz, NULL::uuid;
        RETURN;
    END IF;

    SELECT * INTO stored FROM messages WHERE conversation_id = p_conversation_id AND id = p_message_id;
    IF FOUND THEN
        RETURN QUERY SELECT
            CASE WHEN stored.text = p_text AND stored.sender = p_sender AND stored.sender_id = p_sender_id
                 THEN 'repeated' ELSE 'differs' END,
            stored.seq, stored.sent_at, stored.turn_id;
        RETURN;
    END IF;

    IF conversation.status = 'ended' THEN
        RETURN QUERY SELECT 'ended', NULL::int, NULL::timestamptz, NULL::uuid;
        RETURN;
    END IF;
    IF p_sender = 'staff'
       AND (conversation.status <> 'with_staff' OR conversation.assignee_id IS DISTINCT FROM p_sender_id) THEN
        RETURN QUERY SELECT 'not_yours', NULL::int, NULL::timestamptz, NULL::uuid;
        RETURN;
    END IF;

    v_now := greatest(least(p_now, v_clock), conversation.updated_at);
    v_time := to_char(v_now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    v_sender := jsonb_build_object('kind', CASE p_sender WHEN 'staff' THEN 'user' ELSE p_sender END, 'id', p_sender_id);
    UPDATE conversations
       SET last_seq = last_seq + 1, version = version + 1, updated_at = v_now,
           -- Whoever answers has read what they answer.
           read_by_desk_seq = CASE p_sender WHEN 'staff' THEN last_seq + 1 ELSE read_by_desk_seq END
     WHERE id = p_conversation_id
    RETURNING * INTO conversation;

    IF p_sender = 'guest' AND conversation.status = 'open' THEN
        UPDATE turns
           SET last_seq = conversation.last_seq,
               due_at = greatest(v_clock, least(created_at, v_clock) + p_hold),
               traceparent = p_traceparent,
               version = version + 1,
               updated_at = v_clock
         WHERE conversation_id = p_conversation_id AND state = 'open'
        RETURNING turns.id, turns.due_at INTO v_turn_id, v_due_at;
        IF NOT FOUND THEN
            v_turn_id := p_turn_id;
            v_due_at := v_clock + p_hold;
            INSERT INTO turns (id, hotel_id, conversation_id, first_seq, last_seq, state, due_at, traceparent,
                               created_at, updated_at)
            VALUES (v_turn_id, p_hotel_id, p_conversation_id, conversation.last_seq, conversation.last_seq, 'open',
                    v_due_at, p_traceparent, v_clock, v_clock);
        END IF;
        -- A worker in the middle of this turn loses its lease: the turn starts again with this message.
        PERFORM due_set('turn', v_turn_id, p_hotel_id, v_due_at);
    END IF;

    INSERT INTO messages (conversation_id, seq, id, hotel_id, sender, sender_id, text, turn_id, sent_at)
    VALUES (p_conversation_id, conversation.last_seq, p_message_id, p_hotel_id, p_sender, p_sender_id, p_text,
            v_turn_id, v_now);

    -- contracts.events.MessageSent, contracts.events.AuditRecorded and contracts.envelope, field for field;
    -- a test compares them.
    INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, hotel_id, created_at)
    SELECT event.id, event.topic, event.key, event.type, event.payload,
           jsonb_strip_nulls(jsonb_build_object(
               'ce_specversion', '1.0',
               'ce_id', event.id,
               'ce_type', event.type,
               'ce_source', '/frontdesk/conversation',
               'ce_time', v_time,
               'ce_subject', event.key,
               'content-type', 'application/json',
               'hotel_id', p_hotel_id,
               'traceparent', p_traceparent)),
           p_hotel_id, v_now
      FROM (VALUES
        (p_event_id, 'frontdesk.conversation.conversation.v1', p_conversation_id::text, 'frontdesk.message.sent.v1',
         jsonb_build_object(
            'conversation_id', p_conversation_id,
            'message_id', p_message_id,
            'seq', conversation.last_seq,
            'sender', v_sender,
            'guest_id', conversation.guest_id,
            'turn_id', v_turn_id,
            'sent_at', v_time,
            'version', conversation.version)),
        (p_audit_id, 'frontdesk.audit.recorded.v1', p_audit_id::text, 'frontdesk.audit.recorded.v1',
         jsonb_build_object(
            'service', 'conversation',
            'action', 'message.send',
            'actor', v_sender,
            'acting_for', NULL,
            'hotel_id', p_hotel_id,
            'object_type', 'message',
            'object_id', p_message_id,
            'at', v_time,
            'trace_id', split_part(p_traceparent, '-', 2)))
      ) AS event (id, topic, key, type, payload)
     WHERE p_sender = 'staff' OR event.id = p_event_id;

    RETURN QUERY SELECT 'stored', conversation.last_seq, v_now, v_turn_id;
END
$$;
