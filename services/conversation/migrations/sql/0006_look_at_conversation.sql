-- What a guest's open widget shows: the conversation, and the messages after the last one it has; one call for every hint
-- that wakes it. SECURITY INVOKER and set_config first, so that row-level security holds for every statement in it.
CREATE FUNCTION look_at_conversation(
    p_hotel_id uuid,
    p_conversation_id uuid,
    p_guest_id uuid,
    p_after_seq int,
    p_limit int                -- messages at most
) RETURNS TABLE (outcome text, conversation jsonb, messages jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_conversation jsonb;
    v_messages jsonb := '[]';
BEGIN
    PERFORM set_config('app.hotel_id', p_hotel_id::text, true);

    IF NOT EXISTS (SELECT FROM hotels WHERE id = p_hotel_id AND status = 'active') THEN
        RETURN QUERY SELECT 'suspended', NULL::jsonb, NULL::jsonb;
        RETURN;
    END IF;

    -- Field for field what queries.conversations and queries.messages read; a test compares them.
    SELECT jsonb_build_object(
            'id', found.id, 'hotel_id', found.hotel_id, 'guest_id', found.guest_id, 'channel', found.channel,
            'language', found.language, 'status', found.status, 'assignee_id', found.assignee_id,
            'assignee_name', staff.display_name, 'subject', found.subject, 'last_seq', found.last_seq,
            'read_by_guest_seq', found.read_by_guest_seq, 'read_by_desk_seq', found.read_by_desk_seq,
            'version', found.version, 'created_at', found.created_at, 'updated_at', found.updated_at,
            'ended_at', found.ended_at)
      INTO v_conversation
      FROM conversations AS found
      LEFT JOIN staff ON staff.hotel_id = found.hotel_id AND staff.user_id = found.assignee_id
     WHERE found.id = p_conversation_id AND found.guest_id = p_guest_id;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::jsonb, NULL::jsonb;
        RETURN;
    END IF;

    IF (v_conversation ->> 'last_seq')::int > p_after_seq THEN
        -- By the primary key (conversation_id, seq).
        SELECT coalesce(jsonb_agg(to_jsonb(page) ORDER BY page.seq), '[]')
          INTO v_messages
          FROM (
            SELECT message.id, message.conversation_id, message.seq, message.sender, staff.display_name AS sender_name,
                   message.text, message.kind, message.notice, message.action, message.confidence, message.sources,
                   message.turn_id, message.choices, message.language, message.sent_at
              FROM messages AS message
              LEFT JOIN staff ON staff.hotel_id = message.hotel_id AND staff.user_id = message.sender_id
                             AND message.sender = 'staff'
             WHERE message.conversation_id = p_conversation_id AND message.seq > p_after_seq
             ORDER BY message.seq
             LIMIT p_limit
          ) AS page;
    END IF;

    RETURN QUERY SELECT 'seen', v_conversation, v_messages;
END
$$;
