-- The hotel of a widget, by the slug in its script tag. The policy shows a hotel to who names its slug, and no other.
CREATE FUNCTION hotel_by_slug(p_slug text) RETURNS SETOF hotels
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.hotel_slug', p_slug, true);
    RETURN QUERY SELECT * FROM hotels WHERE slug = p_slug ORDER BY (status = 'active') DESC, updated_at DESC LIMIT 1;
END
$$;
