-- A guest who goes on typing holds their open turn, up to p_hold after its first message; no worker has it yet.
-- False: it is not their conversation.
CREATE OR REPLACE FUNCTION hold_turn(p_hotel_id uuid, p_conversation_id uuid, p_guest_id uuid, p_hold interval) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.hotel_id', p_hotel_id::text, true);
    PERFORM FROM conversations WHERE id = p_conversation_id AND guest_id = p_guest_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE due SET due_at = least(turn.created_at, clock_timestamp()) + p_hold
      FROM turns AS turn
     WHERE turn.conversation_id = p_conversation_id AND turn.state = 'open'
       AND due.kind = 'turn' AND due.object_id = turn.id
       AND due.lease IS NULL AND due.due_at < least(turn.created_at, clock_timestamp()) + p_hold;
    RETURN true;
END
$$;
